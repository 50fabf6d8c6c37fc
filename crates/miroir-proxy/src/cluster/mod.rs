//! The fleet as this process sees it: who belongs to it, who is well, which copies are stale, and the way to call a node.

pub(crate) mod defaults;
pub(crate) mod features;
pub(crate) mod health;
pub(crate) mod identity;
pub(crate) mod journal;
pub(crate) mod lanes;
pub(crate) mod leftovers;
pub(crate) mod repair;
pub(crate) mod sequencer;
pub(crate) mod staleness;
pub(crate) mod touches;
pub(crate) mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use miroir_core::id::NodeId;
use miroir_core::topology::{HealthMap, NodeState, Observation, ReadTier, Topology, WriteRole};
use miroir_node::{Answer, Call, NodeClient, NodeError};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::capabilities::replica_selection::ReplicaSelection;
use crate::cluster::health::HealthBoard;
use crate::telemetry::metrics::{self, NodeCalls};
use crate::telemetry::traces;

/// Connections to each node that are open before the first request comes.
const WARM: usize = 4;

/// Topology, health and connections.
pub(crate) struct Cluster {
    topology: Arc<Topology>,
    clients: BTreeMap<NodeId, NodeClient>,
    health: HealthBoard,
    calls: NodeCalls,
    selection: ReplicaSelection,
    read_timeout: Duration,
}

impl Cluster {
    pub(crate) fn new(
        topology: Topology,
        clients: Vec<NodeClient>,
        health: HealthBoard,
        calls: NodeCalls,
        selection: ReplicaSelection,
        read_timeout: Duration,
    ) -> Self {
        let clients = clients
            .into_iter()
            .map(|client| (client.id().clone(), client))
            .collect();
        Self {
            topology: Arc::new(topology),
            clients,
            health,
            calls,
            selection,
            read_timeout,
        }
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    pub(crate) fn node_ids(&self) -> impl Iterator<Item = &NodeId> {
        self.clients.keys()
    }

    pub(crate) fn health(&self) -> Arc<HealthMap> {
        self.health.snapshot()
    }

    pub(crate) fn selection(&self) -> &ReplicaSelection {
        &self.selection
    }

    pub(crate) fn health_board(&self) -> &HealthBoard {
        &self.health
    }

    /// Calls a node. Its answer, or the lack of one, counts as a health observation.
    pub(crate) async fn call(&self, node: &NodeId, call: Call) -> Result<Answer, NodeError> {
        let client = self
            .clients
            .get(node)
            .expect("plans name only nodes of the topology");
        let operation = metrics::operation(call.method(), call.path());
        let begun = Instant::now();
        let under_way = self.selection.begin(node, operation);
        let span = traces::call(node, operation);
        let result = client.call(call).instrument(span).await;
        if let Some(under_way) = under_way {
            under_way.end(&result);
        }
        self.calls
            .observe(node, operation, begun.elapsed(), &result);
        self.health.observe_call(node, &result);
        result
    }

    /// Opens connections to all nodes that have been met, before anybody needs them.
    pub(crate) async fn warm(&self) {
        self.health.met_all().await;
        let clients = self.clients.values();
        join_all(clients.map(|client| client.warm(WARM))).await;
    }

    /// Whether a node that has given a task this uid is still the one that was identified. A lost disk begins to count anew; such a node
    /// is not used any more until it has been identified again.
    pub(crate) async fn is_itself(&self, node: &NodeId, task_uid: u32) -> bool {
        if self.health.grows(node, task_uid) || identity::is_same(self, node).await {
            return true;
        }
        let error = "the node counts its tasks anew".to_owned();
        self.health
            .observe(node, Observation::IdentityLost, Some(error));
        self.health.suspect(node);
        false
    }

    /// `GET path` within the time that one read leg has.
    pub(crate) async fn read(&self, node: &NodeId, path: &str) -> Result<Answer, NodeError> {
        self.call(node, Call::get(path, Instant::now() + self.read_timeout))
            .await
    }

    /// The deadline of a read leg that begins now.
    pub(crate) fn read_deadline(&self) -> Instant {
        Instant::now() + self.read_timeout
    }

    /// Nodes that answer, the well ones first: whom to ask what every node can answer.
    pub(crate) fn reachable(&self) -> Vec<NodeId> {
        let health = self.health();
        let mut nodes: Vec<(ReadTier, NodeId)> = self
            .topology
            .nodes()
            .iter()
            .filter_map(|node| Some((self.state(&node.id, &health)?.read_tier()?, node.id.clone())))
            .collect();
        nodes.sort();
        nodes.into_iter().map(|(_, node)| node).collect()
    }

    /// Whether a write may be sent to the node right now.
    pub(crate) fn may_write(&self, node: &NodeId) -> bool {
        let state = self.state(node, &self.health());
        state.is_some_and(|state| state.write_role() == Some(WriteRole::Sent))
    }

    pub(crate) fn state(&self, node: &NodeId, health: &HealthMap) -> Option<NodeState> {
        let membership = self.topology.node(node)?.membership;
        Some(NodeState {
            membership,
            health: health.get(node),
        })
    }
}
