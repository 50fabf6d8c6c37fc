//! `/_miroir/indexes/{uid}/settings/*`: where a change of settings is, what one would do, and the way out of a freeze.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use miroir_core::error::{ApiError, Code};
use miroir_core::id::NodeId;
use miroir_core::settings::refuse_reserved;
use miroir_store::table::SettingsState;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::preview::{self, Difference};
use crate::app::App;
use crate::catalog::Index;
use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};
use crate::request::documents::RESERVED;
use crate::request::indexes::settings_fingerprint;
use crate::request::resolve;
use crate::tasks::Broadcast;

#[derive(Serialize)]
struct StatusView {
    version: u64,
    /// `idle`, `propose`, `verify` or `commit`.
    phase: &'static str,
    fingerprint: String,
    nodes: Vec<NodeView>,
    frozen: bool,
    frozen_reason: Option<String>,
    /// Of all indexes, since the process began.
    mismatches: u64,
    repairs: u64,
}

#[derive(Serialize)]
struct NodeView {
    node: NodeId,
    version: u64,
    fingerprint: String,
    /// Milliseconds since 1970; `null`: never doubted.
    verified_at: Option<i64>,
    state: &'static str,
}

/// `GET .../status`.
pub(crate) async fn status(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
) -> Result<Reply, Failure> {
    let index = resolve::index(&app, &resolve::uid(&uid)?)?;
    Ok(Reply::ok(&view(&app, &index)))
}

fn view(app: &App, index: &Index) -> StatusView {
    let (row, node_uid) = (&index.row, index.node_uid());
    let fingerprint = fingerprint_of(index);
    let node = |id: &NodeId| match app.settings.copy(node_uid, id) {
        Some(copy) => NodeView {
            node: id.clone(),
            version: copy.version,
            fingerprint: copy.fingerprint,
            verified_at: Some(copy.verified_at),
            state: copy.state.as_str(),
        },
        None => NodeView {
            node: id.clone(),
            version: row.settings_version,
            fingerprint: fingerprint.clone(),
            verified_at: None,
            state: SettingsState::InLine.as_str(),
        },
    };
    let counts = &app.settings.counts;
    StatusView {
        version: row.settings_version,
        phase: match app.open_tasks.broadcast_of(node_uid) {
            None => "idle",
            Some(Broadcast::Proposed) => "propose",
            Some(Broadcast::Verifying) => "verify",
            Some(Broadcast::Verified(_)) => "commit",
        },
        nodes: app.cluster.node_ids().map(node).collect(),
        fingerprint: fingerprint.clone(),
        frozen: row.frozen_reason.is_some(),
        frozen_reason: row.frozen_reason.clone(),
        mismatches: counts.mismatches.load(std::sync::atomic::Ordering::Relaxed),
        repairs: counts.repairs.load(std::sync::atomic::Ordering::Relaxed),
    }
}

fn fingerprint_of(index: &Index) -> String {
    String::from_utf8_lossy(&index.row.settings_fingerprint).into_owned()
}

#[derive(Serialize)]
struct PreviewView {
    diff: Vec<Difference>,
    current_version: u64,
    next_version: u64,
    current_fingerprint: String,
    proposed_fingerprint: String,
    reindex_expected: bool,
    warnings: Vec<&'static str>,
}

/// `POST .../preview`: the body is that of `PATCH .../settings`. Nothing is sent, so that nobody judges whether it is valid.
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let patch: Map<String, Value> =
        serde_json::from_slice(&body).map_err(ApiError::malformed_body)?;
    refuse_reserved(&patch, RESERVED)?;
    let index = resolve::index(&app, &resolve::uid(&uid)?)?;
    let mut proposed = index.settings.clone();
    proposed.apply_patch(&patch);
    let diff = preview::differences(&index.settings, &proposed);
    let mut warnings = Vec::new();
    if app.open_tasks.changes_settings_of(index.node_uid()) {
        warnings.push("another change of these settings is on its way");
    }
    if diff.is_empty() {
        warnings.push("nothing would change but the version");
    }
    let fingerprint = settings_fingerprint(&proposed);
    Ok(Reply::ok(&PreviewView {
        reindex_expected: preview::reindexes(&diff),
        diff,
        current_version: index.row.settings_version,
        next_version: index.row.settings_version + 1,
        current_fingerprint: fingerprint_of(&index),
        proposed_fingerprint: String::from_utf8_lossy(&fingerprint).into_owned(),
        warnings,
    }))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Unfreeze {
    #[serde(default)]
    revert: bool,
}

/// How often the state is looked at while the worker is at it.
const LOOK: Duration = Duration::from_millis(20);

/// `POST .../unfreeze`: the nodes are looked at now, with `revert` told the committed settings first. Answers when the index takes
/// writes again, or with a conflict when that could not be reached in time.
pub(crate) async fn unfreeze(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    body: axum::body::Bytes,
) -> Result<Reply, Failure> {
    let wanted: Unfreeze = match body.is_empty() {
        true => Unfreeze::default(),
        false => serde_json::from_slice(&body).map_err(ApiError::malformed_body)?,
    };
    let uid = resolve::uid(&uid)?;
    let index = resolve::index(&app, &uid)?;
    app.settings.suspect(index.node_uid(), wanted.revert);
    let thawed = async {
        loop {
            let index = resolve::index(&app, &uid)?;
            let settled = app.settings.barred(index.node_uid()).is_empty();
            if index.row.frozen_reason.is_none() && settled {
                return Ok::<_, ApiError>(index);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let limit = app.config.server.request_timeout_ms.duration();
    match tokio::time::timeout(limit, thawed).await {
        Ok(index) => Ok(Reply::ok(&view(&app, &*index?))),
        Err(_) => Err(Failure::new(
            Code::MiroirConflict,
            "Some nodes still do not have the settings of this index; `settings/status` tells which. With `{\"revert\": true}` they are told the committed settings first.",
        )),
    }
}
