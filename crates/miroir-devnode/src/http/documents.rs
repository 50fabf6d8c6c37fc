//! `/indexes/{uid}/documents` and everything under it.

use axum::extract::Path;
use miroir_core::document::batch::Format;
use miroir_core::error::ApiError;
use miroir_core::wire::documents::{
    AddDocuments, BrowseParameters, BrowseQuery, DeleteByFilter, EditDocuments, GetDocument,
    WriteParameters, ids_to_delete,
};
use miroir_core::wire::index::ValidUid;
use serde::Serialize;
use serde_json::Value;

use super::call::Call;
use super::payload;
use super::reply::{Reply, ok};
use crate::browse;
use crate::queue::task::{Content, Method};
use crate::search::document::Document;

pub(super) async fn replace(path: Path<String>, call: Call) -> Reply {
    write(path, call, Method::Replace).await
}

pub(super) async fn update(path: Path<String>, call: Call) -> Reply {
    write(path, call, Method::Update).await
}

async fn write(Path(uid): Path<String>, call: Call, method: Method) -> Reply {
    let parameters: AddDocuments = call.parameters()?;
    ValidUid::check(&uid)?;
    let format = Format::of(call.content_type().as_deref(), parameters.csv_delimiter)?;
    let body = call.body.clone();
    let task = call
        .blocking(move |app| {
            let (documents, count) = payload::read(format, body)?;
            let payload = app.queue.store_payload(&documents)?;
            let content = Content::DocumentWrite {
                index: uid,
                method,
                primary_key: parameters.primary_key,
                payload,
                count,
                skip_creation: parameters.skip_creation.unwrap_or(false),
            };
            let enqueued = app.queue.enqueue(content, parameters.custom_metadata);
            Ok(enqueued.inspect_err(|_| app.queue.remove_payload(payload))?)
        })
        .await?;
    Ok(super::reply::json(
        http::StatusCode::ACCEPTED,
        &task.summary(),
    ))
}

pub(super) async fn list(path: Path<String>, call: Call) -> Reply {
    let query: BrowseQuery = call.parameters::<BrowseParameters>()?.into();
    browse(path, call, query).await
}

pub(super) async fn fetch(path: Path<String>, call: Call) -> Reply {
    let query: BrowseQuery = call.json()?;
    browse(path, call, query).await
}

/// A page of documents. Never a tree of values: those would change how numbers are written.
#[derive(Serialize)]
struct DocumentPage {
    results: Vec<Document>,
    offset: usize,
    limit: usize,
    total: u64,
}

async fn browse(Path(uid): Path<String>, call: Call, query: BrowseQuery) -> Reply {
    query.refuse_network()?;
    let entry = call.index(&uid)?;
    let (offset, limit) = (query.offset, query.limit);
    let page = call
        .blocking(move |app| {
            let contains = app.queue.state().features.get("containsFilter") == Some(&true);
            let index = app.engine.index(entry.uuid, entry.map_size);
            let index = index.map_err(|error| crate::engine::error::to_api(&error))?;
            Ok(browse::browse(&index, &query, contains)?)
        })
        .await?;
    ok(&DocumentPage {
        results: page.documents,
        offset,
        limit,
        total: page.total,
    })
}

pub(super) async fn get(Path((uid, id)): Path<(String, String)>, call: Call) -> Reply {
    let parameters: GetDocument = call.parameters()?;
    let entry = call.index(&uid)?;
    let document = call
        .blocking(move |app| {
            let index = app.engine.index(entry.uuid, entry.map_size);
            let index = index.map_err(|error| crate::engine::error::to_api(&error))?;
            let fields = parameters.fields.into_option();
            Ok(browse::one(
                &index,
                &id,
                fields.as_deref(),
                parameters.retrieve_vectors.0,
            )?)
        })
        .await?;
    ok(&document)
}

pub(super) async fn delete(Path((uid, id)): Path<(String, String)>, call: Call) -> Reply {
    let parameters: WriteParameters = call.parameters()?;
    ValidUid::check(&uid)?;
    let content = Content::DocumentDeletion {
        index: uid,
        ids: vec![id],
    };
    call.enqueue(content, parameters.custom_metadata).await
}

pub(super) async fn delete_batch(Path(uid): Path<String>, call: Call) -> Reply {
    let parameters: WriteParameters = call.parameters()?;
    call.require_json()?;
    let ids = ids_to_delete(&call.body)?;
    ValidUid::check(&uid)?;
    let content = Content::DocumentDeletion { index: uid, ids };
    call.enqueue(content, parameters.custom_metadata).await
}

pub(super) async fn delete_by_filter(Path(uid): Path<String>, call: Call) -> Reply {
    let parameters: WriteParameters = call.parameters()?;
    let DeleteByFilter { filter } = call.json()?;
    ValidUid::check(&uid)?;
    check_filter(&call, &filter)?;
    let content = Content::DocumentDeletionByFilter { index: uid, filter };
    call.enqueue(content, parameters.custom_metadata).await
}

/// The syntax is checked at once; whether the attributes can be filtered, when the task is done.
fn check_filter(call: &Call, filter: &Value) -> Result<(), ApiError> {
    let contains = call.app.queue.state().features.get("containsFilter") == Some(&true);
    match browse::document_filter(Some(filter), contains)? {
        Some(_) => Ok(()),
        None => Err(ApiError::empty_filter()),
    }
}

pub(super) async fn clear(Path(uid): Path<String>, call: Call) -> Reply {
    let parameters: WriteParameters = call.parameters()?;
    ValidUid::check(&uid)?;
    let content = Content::DocumentClear { index: uid };
    call.enqueue(content, parameters.custom_metadata).await
}

/// Editing by function is an experimental feature, which is always off here.
pub(super) async fn edit(_: Path<String>, call: Call) -> Reply {
    let _: EditDocuments = call.json()?;
    Err(ApiError::feature_not_enabled(
        "Using the documents edit route",
        "edit documents by function",
        "https://github.com/orgs/meilisearch/discussions/762",
    )
    .into())
}
