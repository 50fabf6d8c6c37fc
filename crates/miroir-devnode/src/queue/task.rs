//! One task: what was asked, how far it is, and the rows that survive a restart.

use miroir_core::error::ApiError;
use miroir_core::wire::task::{Details, SummarizedTask, TaskFacts, TaskKind, TaskStatus, TaskView};
use miroir_core::wire::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// Whether a document replaces the one with its id or is merged into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Method {
    Replace,
    Update,
}

/// One pair of a swap; with `rename` the second name must not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Swap {
    pub(crate) indexes: [String; 2],
    #[serde(default)]
    pub(crate) rename: bool,
}

/// What was asked for, with everything needed to do it after a restart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Content {
    /// `payload` names a file of NDJSON; `count` is the number of documents the client sent.
    DocumentWrite {
        index: String,
        method: Method,
        primary_key: Option<String>,
        payload: Uuid,
        count: u64,
        skip_creation: bool,
    },
    DocumentDeletion {
        index: String,
        ids: Vec<String>,
    },
    DocumentDeletionByFilter {
        index: String,
        filter: Value,
    },
    DocumentClear {
        index: String,
    },
    /// `settings` are the submitted ones, secrets included; `reset` is true for a DELETE, which does not create the index.
    SettingsUpdate {
        index: String,
        settings: Value,
        reset: bool,
    },
    IndexCreation {
        index: String,
        primary_key: Option<String>,
    },
    IndexUpdate {
        index: String,
        primary_key: Option<String>,
        new_uid: Option<String>,
    },
    IndexDeletion {
        index: String,
    },
    IndexSwap {
        swaps: Vec<Swap>,
    },
    /// `tasks` are the matching tasks at the time of the request.
    TaskCancelation {
        query: String,
        tasks: Vec<u32>,
    },
    TaskDeletion {
        query: String,
        tasks: Vec<u32>,
    },
}

impl Content {
    /// The index a task is about; swaps and tasks about tasks have none.
    pub(crate) fn index(&self) -> Option<&str> {
        match self {
            Content::DocumentWrite { index, .. }
            | Content::DocumentDeletion { index, .. }
            | Content::DocumentDeletionByFilter { index, .. }
            | Content::DocumentClear { index }
            | Content::SettingsUpdate { index, .. }
            | Content::IndexCreation { index, .. }
            | Content::IndexUpdate { index, .. }
            | Content::IndexDeletion { index } => Some(index),
            Content::IndexSwap { .. }
            | Content::TaskCancelation { .. }
            | Content::TaskDeletion { .. } => None,
        }
    }

    /// Every index a task names, for filters and swaps.
    pub(crate) fn indexes(&self) -> Vec<&str> {
        match self {
            Content::IndexSwap { swaps } => swaps
                .iter()
                .flat_map(|swap| swap.indexes.iter().map(String::as_str))
                .collect(),
            Content::IndexUpdate {
                index,
                new_uid: Some(new),
                ..
            } => vec![index, new],
            other => other.index().into_iter().collect(),
        }
    }

    /// The same for renaming in place, when indexes are swapped under older tasks.
    pub(crate) fn indexes_mut(&mut self) -> Vec<&mut String> {
        match self {
            Content::IndexSwap { swaps } => swaps
                .iter_mut()
                .flat_map(|swap| swap.indexes.iter_mut())
                .collect(),
            Content::DocumentWrite { index, .. }
            | Content::DocumentDeletion { index, .. }
            | Content::DocumentDeletionByFilter { index, .. }
            | Content::DocumentClear { index }
            | Content::SettingsUpdate { index, .. }
            | Content::IndexCreation { index, .. }
            | Content::IndexDeletion { index } => vec![index],
            Content::IndexUpdate { index, new_uid, .. } => {
                let mut names = vec![index];
                names.extend(new_uid);
                names
            }
            Content::TaskCancelation { .. } | Content::TaskDeletion { .. } => Vec::new(),
        }
    }

    /// The value of the `type` member.
    pub(crate) fn kind(&self) -> TaskKind {
        match self {
            Content::DocumentWrite { .. } => TaskKind::DocumentAdditionOrUpdate,
            Content::DocumentDeletion { .. }
            | Content::DocumentDeletionByFilter { .. }
            | Content::DocumentClear { .. } => TaskKind::DocumentDeletion,
            Content::SettingsUpdate { .. } => TaskKind::SettingsUpdate,
            Content::IndexCreation { .. } => TaskKind::IndexCreation,
            Content::IndexUpdate { .. } => TaskKind::IndexUpdate,
            Content::IndexDeletion { .. } => TaskKind::IndexDeletion,
            Content::IndexSwap { .. } => TaskKind::IndexSwap,
            Content::TaskCancelation { .. } => TaskKind::TaskCancelation,
            Content::TaskDeletion { .. } => TaskKind::TaskDeletion,
        }
    }

