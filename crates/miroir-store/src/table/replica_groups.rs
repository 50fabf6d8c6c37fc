//! `replica_groups`: the pools of nodes.

use miroir_core::id::GroupId;

use crate::Result;
use crate::text::text_enum;

text_enum! {
    /// Where a group is in its life.
    GroupState {
        Initializing => "initializing",
        Active => "active",
        Draining => "draining",
    }
}

/// One replica group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaGroupRow {
    pub id: GroupId,
    pub state: GroupState,
    /// Milliseconds.
    pub changed_at: i64,
}

pub trait ReadReplicaGroups {
    fn get(&self, id: GroupId) -> Result<Option<ReplicaGroupRow>>;

    /// Every group, by number.
    fn list(&self) -> Result<Vec<ReplicaGroupRow>>;
}

pub trait WriteReplicaGroups: ReadReplicaGroups {
    /// Adds the group or replaces its row.
    fn put(&mut self, row: &ReplicaGroupRow) -> Result<()>;

    /// False if there was no such group.
    fn delete(&mut self, id: GroupId) -> Result<bool>;
}
