//! Which tasks a list shows.

use std::collections::{BTreeMap, BTreeSet};

use miroir_core::id::{IndexUid, TaskUid};
use miroir_core::wire::task::{TaskKind, TaskStatus};

use super::TaskRow;

/// A condition on tasks: all that are given must hold. `None` allows everything, an empty set nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskListFilter {
    pub uids: Option<BTreeSet<TaskUid>>,
    pub batch_uids: Option<BTreeSet<u32>>,
    pub statuses: Option<BTreeSet<TaskStatus>>,
    pub kinds: Option<BTreeSet<TaskKind>>,
    /// A task touches its own index; a swap all that its details name, a rename the new name too.
    pub index_uids: Option<BTreeSet<IndexUid>>,
    pub canceled_by: Option<BTreeSet<TaskUid>>,
    pub enqueued: Span,
    pub started: Span,
    pub finished: Span,
    /// Also the tasks that clients do not see.
    pub include_hidden: bool,
    /// Tasks that are being processed, and since when (nanoseconds). It is nowhere stored: their rows say `enqueued`.
    pub processing: BTreeMap<TaskUid, i64>,
}

/// Nanoseconds, both ends exclusive. A moment that has not come yet (`None`) is in no bounded span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    pub after: Option<i64>,
    pub before: Option<i64>,
}

/// Which part of the matching tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPageRequest {
    /// The first task: this one or the next that matches in the direction of the list.
    pub from: Option<TaskUid>,
    /// Ask for one more than is shown to learn where the next page begins.
    pub limit: usize,
    /// Ascending uids instead of newest first.
    pub oldest_first: bool,
}

/// Which part of the batches with matching tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPageRequest {
    /// The first batch: this one or the next in the direction of the list.
    pub from: Option<u32>,
    /// Ask for one more than is shown to learn where the next page begins.
    pub limit: usize,
    /// Ascending uids instead of newest first.
    pub oldest_first: bool,
}

/// A part of the batches with matching tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPage {
    pub uids: Vec<u32>,
    /// Batches with matching tasks, on any page.
    pub total: u64,
}

/// A part of the matching tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPage {
    pub rows: Vec<TaskRow>,
    /// Tasks that match, on any page.
    pub total: u64,
}

// === impl TaskListFilter ===

impl TaskListFilter {
    /// Whether a task meets every condition.
    pub fn matches(&self, row: &TaskRow) -> bool {
        let Self {
            uids,
            batch_uids,
            statuses,
            kinds,
            index_uids,
            canceled_by,
            enqueued,
            started,
            finished,
            include_hidden,
            processing,
        } = self;
        let since = processing.get(&row.uid).copied();
        let since = since.filter(|_| row.status == TaskStatus::Enqueued);
        let status = since.map_or(row.status, |_| TaskStatus::Processing);
        (row.visible || *include_hidden)
            && allows(uids, Some(&row.uid))
            && allows(batch_uids, self.batch_of(row).as_ref())
            && allows(statuses, Some(&status))
            && allows(kinds, Some(&row.kind))
            && index_uids
                .as_ref()
                .is_none_or(|wanted| touches(row, wanted))
            && allows(canceled_by, row.canceled_by.as_ref())
            && enqueued.contains(Some(row.enqueued_at))
            && started.contains(row.started_at.or(since))
            && finished.contains(row.finished_at)
    }

    /// The batch that a task is done in. One that has not begun has none yet, though its number is reserved.
    pub fn batch_of(&self, row: &TaskRow) -> Option<u32> {
        let has_begun =
            row.status != TaskStatus::Enqueued || self.processing.contains_key(&row.uid);
        row.batch_uid.filter(|_| has_begun)
    }

    /// Whether a list shows a task that matches: a list of the tasks of indexes leaves out those that belong to no single
    /// index, and counts them all the same.
    pub fn shows(&self, kind: TaskKind) -> bool {
        self.index_uids.is_none() || kind.has_one_index()
    }
}

fn allows<T: Ord>(allowed: &Option<BTreeSet<T>>, value: Option<&T>) -> bool {
    match (allowed, value) {
        (None, _) => true,
        (Some(allowed), Some(value)) => allowed.contains(value),
        (Some(_), None) => false,
    }
}

fn touches(row: &TaskRow, wanted: &BTreeSet<IndexUid>) -> bool {
    let is_wanted = |uid: &serde_json::Value| uid.as_str().is_some_and(|uid| wanted.contains(uid));
    let own = row.index_uid.as_ref();
    let details = || serde_json::from_str::<serde_json::Value>(row.details.as_str()).ok();
    own.is_some_and(|uid| wanted.contains(uid))
        || match row.kind {
            TaskKind::IndexUpdate => {
                details().is_some_and(|details| is_wanted(&details["newIndexUid"]))
            }
            TaskKind::IndexSwap => details().is_some_and(|details| {
                let swaps = details["swaps"].as_array().into_iter().flatten();
                swaps
                    .filter_map(|swap| swap["indexes"].as_array())
                    .any(|names| names.iter().any(is_wanted))
            }),
            _ => false,
        }
}

/// The row after indexes have changed their names, all at once; `None` if it names none of them.
pub(crate) fn renamed(row: &TaskRow, renames: &[(IndexUid, IndexUid)]) -> Option<TaskRow> {
    let new_name = |name: &str| {
        let found = renames.iter().find(|(old, _)| old.as_str() == name);
        found.map(|(_, new)| new)
    };
    let mut changed = row.clone();
    let own = row
        .index_uid
        .as_ref()
        .and_then(|uid| new_name(uid.as_str()));
    let mut is_changed = own.is_some();
    if let Some(new) = own {
        changed.index_uid = Some(new.clone());
    }
    if row.kind == TaskKind::IndexSwap
        && let Ok(mut details) = row.details.parse::<serde_json::Value>()
    {
        let swaps = details["swaps"].as_array_mut().into_iter().flatten();
        let names = swaps.filter_map(|swap| swap["indexes"].as_array_mut());
        for name in names.flatten() {
            if let Some(new) = name.as_str().and_then(new_name) {
                *name = new.as_str().into();
                is_changed = true;
            }
        }
        changed.details = crate::Json::of(&details);
    }
    is_changed.then_some(changed)
}

// === impl Span ===

impl Span {
    pub fn contains(self, moment: Option<i64>) -> bool {
        let after = |bound: i64| moment.is_some_and(|moment| moment > bound);
        let before = |bound: i64| moment.is_some_and(|moment| moment < bound);
        self.after.is_none_or(after) && self.before.is_none_or(before)
    }
}
