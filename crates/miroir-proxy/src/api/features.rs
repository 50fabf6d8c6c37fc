//! `/experimental-features`: what clients have switched. Nodes have those on that they need to; the others are refused with the reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::deserialize::from_json;
use miroir_core::wire::features::Features;

use crate::app::App;
use crate::cluster::features::switch;
use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};

/// Features of filters, editions, embedders, tasks and templates: nodes do the work, and Miroir sends them all that it takes.
const ON_NODES: [&str; 6] = [
    "editDocumentsByFunction",
    "containsFilter",
    "compositeEmbedders",
    "multimodal",
    "getTaskDocumentsRoute",
    "renderRoute",
];

/// Whether clients have switched a feature on.
pub(super) async fn is_on(app: &App, name: &str) -> Result<bool, Failure> {
    let switches = app.store.read(|tx| tx.features().switches()).await?;
    Ok(switches.get(name).copied().unwrap_or(false))
}

pub(crate) async fn get(State(app): State<Arc<App>>) -> Result<Reply, Failure> {
    let switches = app.store.read(|tx| tx.features().switches()).await?;
    Ok(Reply::ok(&Features::of(&switches)))
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let wanted: Features = from_json(&body)?;
    let mut switches = BTreeMap::new();
    for (name, enabled) in wanted.named() {
        if ON_NODES.contains(&name) {
            switches.insert(name.to_owned(), enabled);
        } else if enabled {
            let message = format!(
                "The experimental feature `{name}` cannot be enabled on a fleet: {}",
                reason(name)
            );
            return Err(ApiError::new(Code::FeatureNotEnabled, message).into());
        }
    }
    if !switches.is_empty() {
        switch(&app, switches).await?;
    }
    get(State(app)).await
}

/// Why a fleet does not have the feature, and what helps.
fn reason(name: &str) -> &'static str {
    match name {
        "metrics" => "Miroir has metrics of its own, on the port `metrics.port`.",
        "logsRoute" => "each process writes its own log; `log.level` sets how much.",
        "network" => "Miroir distributes searches itself; see `/_miroir/topology`.",
        "chatCompletions" => {
            "a node would answer from its own documents, with the rights of Miroir."
        }
        "foreignKeys" => "a node joins its own documents only.",
        "dynamicSearchRules" => "a node pins its own documents only.",
        "legacySearch" | "disableDocumentsFetchQueue" => {
            "it changes how a node answers; Miroir merges answers of one kind."
        }
        _ => "a node whose task queue was compacted must be restarted.",
    }
}
