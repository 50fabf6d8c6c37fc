//! `tasks`: what clients were promised. A row is durable before any node hears of the task.

use miroir_core::id::{IndexUid, TaskUid};
use miroir_core::wire::task::{TaskKind, TaskStatus};

use super::{BatchPage, BatchPageRequest, TaskListFilter, TaskPage, TaskPageRequest};
use crate::text::text_enum;
use crate::{Json, Result};

text_enum! {
    /// Who caused a write.
    TaskOrigin {
        Client => "client",
        AntiEntropy => "antientropy",
        Reshard => "reshard_backfill",
        Ttl => "ttl_expire",
        Rollover => "rollover",
    }
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    pub uid: TaskUid,
    /// Reserved with the task; clients see it once the task has begun.
    pub batch_uid: Option<u32>,
    pub kind: TaskKind,
    /// Whether clients see it.
    pub visible: bool,
    pub index_uid: Option<IndexUid>,
    /// The name that the client wrote, where it was another one (an alias).
    pub addressed_as: Option<String>,
    pub status: TaskStatus,
    pub origin: TaskOrigin,
    pub canceled_by: Option<TaskUid>,
    /// As the client sees them, `null` if it sees none.
    pub details: Json,
    /// The error as the client sees it.
    pub error: Option<Json>,
    /// The client's own; never what Miroir tells the nodes.
    pub custom_metadata: Option<String>,
    /// What was missing when the write was acknowledged.
    pub degraded: Option<Json>,
    /// Nanoseconds.
    pub enqueued_at: i64,
    /// Nanoseconds.
    pub started_at: Option<i64>,
    /// Nanoseconds.
    pub finished_at: Option<i64>,
    /// Milliseconds; when every replica that may serve reads had applied it.
    pub applied_at: Option<i64>,
    /// In the order of the index's sequencer.
    pub position: Option<u64>,
    /// What remains to be done when the legs have ended, in the form of whoever ends the task.
    pub work: Option<Json>,
}

pub trait ReadTasks {
    fn get(&self, uid: TaskUid) -> Result<Option<TaskRow>>;

    /// One page of the tasks that match and are shown ([`TaskListFilter::shows`]), and how many match in all.
    fn list(&self, filter: &TaskListFilter, page: &TaskPageRequest) -> Result<TaskPage>;

    /// The uids of all tasks that match, ascending.
    fn matching(&self, filter: &TaskListFilter) -> Result<Vec<TaskUid>>;

    /// One page of the batches in which a matching task is done, and how many there are in all.
    fn batches(&self, filter: &TaskListFilter, page: &BatchPageRequest) -> Result<BatchPage>;

    /// Enqueued and processing tasks, ascending, hidden ones included.
    fn unfinished(&self) -> Result<Vec<TaskRow>>;

    /// How many rows there are, hidden ones included.
    fn count(&self) -> Result<u64>;
}

pub trait WriteTasks: ReadTasks {
    /// Adds a task; `Exists` if its uid is taken.
    fn insert(&mut self, row: &TaskRow) -> Result<()>;

    /// Replaces a task's row; `Missing` if there is none.
    fn update(&mut self, row: &TaskRow) -> Result<()>;

    /// Indexes change their names, all at once: the tasks before `uid` that belong to one, or whose swap names one, follow.
    fn rename_indexes(&mut self, renames: &[(IndexUid, IndexUid)], before: TaskUid) -> Result<()>;

    /// Removes tasks and their legs, whatever their status; returns how many there were.
    fn delete(&mut self, uids: &[TaskUid]) -> Result<usize>;

    /// Removes tasks that finished before a moment (nanoseconds), the oldest first, at most `limit`; returns how many.
    fn prune(&mut self, finished_before: i64, limit: usize) -> Result<usize>;
}
