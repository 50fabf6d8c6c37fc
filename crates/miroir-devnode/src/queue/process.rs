//! Doing a batch of tasks, one function per kind.

mod indexes;
mod writes;

use miroir_core::error::ApiError;
use std::sync::Arc;
use uuid::Uuid;

use super::Queue;
use super::state::{Change, IndexEntry, IndexStats};
use super::task::{Content, Task};
use crate::engine::{Engine, FIRST_MAP_SIZE, error};
use miroir_core::wire::task::TaskStatus;

/// What came of a batch, to be written in one piece.
pub(super) struct Done {
    /// The tasks, with details and errors; those still processing have succeeded.
    pub(super) tasks: Vec<Task>,
    pub(super) changes: Vec<Change>,
    /// Folders of indexes to remove once that is written.
    pub(super) removed: Vec<Uuid>,
}

impl Done {
    fn new(tasks: Vec<Task>, changes: Vec<Change>) -> Self {
        Self {
            tasks,
            changes,
            removed: Vec::new(),
        }
    }

    /// All tasks failed for one reason.
    pub(super) fn failed(mut tasks: Vec<Task>, error: &ApiError) -> Self {
        tasks.iter_mut().for_each(|task| task.fail(error.clone()));
        Self::new(tasks, Vec::new())
    }
}

/// Why a batch did not come to an end of its own.
pub(super) enum Failure {
    Failed(ApiError),
    /// The database of this index is full; nothing was written.
    Full(String),
    /// It was asked to stop; nothing was written.
    Stopped,
}

impl Failure {
    /// The failure that an engine error while working on index `uid` is.
    fn of(error: &milli_core::Error, uid: &str) -> Self {
        if error::is_aborted(error) {
            Failure::Stopped
        } else if error::is_map_full(error) {
            Failure::Full(uid.to_owned())
        } else {
            Failure::Failed(error::in_task(error, uid))
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Failure::Failed(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(problem: std::io::Error) -> Self {
        Failure::Failed(error::to_api(&problem.into()))
    }
}

/// Does a batch that [`super::batch::next`] chose.
pub(super) fn run(engine: &Engine, queue: &Queue, tasks: Vec<Task>) -> Result<Done, Failure> {
    let node = Node { engine, queue };
    let first = &tasks[0].content;
    match first.clone() {
        Content::DocumentWrite { index, .. } | Content::DocumentDeletion { index, .. } => {
            node.write_documents(&index, tasks)
        }
        Content::DocumentDeletionByFilter { index, filter } => {
            node.delete_by_filter(&index, &filter, tasks)
        }
        Content::DocumentClear { index } => node.clear(&index, tasks),
        Content::SettingsUpdate {
            index,
            settings,
            reset,
        } => node.update_settings(&index, settings, reset, tasks),
        Content::IndexCreation { index, primary_key } => {
            node.create_index(&index, primary_key, tasks)
        }
        Content::IndexUpdate {
            index,
            primary_key,
            new_uid,
        } => node.update_index(&index, primary_key, new_uid, tasks),
        Content::IndexDeletion { index } => node.delete_index(&index, tasks),
        Content::IndexSwap { swaps } => node.swap(&swaps, tasks),
        Content::TaskCancelation { tasks: chosen, .. } => Ok(node.cancel(&chosen, tasks)),
        Content::TaskDeletion { tasks: chosen, .. } => Ok(node.delete_tasks(&chosen, tasks)),
    }
}

/// The two halves that tasks work on.
struct Node<'a> {
    engine: &'a Engine,
    queue: &'a Queue,
}

/// An index being worked on.
struct Target {
    entry: IndexEntry,
    index: Arc<milli_core::Index>,
}

impl Node<'_> {
    /// An index that must exist.
    fn existing(&self, uid: &str) -> Result<Target, Failure> {
        let entry = self.queue.state().indexes.get(uid).cloned();
        let entry = entry.ok_or_else(|| ApiError::index_not_found(uid))?;
        let index = self
            .engine
            .index(entry.uuid, entry.map_size)
            .map_err(|error| Failure::of(&error, uid))?;
        Ok(Target { entry, index })
    }

    /// An index that is created when it does not exist, whatever becomes of the task.
    fn existing_or_new(&self, uid: &str) -> Result<Target, Failure> {
        if !self.queue.state().indexes.contains_key(uid) {
            let now = crate::clock::now();
            let entry = IndexEntry {
                uuid: Uuid::new_v4(),
                primary_key: None,
                created_at: now,
                updated_at: now,
                map_size: FIRST_MAP_SIZE,
                stats: IndexStats::default(),
            };
            self.queue
                .commit(vec![Change::PutIndex(uid.to_owned(), entry)], true)?;
        }
        self.existing(uid)
    }

    /// The registry change after an index has changed.
    fn measured(&self, uid: &str, mut target: Target) -> Result<Change, Failure> {
        crate::engine::stats::measure(&target.index, &mut target.entry)
            .map_err(|error| Failure::of(&error, uid))?;
        Ok(Change::PutIndex(uid.to_owned(), target.entry))
    }

    /// Cancels what is still open of `chosen`.
    fn cancel(&self, chosen: &[u32], mut tasks: Vec<Task>) -> Done {
        let request = &mut tasks[0];
        let mut canceled = Vec::new();
        {
            let state = self.queue.state();
            for uid in chosen {
                let Some(task) = state.tasks.get(uid).filter(|task| task.is_open()) else {
                    continue;
                };
                let mut task = Task::clone(task);
                task.status = TaskStatus::Canceled;
                task.canceled_by = Some(request.uid);
                task.batch = request.batch;
                task.started_at = request.started_at;
                task.zero_counts();
                canceled.push(task);
            }
        }
        request.count("canceledTasks", canceled.len() as u64);
        tasks.extend(canceled);
        Done::new(tasks, Vec::new())
    }

    /// Forgets what is finished of `chosen`.
    fn delete_tasks(&self, chosen: &[u32], mut tasks: Vec<Task>) -> Done {
        let state = self.queue.state();
        let doomed: Vec<u32> = chosen
            .iter()
            .copied()
            .filter(|uid| {
                let task = state.tasks.get(uid);
                task.is_some_and(|task| !task.is_open())
            })
            .collect();
        tasks[0].count("deletedTasks", doomed.len() as u64);
        let changes = vec![
            Change::Counters(state.next_task, state.next_batch),
            Change::RemoveTasks(doomed),
        ];
        Done::new(tasks, changes)
    }
}
