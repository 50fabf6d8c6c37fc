//! `GET /_miroir/ready`: 200 once every shard of every index has been covered by a node that answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use http::StatusCode;
use miroir_core::id::{NodeId, ShardCount, ShardSet};
use miroir_core::plan::{self, Constraints};
use miroir_core::topology::{GroupState, Health};
use serde_json::json;

use crate::app::{App, ClusterView};
use crate::http::reply::Reply;

pub(crate) async fn ready(State(app): State<Arc<App>>) -> Reply {
    if app.is_stopping.load(Ordering::Relaxed) {
        let body = json!({"status": "stopping", "reason": "the process was told to stop"});
        return Reply::json(StatusCode::SERVICE_UNAVAILABLE, &body);
    }
    if !app.was_covered.load(Ordering::Relaxed) {
        if let Some(reason) = why_not_covered(&app) {
            let body = json!({"status": "starting", "reason": reason});
            return Reply::json(StatusCode::SERVICE_UNAVAILABLE, &body);
        }
        // Latched: an unready fleet would turn partial answers into none.
        app.was_covered.store(true, Ordering::Relaxed);
    }
    Reply::ok(&json!({"status": "ready", "epoch": app.cluster.topology().epoch()}))
}

/// What is missing for the first readiness; `None` when everything is covered.
pub(crate) fn why_not_covered(app: &App) -> Option<String> {
    if !app.cluster.health_board().has_met_all() {
        return Some("the nodes are being met".to_owned());
    }
    let unseen = unseen(app);
    let indexes = app.catalog.all();
    if indexes.is_empty() {
        let topology = app.cluster.topology();
        let lacking = topology.groups().iter().find(|group| {
            let mut nodes = topology
                .nodes()
                .iter()
                .filter(|node| node.replica_group == group.id);
            group.state == GroupState::Active && !nodes.any(|node| !unseen.contains(&node.id))
        });
        return lacking.map(|group| format!("no node of replica group {} answers", group.id));
    }
    indexes.values().find_map(|index| {
        let view = app.quiet_view(index.node_uid());
        let uncovered = uncovered(&view, index.shards(), &unseen);
        (!uncovered.is_empty()).then(|| {
            format!(
                "shards {uncovered} of index `{}` have no fresh copy on a node that answers",
                index.row.uid
            )
        })
    })
}

/// The nodes that do not answer, or have not shown yet who they are.
fn unseen(app: &App) -> Vec<NodeId> {
    let board = app.cluster.health_board();
    let health = app.cluster.health();
    let unseen = |node: &&NodeId| {
        let sighting = board.sighting(node);
        sighting.last_success.is_none()
            || sighting.error.is_some()
            || health.get(node) == Health::Failed
    };
    app.cluster.node_ids().filter(unseen).cloned().collect()
}

/// The shards that no group can answer for without these nodes.
fn uncovered(view: &ClusterView<'_>, shards: ShardCount, without: &[NodeId]) -> ShardSet {
    let constraints = Constraints {
        exclude_nodes: without.iter().cloned().collect(),
        ..Constraints::default()
    };
    plan::search(&view.cluster(), shards, &constraints, 0).uncovered
}
