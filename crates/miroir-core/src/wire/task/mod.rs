//! Tasks on the wire: views, their parts, and the queries that select them.
//!
//! Facts: the server's `meilisearch-types/src/task_view.rs`, `tasks/mod.rs` and `meilisearch/src/routes/tasks.rs`.

mod batch;
mod details;
mod filter;
mod name;
mod query;

#[cfg(test)]
mod tests;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::{Timestamp, iso_duration};
use crate::error::ApiError;

pub use batch::{BatchStats, BatchView, PROCESSING, Progress, Step};
pub use details::{Details, IndexSwap};
pub use filter::{TaskFacts, TaskFilter};
pub use name::{TaskKind, TaskStatus};
pub use query::{TaskList, TaskListParameters, TaskSelectionParameters};

/// A task as `GET /tasks/{uid}` shows it. The duration is not stored: it is what lies between start and finish.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskView {
    pub uid: u32,
    pub batch_uid: Option<u32>,
    pub index_uid: Option<String>,
    pub status: TaskStatus,
    pub kind: TaskKind,
    pub canceled_by: Option<u32>,
    pub details: Option<Details>,
    pub error: Option<ApiError>,
    pub enqueued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub custom_metadata: Option<String>,
}

impl TaskView {
    /// The `duration` member: `None` until the task has finished.
    pub fn duration(&self) -> Option<String> {
        iso_duration(self.started_at?, self.finished_at?)
    }
}

impl Serialize for TaskView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut view = serializer.serialize_map(None)?;
        view.serialize_entry("uid", &self.uid)?;
        view.serialize_entry("batchUid", &self.batch_uid)?;
        view.serialize_entry("indexUid", &self.index_uid)?;
        view.serialize_entry("status", &self.status)?;
        view.serialize_entry("type", &self.kind)?;
        view.serialize_entry("canceledBy", &self.canceled_by)?;
        if let Some(details) = &self.details {
            view.serialize_entry("details", details)?;
        }
        view.serialize_entry("error", &self.error)?;
        view.serialize_entry("duration", &self.duration())?;
        view.serialize_entry("enqueuedAt", &self.enqueued_at)?;
        view.serialize_entry("startedAt", &self.started_at)?;
        view.serialize_entry("finishedAt", &self.finished_at)?;
        if let Some(custom_metadata) = &self.custom_metadata {
            view.serialize_entry("customMetadata", custom_metadata)?;
        }
        view.end()
    }
}

impl<'de> Deserialize<'de> for TaskView {
    /// Members that this version does not know are ignored.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Members {
            uid: u32,
            batch_uid: Option<u32>,
            index_uid: Option<String>,
            status: TaskStatus,
            #[serde(rename = "type")]
            kind: TaskKind,
            canceled_by: Option<u32>,
            details: Option<serde_json::Map<String, serde_json::Value>>,
            error: Option<ApiError>,
            enqueued_at: Timestamp,
            started_at: Option<Timestamp>,
            finished_at: Option<Timestamp>,
            custom_metadata: Option<String>,
        }
        let members = Members::deserialize(deserializer)?;
        Ok(Self {
            uid: members.uid,
            batch_uid: members.batch_uid,
            index_uid: members.index_uid,
            status: members.status,
            kind: members.kind,
            canceled_by: members.canceled_by,
            details: members
                .details
                .map(|details| Details::of_kind(members.kind, details)),
            error: members.error,
            enqueued_at: members.enqueued_at,
            started_at: members.started_at,
            finished_at: members.finished_at,
            custom_metadata: members.custom_metadata,
        })
    }
}

/// The answer to a request that enqueued a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummarizedTask {
    pub task_uid: u32,
    /// Present as null for tasks without an index.
    pub index_uid: Option<String>,
    pub status: TaskStatus,
    #[serde(rename = "type")]
    pub kind: TaskKind,
    pub enqueued_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_metadata: Option<String>,
}

/// The answer of a list of tasks or batches; all five members are always there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskPage<T> {
    pub results: Vec<T>,
    /// Everything that matches the filter, whatever `limit` and `from` say.
    pub total: u64,
    pub limit: u32,
    /// The uid of the first result.
    pub from: Option<u32>,
    /// The uid of the first that was left out.
    pub next: Option<u32>,
}

impl<T> TaskPage<T> {
    /// A page from up to `limit + 1` results in order: one more than wanted says what comes next.
    pub fn new(mut results: Vec<T>, limit: u32, total: u64, uid: impl Fn(&T) -> u32) -> Self {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let next = results.get(wanted).map(&uid);
        results.truncate(wanted);
        Self {
            from: results.first().map(&uid),
            results,
            total,
            limit,
            next,
        }
    }
}
