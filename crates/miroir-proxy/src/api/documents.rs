//! `/indexes/{uid}/documents`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use miroir_core::document::batch::Format;
use miroir_core::document::deletion::Deletion;
use miroir_core::id::IndexUid;
use miroir_core::wire::deserialize::{from_json, from_query};
use miroir_core::wire::documents::{
    AddDocuments, BrowseParameters, BrowseQuery, DeleteByFilter, EditDocuments, GetDocument,
    WriteParameters,
};

use crate::api::task_reply;
use crate::app::App;
use crate::http::authentication::Granted;
use crate::http::body::{self, JsonBody};
use crate::http::reply::{Failure, Reply};
use crate::request::documents::Parameters;
use crate::request::{browse, deletions, document, documents, editions, resolve};

/// `POST` replaces, `PUT` merges.
pub(crate) async fn write(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    method: Method,
    Path(uid): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply, Failure> {
    let parameters: AddDocuments = from_query(query.as_deref().unwrap_or_default())?;
    let uid = resolve::uid(&uid)?;
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let format = Format::of(content_type, parameters.csv_delimiter)?;
    let body = body::read(&app, &headers, body).await?;
    let parameters = Parameters {
        method,
        primary_key: parameters.primary_key,
        custom_metadata: parameters.custom_metadata,
        skip_creation: parameters.skip_creation.unwrap_or(false),
        may_create: access.may_create(uid.as_str()),
    };
    let story = Arc::clone(&app);
    task_reply(
        app.spawn_story(
            async move { documents::write(&story, uid, parameters, format, body).await },
        ),
    )
    .await
}

/// `GET`: the same as [`fetch`] in parameters.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: BrowseParameters = from_query(query.as_deref().unwrap_or_default())?;
    browsed(&app, &uid, parameters.into()).await
}

/// `POST .../documents/fetch`.
pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let query: BrowseQuery = from_json(&body)?;
    browsed(&app, &uid, query).await
}

async fn browsed(app: &Arc<App>, uid: &str, query: BrowseQuery) -> Result<Reply, Failure> {
    let uid = resolve::uid(uid)?;
    query.refuse_network()?;
    browse::browse(app, &uid, &query).await
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Path((uid, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    one(&app, &uid, &id, query.as_deref()).await
}

/// One document, however the request came here.
pub(crate) async fn one(
    app: &Arc<App>,
    uid: &str,
    id: &str,
    query: Option<&str>,
) -> Result<Reply, Failure> {
    let query = query.unwrap_or_default();
    let _checked: GetDocument = from_query(query)?;
    let uid = resolve::uid(uid)?;
    document::get(app, &uid, id, query).await
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Path((uid, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: WriteParameters = from_query(query.as_deref().unwrap_or_default())?;
    let uid = resolve::uid(&uid)?;
    delete_ids(app, uid, Deletion::of_one(id), parameters.custom_metadata).await
}

pub(crate) async fn delete_batch(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply, Failure> {
    let parameters: WriteParameters = from_query(query.as_deref().unwrap_or_default())?;
    let body = body::read_json(&app, &headers, body).await?;
    let deletion = Deletion::read(&body)?;
    let uid = resolve::uid(&uid)?;
    delete_ids(app, uid, deletion, parameters.custom_metadata).await
}

async fn delete_ids(
    app: Arc<App>,
    uid: IndexUid,
    deletion: Deletion,
    metadata: Option<String>,
) -> Result<Reply, Failure> {
    let story = Arc::clone(&app);
    task_reply(
        app.spawn_story(async move { deletions::by_ids(&story, uid, deletion, metadata).await }),
    )
    .await
}

/// `POST .../documents/delete`.
pub(crate) async fn delete_by_filter(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply, Failure> {
    let parameters: WriteParameters = from_query(query.as_deref().unwrap_or_default())?;
    let body = body::read_json(&app, &headers, body).await?;
    let DeleteByFilter { filter } = from_json(&body)?;
    let uid = resolve::uid(&uid)?;
    let story = Arc::clone(&app);
    let metadata = parameters.custom_metadata;
    task_reply(
        app.spawn_story(async move { deletions::by_filter(&story, uid, &filter, metadata).await }),
    )
    .await
}

/// `POST .../documents/edit`.
pub(crate) async fn edit(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply, Failure> {
    let parameters: WriteParameters = from_query(query.as_deref().unwrap_or_default())?;
    let body = body::read_json(&app, &headers, body).await?;
    let edition: EditDocuments = from_json(&body)?;
    let uid = editions::uid(&app, &uid).await?;
    let story = Arc::clone(&app);
    let metadata = parameters.custom_metadata;
    task_reply(app.spawn_story(async move { editions::edit(&story, uid, edition, metadata).await }))
        .await
}

pub(crate) async fn delete_all(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: WriteParameters = from_query(query.as_deref().unwrap_or_default())?;
    let uid = resolve::uid(&uid)?;
    let story = Arc::clone(&app);
    let metadata = parameters.custom_metadata;
    task_reply(app.spawn_story(async move { deletions::all(&story, uid, metadata).await })).await
}
