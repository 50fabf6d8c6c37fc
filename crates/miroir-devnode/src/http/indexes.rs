//! `/indexes` and `/swap-indexes`.

use std::collections::BTreeSet;

use axum::extract::Path;
use milli_core::{Error, Index};
use miroir_core::error::ApiError;
use miroir_core::settings::{Field, UserSettings};
use miroir_core::wire::index::{
    CreateIndex, ListFields, ListIndexes, StatsParameters, SwapIndexes, UpdateIndex, ValidUid,
};
use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Reply, ok};
use crate::engine::error::to_api;
use crate::queue::state::{IndexEntry, State};
use crate::queue::task::{Content, Swap};
use crate::settings::view;
use miroir_core::wire::task::TaskStatus;

fn view(uid: &str, entry: &IndexEntry) -> Value {
    json!({
        "uid": uid,
        "createdAt": entry.created_at,
        "updatedAt": entry.updated_at,
        "primaryKey": entry.primary_key,
    })
}

pub(super) async fn list(call: Call) -> Reply {
    let ListIndexes { offset, limit } = call.parameters()?;
    let state = call.app.queue.state();
    let page = state.indexes.iter().skip(offset.0).take(limit.0);
    let results: Vec<Value> = page.map(|(uid, entry)| view(uid, entry)).collect();
    ok(&json!({
        "results": results,
        "offset": offset.0,
        "limit": limit.0,
        "total": state.indexes.len(),
    }))
}

pub(super) async fn create(call: Call) -> Reply {
    let CreateIndex { uid, primary_key } = call.json()?;
    let content = Content::IndexCreation {
        index: uid.0,
        primary_key,
    };
    call.enqueue(content, None).await
}

pub(super) async fn get(Path(uid): Path<String>, call: Call) -> Reply {
    let entry = call.index(&uid)?;
    ok(&view(&uid, &entry))
}

pub(super) async fn update(Path(uid): Path<String>, call: Call) -> Reply {
    let UpdateIndex {
        primary_key,
        uid: new_uid,
    } = call.json()?;
    ValidUid::check(&uid)?;
    new_uid.as_deref().map_or(Ok(()), ValidUid::check)?;
    let content = Content::IndexUpdate {
        index: uid,
        primary_key,
        new_uid,
    };
    call.enqueue(content, None).await
}

pub(super) async fn delete(Path(uid): Path<String>, call: Call) -> Reply {
    ValidUid::check(&uid)?;
    call.enqueue(Content::IndexDeletion { index: uid }, None)
        .await
}

pub(super) async fn stats(Path(uid): Path<String>, call: Call) -> Reply {
    let _: StatsParameters = call.parameters()?;
    let entry = call.index(&uid)?;
    ok(&stats_view(&call.app.queue.state(), &uid, &entry))
}

/// The fields that the engine has met, and what the settings say of each.
pub(super) async fn fields(Path(uid): Path<String>, call: Call) -> Reply {
    let ListFields {
        offset,
        limit,
        filter,
    } = call.json()?;
    let entry = call.index(&uid)?;
    let fields = call
        .blocking(move |app| {
            let index = app.engine.index(entry.uuid, entry.map_size);
            let index = index.map_err(|error| to_api(&error))?;
            Ok(described(&index).map_err(|error| to_api(&error))?)
        })
        .await?;
    let filter = filter.unwrap_or_default();
    let listed: Vec<Field> = fields
        .into_iter()
        .filter(|field| field.passes(&filter))
        .collect();
    ok(&json!({
        "results": listed.iter().skip(offset).take(limit).collect::<Vec<_>>(),
        "offset": offset,
        "limit": limit,
        "total": listed.len(),
    }))
}

/// By name.
fn described(index: &Index) -> Result<Vec<Field>, Error> {
    let rtxn = index.read_txn()?;
    let known = index.fields_ids_map(&rtxn)?;
    let settings = match view::read(index)?.to_value() {
        Value::Object(settings) => UserSettings::from(settings),
        _ => UserSettings::default(),
    };
    let names: BTreeSet<&str> = known.names().collect();
    Ok(names.into_iter().map(|name| settings.field(name)).collect())
}

/// The counts of one index.
pub(super) fn stats_view(state: &State, uid: &str, entry: &IndexEntry) -> Value {
    let is_indexing = state
        .open
        .iter()
        .filter_map(|open| state.tasks.get(open))
        .any(|task| task.status == TaskStatus::Processing && task.content.index() == Some(uid));
    let stats = &entry.stats;
    json!({
        "numberOfDocuments": stats.documents,
        "rawDocumentDbSize": stats.raw_size,
        "avgDocumentSize": stats.average_size,
        "isIndexing": is_indexing,
        "numberOfEmbeddings": stats.embeddings,
        "numberOfEmbeddedDocuments": stats.embedded_documents,
        "fieldDistribution": stats.field_distribution,
    })
}

pub(super) async fn swap(call: Call) -> Reply {
    let pairs: Vec<SwapIndexes> = call.json()?;
    let mut swaps = Vec::new();
    let mut seen = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    for SwapIndexes { indexes, rename } in pairs {
        let names: Vec<String> = indexes.into_iter().map(|uid| uid.0).collect();
        let [left, right] = <[String; 2]>::try_from(names)
            .map_err(|names| ApiError::swap_of_wrong_length(&names))?;
        for name in [&left, &right] {
            if !seen.insert(name.clone()) {
                repeated.insert(name.clone());
            }
        }
        swaps.push(Swap {
            indexes: [left, right],
            rename,
        });
    }
    if !repeated.is_empty() {
        let repeated: Vec<String> = repeated.into_iter().collect();
        return Err(ApiError::swap_duplicates(&repeated).into());
    }
    call.enqueue(Content::IndexSwap { swaps }, None).await
}
