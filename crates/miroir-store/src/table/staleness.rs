//! `staleness`: copies that missed an acknowledged write. They serve no reads of that shard until verified equal.

use std::fmt;

use miroir_core::id::{NodeId, NodeUid, Shard, TaskUid};

use crate::Result;
use crate::text::text_enum;

text_enum! {
    /// Why a copy is stale.
    StaleReason {
        Missed => "missed",
        Refused => "refused",
        NodeReset => "node_reset",
        Diverged => "diverged",
        Move => "move",
        Restore => "restore",
    }
}

text_enum! {
    /// How far the repair is.
    StaleState {
        Stale => "stale",
        Repairing => "repairing",
        Verifying => "verifying",
    }
}

/// Names a copy: one shard of one index on one node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StaleKey {
    pub node_uid: NodeUid,
    pub shard: Shard,
    pub node_id: NodeId,
}

/// One stale copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleRow {
    pub key: StaleKey,
    /// Position of the first write missed.
    pub since_position: u64,
    pub reason: StaleReason,
    /// The task whose write was missed first.
    pub task_uid: Option<TaskUid>,
    pub state: StaleState,
    /// Number of the freshness change that marked it last: a repair that began before it proves nothing.
    pub freshness: u64,
    /// Milliseconds.
    pub created_at: i64,
}

impl fmt::Display for StaleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            node_uid,
            shard,
            node_id,
        } = self;
        write!(f, "{node_uid}/{shard}/{node_id}")
    }
}

pub trait ReadStaleness {
    fn get(&self, key: &StaleKey) -> Result<Option<StaleRow>>;

    /// Every stale copy, by node uid, shard and node.
    fn all(&self) -> Result<Vec<StaleRow>>;

    /// The stale copies of one index.
    fn of_index(&self, node_uid: &NodeUid) -> Result<Vec<StaleRow>>;
}

pub trait WriteStaleness: ReadStaleness {
    /// Marks a copy. If it is stale already, the older `since_position`, reason, task and time stay, while state and
    /// freshness become the new ones: a repair under way must begin again.
    fn mark(&mut self, row: &StaleRow) -> Result<()>;

    /// Moves a repair on, unless the copy was marked again since `freshness` or is not stale: then false.
    fn advance(&mut self, key: &StaleKey, freshness: u64, state: StaleState) -> Result<bool>;

    /// The copy is verified equal; false, and it stays stale, if it was marked again since `freshness`.
    fn clear(&mut self, key: &StaleKey, freshness: u64) -> Result<bool>;

    /// Forgets every stale copy of an index that is gone; returns how many there were.
    fn forget_index(&mut self, node_uid: &NodeUid) -> Result<usize>;

    /// Forgets every stale copy on a node that is gone; returns how many there were.
    fn forget_node(&mut self, node_id: &NodeId) -> Result<usize>;
}
