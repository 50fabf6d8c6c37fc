//! What this process believes about the health of each node, and the prober that keeps it true.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use miroir_core::id::NodeId;
use miroir_core::topology::{Health, HealthCounter, HealthMap, Observation, Thresholds};
use miroir_node::{Answer, Call, NodeError};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::app::App;
use crate::cluster::identity;
use crate::cluster::worker::jittered;
use crate::http::reply::chain;

/// What operators see of one node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sighting {
    pub(crate) last_success: Option<Instant>,
    /// Of the last probe or call, when it failed.
    pub(crate) error: Option<String>,
}

struct NodeHealth {
    counter: HealthCounter,
    sighting: Sighting,
    /// That the node has never been reached has been said.
    reported: bool,
    /// A probe has ended, well or not.
    probed: bool,
    /// Its incarnation when it was identified last, and the highest task uid that it has shown since.
    identity: Option<(String, Option<u32>)>,
    /// Rung when the node is to be looked at now.
    suspected: Arc<Notify>,
}

impl Default for NodeHealth {
    fn default() -> Self {
        Self {
            counter: HealthCounter::unidentified(),
            sighting: Sighting::default(),
            reported: false,
            probed: false,
            identity: None,
            suspected: Arc::default(),
        }
    }
}

pub(crate) struct HealthBoard {
    thresholds: Thresholds,
    nodes: Mutex<BTreeMap<NodeId, NodeHealth>>,
    snapshot: ArcSwap<HealthMap>,
    /// Rung when a node becomes healthy.
    bells: Vec<Arc<Notify>>,
    /// Every node has been probed once.
    met_all: watch::Sender<bool>,
}

impl HealthBoard {
    /// No node serves anything before it has been identified.
    pub(crate) fn new(
        thresholds: Thresholds,
        nodes: impl IntoIterator<Item = NodeId>,
        bells: Vec<Arc<Notify>>,
    ) -> Self {
        let nodes: BTreeMap<NodeId, NodeHealth> = nodes
            .into_iter()
            .map(|node| (node, NodeHealth::default()))
            .collect();
        let snapshot = nodes
            .iter()
            .map(|(node, health)| (node.clone(), health.counter.health()))
            .collect();
        Self {
            thresholds,
            nodes: Mutex::new(nodes),
            snapshot: ArcSwap::from_pointee(snapshot),
            bells,
            met_all: watch::Sender::new(false),
        }
    }

    /// Whether every node has been probed once.
    pub(crate) fn has_met_all(&self) -> bool {
        *self.met_all.borrow()
    }

    /// Waits until every node has been probed once: before that nobody knows which of them are there.
    pub(crate) async fn met_all(&self) {
        // The board holds the sender.
        let _ = self.met_all.subscribe().wait_for(|met| *met).await;
    }

    /// The incarnation of a node that has been identified, and its newest task.
    pub(super) fn known(&self, node: &NodeId) -> Option<(String, Option<u32>)> {
        self.nodes.lock().get(node)?.identity.clone()
    }

    /// The node has shown who it is.
    pub(super) fn confirm(&self, node: &NodeId, incarnation: &str, newest_task: Option<u32>) {
        if let Some(node) = self.nodes.lock().get_mut(node) {
            let newest = match node.identity.take() {
                Some((known, newest)) if known == incarnation => newest.max(newest_task),
                _ => newest_task,
            };
            node.identity = Some((incarnation.to_owned(), newest));
        }
    }

    /// Whether a node that has given a task this uid may be the one it was: uids only grow. Answers of two requests may overtake each
    /// other, so a lower one proves nothing.
    pub(super) fn grows(&self, node: &NodeId, task_uid: u32) -> bool {
        let mut nodes = self.nodes.lock();
        let Some((_, newest)) = nodes.get_mut(node).and_then(|node| node.identity.as_mut()) else {
            return false;
        };
        let grows = newest.is_none_or(|newest| task_uid > newest);
        if grows {
            *newest = Some(task_uid);
        }
        grows
    }

    /// Something is wrong with what the node says: it is to be identified now.
    pub(crate) fn suspect(&self, node: &NodeId) {
        if let Some(node) = self.nodes.lock().get(node) {
            node.suspected.notify_one();
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
            Health::Healthy => {
                tracing::info!(node_id = %node, "node is healthy");
            }
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
        // Whoever is woken finds the node as it is now.
        if after == Health::Healthy {
            self.bells.iter().for_each(|bell| bell.notify_one());
        }
    }

    fn suspected(&self, node: &NodeId) -> Arc<Notify> {
        let mut nodes = self.nodes.lock();
        Arc::clone(&nodes.entry(node.clone()).or_default().suspected)
    }

    fn set_probed(&self, node: &NodeId) {
        let mut nodes = self.nodes.lock();
        nodes.entry(node.clone()).or_default().probed = true;
        if nodes.values().all(|node| node.probed) {
            self.met_all
                .send_if_modified(|met| !std::mem::replace(met, true));
        }
    }

    pub(super) fn needs_identity(&self, node: &NodeId) -> bool {
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
    let suspected = app.cluster.health_board().suspected(&node);
    loop {
        let result = app
            .cluster
            .call(&node, Call::get("/health", Instant::now() + timeout))
            .await;
        if result.is_ok_and(|answer| answer.is_success()) {
            identity::check(&app, &node, timeout).await;
        }
        app.cluster.health_board().set_probed(&node);
        tokio::select! {
            () = tokio::time::sleep(jittered(interval)) => {}
            () = suspected.notified() => {}
        }
    }
}
