//! What this process believes about the health of each node, and the prober that keeps it true.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use miroir_core::id::NodeId;
use miroir_core::topology::{Health, HealthCounter, HealthMap, Observation, Thresholds};
use miroir_node::{Answer, Call, NodeError};
use parking_lot::Mutex;
use rand::RngExt;
use serde::Deserialize;
use tokio::time::Instant;

use crate::app::App;
use crate::http::reply::chain;

/// What operators see of one node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sighting {
    pub(crate) last_success: Option<Instant>,
    /// Of the last probe or call, when it failed.
    pub(crate) error: Option<String>,
}

#[derive(Default)]
struct NodeHealth {
    counter: HealthCounter,
    sighting: Sighting,
    /// That the node has never been reached has been said.
    reported: bool,
}

pub(crate) struct HealthBoard {
    thresholds: Thresholds,
    nodes: Mutex<BTreeMap<NodeId, NodeHealth>>,
    snapshot: ArcSwap<HealthMap>,
}

impl HealthBoard {
    pub(crate) fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            nodes: Mutex::default(),
            snapshot: ArcSwap::default(),
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<HealthMap> {
        self.snapshot.load_full()
    }

    pub(crate) fn sighting(&self, node: &NodeId) -> Sighting {
        self.nodes
            .lock()
            .get(node)
            .map(|node| node.sighting.clone())
            .unwrap_or_default()
    }

    /// The outcome of an ordinary request. A refused connection in live traffic does not wait for the next probe.
    pub(crate) fn observe_call(&self, node: &NodeId, result: &Result<Answer, NodeError>) {
        let (observation, error) = match result {
            Ok(answer) if is_failure(answer) => (
                Observation::Slow,
                Some(format!("the node answers {}", answer.status)),
            ),
            Ok(_) => (Observation::Success, None),
            Err(error) if error.is_unreachable() => (Observation::Refused, Some(chain(error))),
            Err(error) => (Observation::Slow, Some(chain(error))),
        };
        self.observe(node, observation, error);
    }

    pub(crate) fn observe(&self, node: &NodeId, observation: Observation, error: Option<String>) {
        let mut nodes = self.nodes.lock();
        let entry = nodes.entry(node.clone()).or_default();
        let before = entry.counter.health();
        entry.counter.observe(observation, self.thresholds);
        if observation == Observation::Success {
            entry.sighting.last_success = Some(Instant::now());
        }
        entry.sighting.error = error;
        let after = entry.counter.health();
        if before == after {
            if let (Some(error), None, true) = (
                &entry.sighting.error,
                entry.sighting.last_success,
                !entry.reported,
            ) {
                entry.reported = true;
                tracing::warn!(node_id = %node, error, "node has not been reached yet");
            }
            return;
        }
        match after {
            Health::Healthy => tracing::info!(node_id = %node, "node is healthy"),
            Health::Degraded => {
                tracing::warn!(node_id = %node, error = entry.sighting.error, "node is degraded")
            }
            Health::Failed => {
                tracing::warn!(node_id = %node, error = entry.sighting.error, "node has failed")
            }
        }
        let mut snapshot = HealthMap::clone(&self.snapshot.load());
        snapshot.set(node.clone(), after);
        self.snapshot.store(Arc::new(snapshot));
    }

    fn needs_identity(&self, node: &NodeId) -> bool {
        self.nodes
            .lock()
            .get(node)
            .is_some_and(|node| node.counter.needs_identity())
    }
}

/// A search queue that is full is load, not a failure.
fn is_failure(answer: &Answer) -> bool {
    answer.status.is_server_error() && answer.status != http::StatusCode::SERVICE_UNAVAILABLE
}

/// Probes one node until the process stops.
pub(crate) async fn probe(app: Arc<App>, node: NodeId) {
    let interval = app.config.health.interval_ms.duration();
    let timeout = app.config.health.timeout_ms.duration();
    let mut highest_task = None;
    loop {
        let result = app
            .cluster
            .call(&node, Call::get("/health", Instant::now() + timeout))
            .await;
        if result.is_ok_and(|answer| answer.is_success()) {
            identify(&app, &node, timeout, &mut highest_task).await;
        }
        tokio::time::sleep(jittered(interval)).await;
    }
}

/// A node whose newest task is older than one that it has shown before has lost its disk or was rolled back: nothing on it can be
/// trusted.
async fn identify(app: &Arc<App>, node: &NodeId, timeout: Duration, highest: &mut Option<u32>) {
    #[derive(Deserialize)]
    struct Page {
        results: Vec<Task>,
    }
    #[derive(Deserialize)]
    struct Task {
        uid: u32,
    }
    let board = app.cluster.health_board();
    let call = Call::get("/tasks?limit=1", Instant::now() + timeout);
    let Ok(answer) = app.cluster.call(node, call).await else {
        return;
    };
    let Ok(page) = answer.json::<Page>() else {
        let error = format!(
            "the node answers {} to its own task list: check node_master_key",
            answer.status
        );
        board.observe(node, Observation::Slow, Some(error));
        return;
    };
    let newest = page.results.first().map(|task| task.uid);
    let known = match *highest {
        Some(highest) => Some(highest),
        None => app.last_task_uid(node).await,
    };
    if newest < known {
        tracing::error!(node_id = %node, "node has lost tasks that it had: its data is not what it was");
        app.distrust(node).await;
        board.observe(
            node,
            Observation::IdentityLost,
            Some("the node has lost its data".to_owned()),
        );
    }
    if newest != *highest {
        *highest = newest;
        app.remember_last_task_uid(node, newest).await;
    }
    if newest >= known && board.needs_identity(node) {
        board.observe(node, Observation::IdentityConfirmed, None);
    }
}

/// Between 90 and 110 percent, so that probes of many processes do not fall together.
fn jittered(interval: Duration) -> Duration {
    interval.mul_f64(rand::rng().random_range(0.9..1.1))
}
