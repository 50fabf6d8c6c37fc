//! `node_tasks`: the legs of a task, one row per request to a node. Planned legs are committed before any is sent.

use std::fmt;

use miroir_core::id::{NodeId, NodeUid, ShardSet, TaskUid};

use crate::text::text_enum;
use crate::{Json, Result};

text_enum! {
    /// What is known of a leg.
    NodeTaskState {
        /// Not sent yet.
        Planned => "planned",
        /// Sent, no answer yet.
        Sent => "sent",
        /// The node gave it a task uid.
        Acked => "acked",
        /// The answer was lost: whether it arrived must be found out on the node.
        Unknown => "unknown",
        Succeeded => "succeeded",
        Failed => "failed",
        /// Will not be sent, or was canceled on the node; if other copies have it, its shards are stale on that node.
        Skipped => "skipped",
    }
}

/// Names a leg.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeTaskKey {
    pub task_uid: TaskUid,
    pub node_id: NodeId,
    /// Counts the requests of the task to this node from 0.
    pub leg: u32,
}

/// One leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeTaskRow {
    pub key: NodeTaskKey,
    /// The index on the node.
    pub node_uid: NodeUid,
    /// The shards that the leg carries.
    pub shards: ShardSet,
    pub state: NodeTaskState,
    /// The node's own task.
    pub node_task_uid: Option<u32>,
    pub attempts: u32,
    /// Milliseconds.
    pub planned_at: i64,
    /// Milliseconds.
    pub sent_at: Option<i64>,
    pub error: Option<Json>,
}

// === impl NodeTaskState ===

impl NodeTaskState {
    /// Succeeded, failed or skipped: nothing will change any more.
    pub fn is_finished(self) -> bool {
        match self {
            Self::Planned | Self::Sent | Self::Acked | Self::Unknown => false,
            Self::Succeeded | Self::Failed | Self::Skipped => true,
        }
    }
}

impl fmt::Display for NodeTaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            task_uid,
            node_id,
            leg,
        } = self;
        write!(f, "{task_uid}/{node_id}/{leg}")
    }
}

pub trait ReadNodeTasks {
    fn get(&self, key: &NodeTaskKey) -> Result<Option<NodeTaskRow>>;

    /// The legs of a task, by node and leg.
    fn for_task(&self, task_uid: TaskUid) -> Result<Vec<NodeTaskRow>>;

    /// Every leg that is not finished, by task, node and leg.
    fn unfinished(&self) -> Result<Vec<NodeTaskRow>>;

    /// The leg to which a node gave this task uid. (A node that was reset counts anew: the newest leg is returned.)
    fn by_node_task(&self, node_id: &NodeId, node_task_uid: u32) -> Result<Option<NodeTaskRow>>;
}

pub trait WriteNodeTasks: ReadNodeTasks {
    /// Adds the leg or replaces its row; `Missing` if its task has no row.
    fn upsert(&mut self, row: &NodeTaskRow) -> Result<()>;
}
