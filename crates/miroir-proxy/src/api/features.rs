//! `/experimental-features`: those of a server, all off. A fleet has none of them, and says why when one is to be switched on.

use miroir_core::error::{ApiError, Code};
use miroir_core::wire::deserialize::from_json;
use miroir_core::wire::features::Features;

use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};

pub(crate) async fn get() -> Reply {
    Reply::ok(&Features::default())
}

pub(crate) async fn update(JsonBody(body): JsonBody) -> Result<Reply, Failure> {
    let wanted: Features = from_json(&body)?;
    match wanted.first_enabled() {
        None => Ok(Reply::ok(&Features::default())),
        Some(name) => {
            let message = format!(
                "The experimental feature `{name}` cannot be enabled on a fleet: {}",
                reason(name)
            );
            Err(ApiError::new(Code::FeatureNotEnabled, message).into())
        }
    }
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
        "getTaskDocumentsRoute" => {
            "documents are on their way to several nodes, none has them all."
        }
        "taskQueueCompactionRoute" => "a node whose task queue was compacted must be restarted.",
        _ => "this version of Miroir does not switch features of nodes.",
    }
}
