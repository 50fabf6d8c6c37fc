//! Which tasks a query means: from its filter to the store's, and what a key may see.

use miroir_core::access::Access;
use miroir_core::id::{IndexUid, TaskUid};
use miroir_core::wire::task::{TaskFilter, TaskList};
use miroir_core::wire::time::Timestamp;
use miroir_store::table::{Span, TaskListFilter, TaskPageRequest, TaskRow};
use miroir_store::{StoreError, Transaction};

use crate::app::App;

/// What the store has to look for, with the tasks that are being processed at this moment.
pub(crate) fn store_filter(app: &App, wanted: TaskFilter) -> TaskListFilter {
    let nanoseconds = |time: Option<Timestamp>| {
        time.map(|time| i64::try_from(time.as_nanoseconds()).unwrap_or(i64::MAX))
    };
    let uids = |uids: Option<Vec<u32>>| uids.map(|uids| uids.into_iter().map(TaskUid).collect());
    TaskListFilter {
        uids: uids(wanted.uids),
        batch_uids: wanted.batch_uids.map(|uids| uids.into_iter().collect()),
        statuses: wanted
            .statuses
            .map(|statuses| statuses.into_iter().collect()),
        kinds: wanted.types.map(|kinds| kinds.into_iter().collect()),
        // A uid that could not be an index names no task.
        index_uids: wanted
            .index_uids
            .map(|uids| uids.iter().filter_map(|uid| uid.parse().ok()).collect()),
        canceled_by: uids(wanted.canceled_by),
        enqueued: Span {
            after: nanoseconds(wanted.after_enqueued_at),
            before: nanoseconds(wanted.before_enqueued_at),
        },
        started: Span {
            after: nanoseconds(wanted.after_started_at),
            before: nanoseconds(wanted.before_started_at),
        },
        finished: Span {
            after: nanoseconds(wanted.after_finished_at),
            before: nanoseconds(wanted.before_finished_at),
        },
        include_hidden: false,
        processing: app.open_tasks.processing(),
    }
}

/// The page of a list. One more than is shown tells where the next page begins.
pub(crate) fn page(list: &TaskList) -> TaskPageRequest {
    TaskPageRequest {
        from: list.from.map(TaskUid),
        limit: list.limit as usize + 1,
        oldest_first: list.reverse,
    }
}

/// A key for some indexes sees the tasks of those, and none that concerns several indexes or the whole server.
pub(crate) fn may_see(access: &Access, row: &TaskRow) -> bool {
    let is_covered = |uid: &IndexUid| access.covers(uid.as_str());
    access.covers_all() || row.index_uid.as_ref().is_some_and(is_covered)
}

/// The tasks that a change of tasks is about: those that match and that the key may see; ascending.
pub(super) fn matched(
    tx: &mut dyn Transaction,
    filter: &TaskListFilter,
    access: &Access,
) -> Result<Vec<TaskUid>, StoreError> {
    let mut matched = tx.tasks().matching(filter)?;
    if !access.covers_all() {
        let mut seen = Vec::new();
        for uid in matched {
            let row = tx.tasks().get(uid)?;
            seen.extend(row.filter(|row| may_see(access, row)).map(|_| uid));
        }
        matched = seen;
    }
    Ok(matched)
}
