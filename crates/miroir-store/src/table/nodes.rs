//! `nodes`: every node there ever was. Rows are never deleted, so that an id is never given to another node.

use miroir_core::id::{GroupId, NodeId};

use crate::Result;
use crate::text::text_enum;

text_enum! {
    /// What the operator wants of a node.
    NodeMembership {
        Joining => "joining",
        Active => "active",
        Draining => "draining",
        Removed => "removed",
    }
}

text_enum! {
    /// What was last observed of a node.
    NodeHealth {
        Healthy => "healthy",
        Degraded => "degraded",
        Failed => "failed",
    }
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    pub id: NodeId,
    pub address: String,
    pub replica_group: GroupId,
    pub membership: NodeMembership,
    pub health: NodeHealth,
    /// Of the server that runs on it; empty before the first contact.
    pub version: String,
    /// The highest task uid seen there. A node that answers with a lower one was reset.
    pub last_task_uid: Option<u32>,
    /// Identity of the node's data; another one means that it was wiped.
    pub incarnation: String,
    pub ejected: bool,
    /// Milliseconds.
    pub changed_at: i64,
    /// Milliseconds.
    pub last_seen_at: Option<i64>,
}

pub trait ReadNodes {
    fn get(&self, id: &NodeId) -> Result<Option<NodeRow>>;

    /// Every node by id, removed ones included.
    fn list(&self) -> Result<Vec<NodeRow>>;
}

pub trait WriteNodes: ReadNodes {
    /// Adds a node; `Exists` for an id that was ever used, by a removed node too.
    fn insert(&mut self, row: &NodeRow) -> Result<()>;

    /// Replaces a node's row; `Missing` if there is none.
    fn update(&mut self, row: &NodeRow) -> Result<()>;

    /// Raises the high-water mark of the node's task uids; a lower number changes nothing. `Missing` without a row.
    fn raise_task_uid(&mut self, id: &NodeId, task_uid: u32) -> Result<()>;
}
