//! Which tasks a query selects, as a pure function of facts about a task.

use super::{Details, TaskKind, TaskStatus, TaskView};
use crate::wire::time::Timestamp;

/// What a filter looks at. Rows of a store can be looked at as well as views.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFacts<'a> {
    pub uid: u32,
    pub batch_uid: Option<u32>,
    pub status: TaskStatus,
    pub kind: TaskKind,
    pub canceled_by: Option<u32>,
    /// Every index the task touches; a swap touches all it names, a rename both names.
    pub indexes: Vec<&'a str>,
    pub enqueued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

impl<'a> From<&'a TaskView> for TaskFacts<'a> {
    fn from(view: &'a TaskView) -> Self {
        let mut indexes: Vec<&str> = view.index_uid.as_deref().into_iter().collect();
        match &view.details {
            Some(Details::IndexSwap { swaps }) => {
                for swap in swaps {
                    indexes.extend([swap.indexes.0.as_str(), swap.indexes.1.as_str()]);
                }
            }
            Some(Details::IndexInfo { new_index_uid, .. }) => {
                indexes.extend(new_index_uid.as_deref());
            }
            _ => {}
        }
        Self {
            uid: view.uid,
            batch_uid: view.batch_uid,
            status: view.status,
            kind: view.kind,
            canceled_by: view.canceled_by,
            indexes,
            enqueued_at: view.enqueued_at,
            started_at: view.started_at,
            finished_at: view.finished_at,
        }
    }
}

/// Conditions that must all hold; `None` is no condition, an empty list holds for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    pub uids: Option<Vec<u32>>,
    pub batch_uids: Option<Vec<u32>>,
    pub canceled_by: Option<Vec<u32>>,
    pub types: Option<Vec<TaskKind>>,
    pub statuses: Option<Vec<TaskStatus>>,
    pub index_uids: Option<Vec<String>>,
    pub after_enqueued_at: Option<Timestamp>,
    pub before_enqueued_at: Option<Timestamp>,
    pub after_started_at: Option<Timestamp>,
    pub before_started_at: Option<Timestamp>,
    pub after_finished_at: Option<Timestamp>,
    pub before_finished_at: Option<Timestamp>,
}

impl TaskFilter {
    /// Whether the task counts: for `total`, for a cancelation, for a deletion.
    pub fn matches(&self, task: &TaskFacts<'_>) -> bool {
        contains(&self.uids, Some(&task.uid))
            && contains(&self.batch_uids, task.batch_uid.as_ref())
            && contains(&self.canceled_by, task.canceled_by.as_ref())
            && contains(&self.types, Some(&task.kind))
            && contains(&self.statuses, Some(&task.status))
            && self.index_uids.as_ref().is_none_or(|wanted| {
                let mut touched = task.indexes.iter();
                touched.any(|index| wanted.iter().any(|uid| uid == index))
            })
            && within(
                self.after_enqueued_at,
                self.before_enqueued_at,
                Some(task.enqueued_at),
            )
            && within(
                self.after_started_at,
                self.before_started_at,
                task.started_at,
            )
            && within(
                self.after_finished_at,
                self.before_finished_at,
                task.finished_at,
            )
    }

    /// Whether a task of this type is shown in a list, given that it matches: a list of tasks of indexes has only tasks
    /// that belong to one index. The server counts the others all the same.
    pub fn shows(&self, kind: TaskKind) -> bool {
        self.index_uids.is_none() || kind.has_one_index()
    }
}

fn contains<T: PartialEq>(wanted: &Option<Vec<T>>, value: Option<&T>) -> bool {
    match (wanted, value) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(value)) => wanted.contains(value),
    }
}

/// Both bounds are exclusive; what has not happened lies within no bounds.
fn within(after: Option<Timestamp>, before: Option<Timestamp>, at: Option<Timestamp>) -> bool {
    if after.is_none() && before.is_none() {
        return true;
    }
    at.is_some_and(|at| {
        after.is_none_or(|after| at > after) && before.is_none_or(|before| at < before)
    })
}
