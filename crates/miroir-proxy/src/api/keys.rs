//! `/keys`.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use http::StatusCode;
use miroir_core::access::{Key, KeyView};
use miroir_core::error::ApiError;
use miroir_core::wire::deserialize::{from_json, from_query};
use miroir_core::wire::key::{CreateKey, ListKeys, PatchKey};
use miroir_store::StoreError;
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::clock;
use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};

#[derive(Serialize)]
struct Page<'a> {
    results: Vec<KeyView<'a>>,
    offset: usize,
    limit: usize,
    total: usize,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: ListKeys = from_query(query.as_deref().unwrap_or_default())?;
    let (offset, limit) = (parameters.offset.0, parameters.limit.0);
    let keys = app.keys.all();
    let page = keys.iter().skip(offset).take(limit);
    Ok(Reply::ok(&Page {
        results: page.map(|key| app.keys.view(key)).collect(),
        offset,
        limit,
        total: keys.len(),
    }))
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Reply, Failure> {
    let key = named(&app, &name)?;
    Ok(Reply::ok(&app.keys.view(&key)))
}

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let wanted: CreateKey = from_json(&body)?;
    let now = clock::now();
    let key = Key {
        uid: wanted.uid.unwrap_or_else(Uuid::new_v4),
        name: wanted.name,
        description: wanted.description,
        actions: wanted.actions,
        indexes: wanted.indexes,
        expires_at: wanted.expires_at.must_be_future(now)?,
        created_at: now,
        updated_at: now,
    };
    if let Some(action) = key.misplaced_action() {
        return Err(ApiError::index_scoped_key_with_global_action(action.name()).into());
    }
    let row = key.clone();
    match app.store.write(move |tx| tx.keys().insert(&row)).await {
        Err(StoreError::Exists { .. }) => {
            return Err(ApiError::api_key_already_exists(key.uid).into());
        }
        outcome => outcome?,
    }
    app.keys.reload(&app.store).await?;
    Ok(Reply::json(StatusCode::CREATED, &app.keys.view(&key)))
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let patch: PatchKey = from_json(&body)?;
    let mut key = Key::clone(&*named(&app, &name)?);
    patch.name.apply(&mut key.name);
    patch.description.apply(&mut key.description);
    key.updated_at = clock::now();
    let row = key.clone();
    match app.store.write(move |tx| tx.keys().update(&row)).await {
        Err(StoreError::Missing { .. }) => return Err(ApiError::api_key_not_found(&name).into()),
        outcome => outcome?,
    }
    app.keys.reload(&app.store).await?;
    Ok(Reply::ok(&app.keys.view(&key)))
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Reply, Failure> {
    let uid = named(&app, &name)?.uid;
    let was_there = app.store.write(move |tx| tx.keys().delete(uid)).await?;
    if !was_there {
        return Err(ApiError::api_key_not_found(&name).into());
    }
    app.keys.reload(&app.store).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn named(app: &App, name: &str) -> Result<Arc<Key>, ApiError> {
    // The server shows a uid as it read it, which is in lower case.
    let shown = || match Uuid::parse_str(name) {
        Ok(uid) => uid.to_string(),
        Err(_) => name.to_owned(),
    };
    app.keys
        .named(name)
        .ok_or_else(|| ApiError::api_key_not_found(&shown()))
}
