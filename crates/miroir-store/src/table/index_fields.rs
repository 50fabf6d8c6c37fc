//! `index_fields`: the names of an index's top-level fields in the order in which clients are shown them.

use miroir_core::id::NodeUid;

use crate::Result;

/// A name and its place in the order of its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFieldRow {
    pub node_uid: NodeUid,
    /// From 0, without gaps.
    pub place: u32,
    pub name: String,
}

pub trait ReadIndexFields {
    /// Every name of every index, by node uid and place.
    fn all(&self) -> Result<Vec<IndexFieldRow>>;
}

pub trait WriteIndexFields: ReadIndexFields {
    /// Adds names at the end of the order of an index. The caller knows that none of them is in it.
    fn append(&mut self, node_uid: &NodeUid, names: &[String]) -> Result<()>;

    /// Forgets the names of an index that is gone; returns how many there were.
    fn forget_index(&mut self, node_uid: &NodeUid) -> Result<usize>;
}
