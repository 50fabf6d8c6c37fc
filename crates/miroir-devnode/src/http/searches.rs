//! Searching: one index, several, values of facets, similar documents.

use axum::extract::Path;
use http::{HeaderMap, StatusCode};
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::search::{FacetSearchQuery, SearchParameters, SearchQuery};
use miroir_core::wire::similar::{SimilarParameters, SimilarQuery};
use serde::Serialize;
use uuid::Uuid;

use super::call::Call;
use super::reply::{Reply, json, ok};
use crate::app::App;
use crate::engine::error::to_api;
use crate::queue::state::IndexEntry;
use crate::search::{self, Answer, Context, Metadata, facet_search, multi, similar};

pub(super) async fn search_get(path: Path<String>, call: Call) -> Reply {
    let query: SearchQuery = call.parameters::<SearchParameters>()?.try_into()?;
    search(path, call, query).await
}

pub(super) async fn search_post(path: Path<String>, call: Call) -> Reply {
    let query: SearchQuery = call.json()?;
    search(path, call, query).await
}

async fn search(Path(uid): Path<String>, call: Call, query: SearchQuery) -> Reply {
    let entry = call.index(&uid)?;
    let with_metadata = wants_metadata(&call.headers);
    let answer = call
        .blocking(move |app| {
            let request = Uuid::now_v7();
            Ok(one(&app, &uid, &entry, &query, request, with_metadata)?)
        })
        .await?;
    ok(&answer)
}

/// One search of one index.
fn one(
    app: &App,
    uid: &str,
    entry: &IndexEntry,
    query: &SearchQuery,
    request: Uuid,
    with_metadata: bool,
) -> Result<Answer, ApiError> {
    query.refuse_network()?;
    query.refuse_personalization()?;
    let index = app.engine.index(entry.uuid, entry.map_size);
    let index = index.map_err(|error| to_api(&error))?;
    let context = Context {
        engine: &app.engine,
        index: &index,
        uid,
        contains_allowed: contains_allowed(app),
    };
    let mut answer = search::search(&context, query, request)?;
    answer.metadata = with_metadata.then(|| Metadata {
        query_uid: Uuid::now_v7(),
        index_uid: uid.to_owned(),
        primary_key: entry.primary_key.clone(),
    });
    Ok(answer)
}

pub(super) async fn facet_search(Path(uid): Path<String>, call: Call) -> Reply {
    let query: FacetSearchQuery = call.json()?;
    let entry = call.index(&uid)?;
    let answer = call
        .blocking(move |app| {
            let index = app.engine.index(entry.uuid, entry.map_size);
            let index = index.map_err(|error| to_api(&error))?;
            let context = Context {
                engine: &app.engine,
                index: &index,
                uid: &uid,
                contains_allowed: contains_allowed(&app),
            };
            Ok(facet_search::search(&context, query)?)
        })
        .await?;
    ok(&answer)
}

pub(super) async fn similar_get(path: Path<String>, call: Call) -> Reply {
    let query: SimilarQuery = call.parameters::<SimilarParameters>()?.into();
    similar(path, call, query).await
}

pub(super) async fn similar_post(path: Path<String>, call: Call) -> Reply {
    let query: SimilarQuery = call.json()?;
    similar(path, call, query).await
}

async fn similar(Path(uid): Path<String>, call: Call, query: SimilarQuery) -> Reply {
    let entry = call.index(&uid)?;
    let answer = call
        .blocking(move |app| {
            let index = app.engine.index(entry.uuid, entry.map_size);
            let index = index.map_err(|error| to_api(&error))?;
            let context = Context {
                engine: &app.engine,
                index: &index,
                uid: &uid,
                contains_allowed: contains_allowed(&app),
            };
            Ok(similar::search(&context, query)?)
        })
        .await?;
    ok(&answer)
}

/// One answer of several.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    index_uid: String,
    #[serde(flatten)]
    answer: Answer,
}

#[derive(Serialize)]
struct Answers {
    results: Vec<Named>,
}

/// Several searches after each other. The first problem refuses them all, and is a 400 even for a missing index, which
/// is not in the path here.
pub(super) async fn multi_search(call: Call) -> Reply {
    call.require_json()?;
    let parts = multi::parts(&call.body)?;
    let with_metadata = wants_metadata(&call.headers);
    let answers = call
        .blocking(move |app| {
            let request = Uuid::now_v7();
            let mut results = Vec::with_capacity(parts.len());
            for (place, part) in parts.into_iter().enumerate() {
                let entry = app.queue.state().indexes.get(&part.uid).cloned();
                let answer = entry
                    .ok_or_else(|| ApiError::index_not_found(&part.uid))
                    .and_then(|entry| {
                        one(&app, &part.uid, &entry, &part.query, request, with_metadata)
                    });
                match answer {
                    Ok(answer) => results.push(Named {
                        index_uid: part.uid,
                        answer,
                    }),
                    Err(mut error) => {
                        error.message = format!("Inside `.queries[{place}]`: {}", error.message);
                        return Ok(Err(error));
                    }
                }
            }
            Ok(Ok(Answers { results }))
        })
        .await?;
    match answers {
        Ok(answers) => ok(&answers),
        Err(error) if error.code == Code::IndexNotFound => {
            Ok(json(StatusCode::BAD_REQUEST, &error))
        }
        Err(error) => Err(error.into()),
    }
}

fn contains_allowed(app: &App) -> bool {
    app.queue.state().features.get("containsFilter") == Some(&true)
}

fn wants_metadata(headers: &HeaderMap) -> bool {
    let value = headers.get("Meili-Include-Metadata");
    value.is_some_and(|value| value == "true" || value == "1")
}
