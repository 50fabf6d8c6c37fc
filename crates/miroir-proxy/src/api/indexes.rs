//! `/indexes`, `/indexes/{uid}` and `/swap-indexes`.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use miroir_core::error::ApiError;
use miroir_core::wire::deserialize::{from_json, from_query};
use miroir_core::wire::index::{CreateIndex, ListFields, ListIndexes, SwapIndexes, UpdateIndex};
use serde::Serialize;

use crate::api::task_reply;
use crate::app::App;
use crate::catalog::Index;
use crate::http::authentication::Granted;
use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};
use crate::request::{compaction, fields, indexes, names, resolve};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexView<'a> {
    uid: &'a str,
    created_at: &'a str,
    updated_at: &'a str,
    primary_key: Option<&'a str>,
}

impl<'a> From<&'a Index> for IndexView<'a> {
    fn from(index: &'a Index) -> Self {
        Self {
            uid: index.row.uid.as_str(),
            created_at: &index.row.created_at,
            updated_at: &index.row.updated_at,
            primary_key: index.primary_key(),
        }
    }
}

#[derive(Serialize)]
struct Page<'a> {
    results: Vec<IndexView<'a>>,
    offset: usize,
    limit: usize,
    total: usize,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: ListIndexes = from_query(query.as_deref().unwrap_or_default())?;
    let (offset, limit) = (parameters.offset.0, parameters.limit.0);
    let all = app.catalog.all();
    let ready: Vec<_> = all
        .values()
        .filter(|index| index.is_ready() && access.covers(index.row.uid.as_str()))
        .collect();
    let results = ready
        .iter()
        .skip(offset)
        .take(limit)
        .map(|index| IndexView::from(&***index))
        .collect();
    Ok(Reply::ok(&Page {
        results,
        offset,
        limit,
        total: ready.len(),
    }))
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
) -> Result<Reply, Failure> {
    let index = resolve::index(&app, &resolve::uid(&uid)?)?;
    Ok(Reply::ok(&IndexView::from(&*index)))
}

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let wanted: CreateIndex = from_json(&body)?;
    let uid = resolve::uid(&wanted.uid.0)?;
    if !access.may_create(uid.as_str()) {
        return Err(ApiError::invalid_api_key().into());
    }
    let story = Arc::clone(&app);
    task_reply(
        app.spawn_story(async move { indexes::create(&story, uid, wanted.primary_key).await }),
    )
    .await
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let wanted: UpdateIndex = from_json(&body)?;
    let uid = resolve::uid(&uid)?;
    if let Some(new) = wanted.uid {
        let new = resolve::uid(&new)?;
        let story = Arc::clone(&app);
        let primary_key = wanted.primary_key;
        return task_reply(
            app.spawn_story(async move { names::rename(&story, uid, new, primary_key).await }),
        )
        .await;
    }
    let story = Arc::clone(&app);
    let primary_key = wanted.primary_key;
    task_reply(
        app.spawn_story(async move { indexes::set_primary_key(&story, uid, primary_key).await }),
    )
    .await
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
) -> Result<Reply, Failure> {
    let uid = resolve::uid(&uid)?;
    let story = Arc::clone(&app);
    task_reply(app.spawn_story(async move { indexes::delete(&story, uid).await })).await
}

/// `POST /swap-indexes`.
pub(crate) async fn swap(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let swaps: Vec<SwapIndexes> = from_json(&body)?;
    let exchanges = names::exchanges(swaps, |uid| access.covers(uid))?;
    let story = Arc::clone(&app);
    task_reply(app.spawn_story(async move { names::swap(&story, exchanges).await })).await
}

/// `POST /indexes/{uid}/compact`.
pub(crate) async fn compact(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
) -> Result<Reply, Failure> {
    let uid = resolve::uid(&uid)?;
    let story = Arc::clone(&app);
    task_reply(app.spawn_story(async move { compaction::compact(&story, uid).await })).await
}

/// `POST /indexes/{uid}/fields`.
pub(crate) async fn fields(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let query: ListFields = from_json(&body)?;
    fields::list(&app, &uid, &query).await
}
