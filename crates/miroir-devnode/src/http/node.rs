//! The node itself: health, version, statistics, experimental features.

use std::collections::BTreeMap;

use axum::response::IntoResponse;
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::index::StatsParameters;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::indexes::stats_view;
use super::reply::{Reply, ok};
use crate::queue::state::Change;

pub(super) async fn root() -> Reply {
    ok(&json!({"status": "Meilisearch is running"}))
}

pub(super) async fn health() -> Reply {
    ok(&json!({"status": "available"}))
}

pub(super) async fn version() -> Reply {
    ok(&json!({
        "commitSha": "miroir-devnode milli-core-1.15.1",
        "commitDate": "unknown",
        "pkgVersion": "1.50.0",
    }))
}

pub(super) async fn stats(call: Call) -> Reply {
    let _: StatsParameters = call.parameters()?;
    let state = call.app.queue.state();
    let mut indexes = Map::new();
    let mut on_disk = 0;
    let mut used = 0;
    let mut last_update = None;
    for (uid, entry) in &state.indexes {
        on_disk += entry.stats.size_on_disk;
        used += entry.stats.size_used;
        last_update = last_update.max(Some(entry.updated_at));
        indexes.insert(uid.clone(), stats_view(&state, uid, entry));
    }
    ok(&json!({
        "databaseSize": on_disk,
        "usedDatabaseSize": used,
        "lastUpdate": last_update,
        "indexes": indexes,
    }))
}

/// The features of a 1.50 server in its order, and whether this node can have them on.
const FEATURES: &[(&str, bool)] = &[
    ("metrics", false),
    ("logsRoute", false),
    ("editDocumentsByFunction", false),
    ("containsFilter", true),
    ("dynamicSearchRules", false),
    ("network", false),
    ("getTaskDocumentsRoute", false),
    ("taskQueueCompactionRoute", false),
    ("compositeEmbedders", false),
    ("chatCompletions", false),
    ("multimodal", false),
    ("foreignKeys", false),
    ("disableDocumentsFetchQueue", true),
    ("legacySearch", false),
    ("renderRoute", false),
];

pub(super) async fn features(call: Call) -> Reply {
    ok(&features_view(&call.app.queue.state().features))
}

fn features_view(on: &BTreeMap<String, bool>) -> Map<String, Value> {
    FEATURES
        .iter()
        .map(|(name, _)| {
            let value = on.get(*name).copied().unwrap_or(false);
            ((*name).to_owned(), Value::Bool(value))
        })
        .collect()
}

/// Switches features. One that this node does not have is refused by name.
pub(super) async fn update_features(call: Call) -> Reply {
    call.require_json()?;
    let body: Map<String, Value> =
        serde_json::from_slice(&call.body).map_err(ApiError::malformed_body)?;
    let mut features = call.app.queue.state().features.clone();
    for (name, value) in body {
        let Some((_, available)) = FEATURES.iter().find(|(known, _)| *known == name) else {
            let known: Vec<String> = FEATURES
                .iter()
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            let message = format!(
                "Unknown field `{name}`: expected one of {}",
                known.join(", ")
            );
            return Err(ApiError::new(Code::BadRequest, message).into());
        };
        match value {
            Value::Null => {}
            Value::Bool(true) if !available => {
                let message = format!(
                    "the experimental feature `{name}` is not available: this is miroir-devnode on the engine milli-core 1.15.1"
                );
                return Err(ApiError::new(Code::FeatureNotEnabled, message).into());
            }
            Value::Bool(value) => {
                features.insert(name, value);
            }
            other => {
                let message = format!(
                    "Invalid value type at `.{name}`: expected a boolean, but found {other}"
                );
                return Err(ApiError::new(Code::BadRequest, message).into());
            }
        }
    }
    let view = features_view(&features);
    call.blocking(move |app| Ok(app.queue.commit(vec![Change::Features(features)], true)?))
        .await?;
    Ok(ok(&view).into_response())
}