    /// The file with the documents, which goes away with the end of the task.
    pub(crate) fn payload(&self) -> Option<Uuid> {
        match self {
            Content::DocumentWrite { payload, .. } => Some(*payload),
            _ => None,
        }
    }

    /// The `details` of a task that has not finished: what is counted at the end is null.
    pub(crate) fn details(&self) -> Value {
        match self {
            Content::DocumentWrite { count, .. } => {
                json!({"receivedDocuments": count, "indexedDocuments": null})
            }
            Content::DocumentDeletion { ids, .. } => {
                json!({"providedIds": ids.len(), "deletedDocuments": null, "originalFilter": null})
            }
            Content::DocumentDeletionByFilter { filter, .. } => {
                json!({"providedIds": 0, "deletedDocuments": null, "originalFilter": filter.to_string()})
            }
            Content::DocumentClear { .. } | Content::IndexDeletion { .. } => {
                json!({"deletedDocuments": null})
            }
            Content::SettingsUpdate { settings, .. } => crate::settings::masked(settings.clone()),
            Content::IndexCreation { primary_key, .. } => json!({"primaryKey": primary_key}),
            Content::IndexUpdate {
                primary_key,
                new_uid: None,
                ..
            } => json!({"primaryKey": primary_key}),
            Content::IndexUpdate {
                primary_key,
                new_uid: Some(new),
                index,
            } => json!({"primaryKey": primary_key, "oldIndexUid": index, "newIndexUid": new}),
            Content::IndexSwap { swaps } => json!({"swaps": swaps}),
            Content::TaskCancelation { query, tasks } => {
                json!({"matchedTasks": tasks.len(), "canceledTasks": null, "originalFilter": query})
            }
            Content::TaskDeletion { query, tasks } => {
                json!({"matchedTasks": tasks.len(), "deletedTasks": null, "originalFilter": query})
            }
        }
    }
}

/// A task row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) uid: u32,
    pub(crate) batch: Option<u32>,
    pub(crate) status: TaskStatus,
    pub(crate) content: Content,
    pub(crate) canceled_by: Option<u32>,
    pub(crate) details: Value,
    pub(crate) error: Option<ApiError>,
    pub(crate) enqueued_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) custom_metadata: Option<String>,
}

impl Task {
    /// A fresh row.
    pub(crate) fn new(
        uid: u32,
        content: Content,
        custom_metadata: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            uid,
            batch: None,
            status: TaskStatus::Enqueued,
            details: content.details(),
            content,
            canceled_by: None,
            error: None,
            enqueued_at: now,
            started_at: None,
            finished_at: None,
            custom_metadata,
        }
    }

    /// Whether the scheduler still has something to do with the task.
    pub(crate) fn is_open(&self) -> bool {
        !self.status.is_finished()
    }

    /// The task as `GET /tasks` shows it.
    pub(crate) fn view(&self) -> TaskView {
        let kind = self.content.kind();
        let details = self.details.as_object().cloned();
        TaskView {
            uid: self.uid,
            batch_uid: self.batch,
            index_uid: self.content.index().map(str::to_owned),
            status: self.status,
            kind,
            canceled_by: self.canceled_by,
            details: details.map(|details| Details::of_kind(kind, details)),
            error: self.error.clone(),
            enqueued_at: self.enqueued_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            custom_metadata: self.custom_metadata.clone(),
        }
    }

    /// The task as the answer to the request that made it.
    pub(crate) fn summary(&self) -> SummarizedTask {
        SummarizedTask {
            task_uid: self.uid,
            index_uid: self.content.index().map(str::to_owned),
            status: TaskStatus::Enqueued,
            kind: self.content.kind(),
            enqueued_at: self.enqueued_at,
            custom_metadata: self.custom_metadata.clone(),
        }
    }

    /// What filters look at.
    pub(crate) fn facts(&self) -> TaskFacts<'_> {
        TaskFacts {
            uid: self.uid,
            batch_uid: self.batch,
            status: self.status,
            kind: self.content.kind(),
            canceled_by: self.canceled_by,
            indexes: self.content.indexes(),
            enqueued_at: self.enqueued_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        }
    }

    /// Sets one member of the details.
    pub(crate) fn count(&mut self, member: &str, value: u64) {
        if let Some(details) = self.details.as_object_mut() {
            details.insert(member.to_owned(), value.into());
        }
    }

    /// Marks the task as failed. What a server counts is then zero, not null.
    pub(crate) fn fail(&mut self, error: ApiError) {
        self.status = TaskStatus::Failed;
        self.error = Some(error);
        self.zero_counts();
    }

    /// The counted members become zero, as in every task that did not succeed.
    pub(crate) fn zero_counts(&mut self) {
        for member in [
            "indexedDocuments",
            "deletedDocuments",
            "canceledTasks",
            "deletedTasks",
        ] {
            if self.details.get(member).is_some() {
                self.count(member, 0);
            }
        }
    }
}
