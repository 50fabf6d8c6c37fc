//! `/batches`: composed from tasks, never asked of a node.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use miroir_core::access::Access;
use miroir_core::error::ApiError;
use miroir_core::wire::deserialize::from_query;
use miroir_core::wire::task::{TaskFilter, TaskList, TaskListParameters, TaskPage};
use miroir_store::table::{BatchPageRequest, TaskListFilter, TaskPageRequest, TaskRow};
use miroir_store::{ReadTransaction, StoreError};

use crate::app::App;
use crate::http::authentication::Granted;
use crate::http::reply::{Failure, Reply};
use crate::tasks;

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
) -> Result<Reply, Failure> {
    let number: u32 = uid.parse().map_err(|_| ApiError::invalid_batch_uid(&uid))?;
    let filter = tasks::store_filter(&app, TaskFilter::default());
    let rows = app
        .store
        .read(move |tx| tasks_of(tx, number, &filter))
        .await?;
    if rows.is_empty() || !may_see(&access, &rows) {
        return Err(ApiError::batch_not_found(number).into());
    }
    Ok(Reply::ok(&tasks::batch_view(&app, number, &rows)?))
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: TaskListParameters = from_query(query.as_deref().unwrap_or_default())?;
    let list = TaskList::from(parameters);
    let limit = list.limit;
    let page = BatchPageRequest {
        from: list.from,
        // One more than is shown tells where the next page begins.
        limit: limit as usize + 1,
        oldest_first: list.reverse,
    };
    let filter = tasks::store_filter(&app, list.filter);
    let every = tasks::store_filter(&app, TaskFilter::default());
    let (total, found) = app
        .store
        .read(move |tx| {
            let page = tx.tasks().batches(&filter, &page)?;
            let of = |uid: &u32| Ok((*uid, tasks_of(tx, *uid, &every)?));
            let found: Result<Vec<_>, StoreError> = page.uids.iter().map(of).collect();
            Ok((page.total, found?))
        })
        .await?;
    // As of tasks, the page is cut before batches are left out, and the total counts them too.
    let views = found
        .iter()
        .filter(|(_, rows)| may_see(&access, rows))
        .map(|(uid, rows)| tasks::batch_view(&app, *uid, rows))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&TaskPage::new(views, limit, total, |view| {
        view.uid
    })))
}

/// A key for some indexes sees the batches that concern nothing else.
fn may_see(access: &Access, rows: &[TaskRow]) -> bool {
    rows.iter().all(|row| tasks::may_see(access, row))
}

fn tasks_of(
    tx: &dyn ReadTransaction,
    batch: u32,
    every: &TaskListFilter,
) -> Result<Vec<TaskRow>, StoreError> {
    let filter = TaskListFilter {
        batch_uids: Some([batch].into()),
        ..every.clone()
    };
    let all = TaskPageRequest {
        from: None,
        limit: usize::MAX,
        oldest_first: true,
    };
    Ok(tx.tasks().list(&filter, &all)?.rows)
}
