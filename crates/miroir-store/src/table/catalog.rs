//! `catalog`: the indexes as clients know them, and what the nodes call each.

use miroir_core::id::{IndexUid, NodeUid, ShardCount};

use crate::{Json, Result};

/// One index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogRow {
    /// What clients call it.
    pub uid: IndexUid,
    /// What nodes call it; no two indexes share one.
    pub current_node_uid: NodeUid,
    /// How many node uids this name has had.
    pub generation: u32,
    /// Unknown until the first document or until a client sets it.
    pub primary_key: Option<String>,
    pub shards: ShardCount,
    /// The user settings as an object, secrets included.
    pub user_settings: Json,
    /// Counts committed settings changes.
    pub settings_version: u64,
    pub settings_fingerprint: Vec<u8>,
    /// Whether every id that was ever written equals its own normalised form (no upper case): then a filter's literal tells
    /// the id. It only ever falls, see [`WriteCatalog`].
    pub ids_case_folded: bool,
    /// Why writes are refused at present.
    pub frozen_reason: Option<String>,
    /// RFC 3339 with 9 digits, as the client sees it.
    pub created_at: String,
    /// RFC 3339 with 9 digits, as the client sees it.
    pub updated_at: String,
    /// The settings as clients read them back, secrets masked. `None` until the index exists on the nodes.
    pub settings_view: Option<Json>,
}

pub trait ReadCatalog {
    fn get(&self, uid: &IndexUid) -> Result<Option<CatalogRow>>;

    /// The index that nodes call by this name.
    fn by_node_uid(&self, node_uid: &NodeUid) -> Result<Option<CatalogRow>>;

    /// Every index, by uid.
    fn list(&self) -> Result<Vec<CatalogRow>>;
}

pub trait WriteCatalog: ReadCatalog {
    /// Adds the index or replaces its row. `Exists` if another index has that node uid: to swap two, delete both rows
    /// first.
    ///
    /// `ids_case_folded` that was false stays so while the index keeps its node uid: whoever puts a row may have read it
    /// before a write made it false.
    fn put(&mut self, row: &CatalogRow) -> Result<()>;

    /// An id that is not its own normalised form is about to be written.
    fn unfold_ids(&mut self, uid: &IndexUid) -> Result<()>;

    /// Says why writes are refused from now on; `None`: they are not. A put leaves it as it is while the index keeps its node
    /// uid, for the same reason as above.
    fn freeze(&mut self, node_uid: &NodeUid, reason: Option<&str>) -> Result<()>;

    /// False if there was no such index.
    fn delete(&mut self, uid: &IndexUid) -> Result<bool>;
}
