//! `GET /version`: that of the reachable node with the lowest version, because that is what clients can rely on.

use std::sync::Arc;

use axum::extract::State;
use miroir_core::error::Code;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::reply::{Failure, Reply};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    commit_sha: String,
    commit_date: String,
    pkg_version: String,
}

pub(crate) async fn version(State(app): State<Arc<App>>) -> Result<Reply, Failure> {
    let mut lowest: Option<Version> = None;
    for node in app.cluster.reachable() {
        let Ok(answer) = app.cluster.read(&node, "/version").await else {
            continue;
        };
        let Ok(version) = answer.json::<Version>() else {
            continue;
        };
        if lowest
            .as_ref()
            .is_none_or(|lowest| numbers(&version) < numbers(lowest))
        {
            lowest = Some(version);
        }
    }
    match lowest {
        Some(version) => Ok(Reply::ok(&version)),
        None => Err(Failure::new(
            Code::MiroirShardUnavailable,
            "No node can be reached to tell its version.",
        )),
    }
}

fn numbers(version: &Version) -> Vec<u32> {
    version
        .pkg_version
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}
