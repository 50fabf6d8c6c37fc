//! `settings_copies`: the settings of an index that each node was last seen to have. A node without a row has those that are
//! committed, as far as anybody knows.

use miroir_core::id::{NodeId, NodeUid};

use crate::Result;
use crate::text::text_enum;

text_enum! {
    /// Whether a node may answer for an index, as far as its settings go.
    SettingsState {
        /// It has the committed settings.
        InLine => "in_line",
        /// It lacks a change that other nodes have.
        Behind => "behind",
        /// It has something else.
        Drifted => "drifted",
    }
}

/// The settings of one index on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsCopyRow {
    pub node_uid: NodeUid,
    pub node_id: NodeId,
    /// The committed version that it was last verified to have.
    pub version: u64,
    /// Of what it had then.
    pub fingerprint: String,
    pub state: SettingsState,
    /// Milliseconds.
    pub verified_at: i64,
}

pub trait ReadSettingsCopies {
    /// Every row, by node uid and node.
    fn all(&self) -> Result<Vec<SettingsCopyRow>>;
}

pub trait WriteSettingsCopies: ReadSettingsCopies {
    /// Adds a row or replaces it.
    fn put(&mut self, row: &SettingsCopyRow) -> Result<()>;

    /// Forgets an index that is gone; returns how many rows there were.
    fn forget_index(&mut self, node_uid: &NodeUid) -> Result<usize>;
}
