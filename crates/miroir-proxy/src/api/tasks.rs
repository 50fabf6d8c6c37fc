//! `/tasks`: answered from the store, never from a node.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use miroir_core::access::Access;
use miroir_core::error::ApiError;
use miroir_core::id::{IndexUid, TaskUid};
use miroir_core::wire::deserialize::from_query;
use miroir_core::wire::task::{TaskList, TaskListParameters, TaskPage};
use miroir_store::table::{Span, TaskListFilter, TaskPageRequest, TaskRow};

use crate::app::App;
use crate::http::authentication::Granted;
use crate::http::reply::{Failure, Reply};
use crate::tasks;

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
) -> Result<Reply, Failure> {
    let number: u32 = uid.parse().map_err(|_| ApiError::invalid_task_uid(&uid))?;
    let row = app
        .store
        .read(move |tx| tx.tasks().get(TaskUid(number)))
        .await?;
    match row.filter(|row| row.visible && may_see(&access, row)) {
        Some(row) => Ok(Reply::ok(&tasks::view(&app, &row)?)),
        None => Err(ApiError::task_not_found(number).into()),
    }
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: TaskListParameters = from_query(query.as_deref().unwrap_or_default())?;
    let list = TaskList::from(parameters);
    let limit = list.limit;
    let page = TaskPageRequest {
        from: list.from.map(TaskUid),
        // One more than is shown tells where the next page begins.
        limit: limit as usize + 1,
        oldest_first: list.reverse,
    };
    let filter = filter(list);
    let found = app
        .store
        .read(move |tx| tx.tasks().list(&filter, &page))
        .await?;
    // As on a server the page is cut before tasks are left out, and the total counts them too (reference 3.4).
    let views = found
        .rows
        .iter()
        .filter(|row| may_see(&access, row))
        .map(|row| tasks::view(&app, row))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&TaskPage::new(
        views,
        limit,
        found.total,
        |view| view.uid,
    )))
}

/// A key for some indexes sees the tasks of those, and none that concerns several indexes or the whole server.
fn may_see(access: &Access, row: &TaskRow) -> bool {
    let is_covered = |uid: &IndexUid| access.covers(uid.as_str());
    access.covers_all() || row.index_uid.as_ref().is_some_and(is_covered)
}

fn filter(list: TaskList) -> TaskListFilter {
    let wanted = list.filter;
    let nanoseconds = |time: Option<miroir_core::wire::time::Timestamp>| {
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
    }
}
