//! `/tasks`: answered from the store. Only a cancelation goes to the nodes.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use miroir_core::error::{ApiError, TaskSelection};
use miroir_core::id::TaskUid;
use miroir_core::wire::deserialize::from_query;
use miroir_core::wire::task::{TaskList, TaskListParameters, TaskPage, TaskSelectionParameters};
use miroir_store::table::TaskListFilter;

use crate::api::features;
use crate::api::refused::TASK_DOCUMENTS;
use crate::app::App;
use crate::http::authentication::Granted;
use crate::http::reply::{Failure, Reply};
use crate::request::task_documents;
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
    match row.filter(|row| row.visible && tasks::may_see(&access, row)) {
        Some(row) => Ok(Reply::ok(&tasks::view(&app, &row)?)),
        None => Err(ApiError::task_not_found(number).into()),
    }
}

/// `GET /tasks/{uid}/documents`: those that a task is about to add, one after the other.
pub(crate) async fn documents(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
) -> Result<Response, Failure> {
    if !features::is_on(&app, "getTaskDocumentsRoute").await? {
        let doing = "Getting the documents of an enqueued task";
        return Err(TASK_DOCUMENTS.is_off(doing).into());
    }
    let number: u32 = uid.parse().map_err(|_| ApiError::invalid_task_uid(&uid))?;
    let row = app
        .store
        .read(move |tx| tx.tasks().get(TaskUid(number)))
        .await?;
    if !row.is_some_and(|row| row.visible && tasks::may_see(&access, &row)) {
        return Err(ApiError::task_not_found(number).into());
    }
    match task_documents::of(&app, TaskUid(number)).await {
        Some(body) => Ok(([(CONTENT_TYPE, "application/x-ndjson")], body).into_response()),
        None => Err(ApiError::task_file_not_found(number).into()),
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
    let page = tasks::page(&list);
    let filter = tasks::store_filter(&app, list.filter);
    let found = app
        .store
        .read(move |tx| tx.tasks().list(&filter, &page))
        .await?;
    // As on a server the page is cut before tasks are left out, and the total counts them too (reference 3.4).
    let views = found
        .rows
        .iter()
        .filter(|row| tasks::may_see(&access, row))
        .map(|row| tasks::view(&app, row))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&TaskPage::new(
        views,
        limit,
        found.total,
        |view| view.uid,
    )))
}

/// `POST /tasks/cancel`.
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let query = query.unwrap_or_default();
    let filter = selected(&app, &query, TaskSelection::Cancel)?;
    let row = tasks::cancel(&app, filter, access, &query).await?;
    Ok(Reply::ok(&tasks::summary(&row)))
}

/// `DELETE /tasks`.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let query = query.unwrap_or_default();
    let filter = selected(&app, &query, TaskSelection::Delete)?;
    let row = tasks::remove(&app, filter, access, &query).await?;
    Ok(Reply::ok(&tasks::summary(&row)))
}

fn selected(app: &App, query: &str, what: TaskSelection) -> Result<TaskListFilter, ApiError> {
    let parameters: TaskSelectionParameters = from_query(query)?;
    Ok(tasks::store_filter(app, parameters.select(what)?))
}
