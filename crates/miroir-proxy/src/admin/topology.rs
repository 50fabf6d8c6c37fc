//! `GET /_miroir/topology`: who belongs to the fleet and how they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use miroir_core::id::{GroupId, NodeId};
use miroir_core::topology::{GroupState, Membership, NodeStatus};
use serde::Serialize;

use crate::admin::ready::why_not_covered;
use crate::app::App;
use crate::capabilities::replica_selection::Class;
use crate::http::reply::Reply;

#[derive(Serialize)]
struct TopologyView<'a> {
    shards: u16,
    replication_factor: u16,
    replica_groups: Vec<GroupView>,
    epoch: u64,
    nodes: Vec<NodeView<'a>>,
    degraded_node_count: usize,
    rebalance_in_progress: bool,
    fully_covered: bool,
}

#[derive(Serialize)]
struct GroupView {
    id: GroupId,
    state: GroupState,
    nodes: usize,
}

#[derive(Serialize)]
struct NodeView<'a> {
    id: &'a NodeId,
    address: &'a str,
    replica_group: GroupId,
    status: NodeStatus,
    membership: Membership,
    /// Copies that the node owns of an index with the default number of shards.
    shard_count: usize,
    /// Milliseconds since its last success; null if it never had one.
    last_seen_ms: Option<u64>,
    /// Copies that it holds and must not serve, of all indexes.
    stale_shards: usize,
    /// How it does at searches; lower is better, null while it is not healthy.
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) async fn topology(State(app): State<Arc<App>>) -> Reply {
    let topology = app.cluster.topology();
    let health = app.cluster.health();
    let placement = topology.placement(app.shards);
    let mut owned: BTreeMap<&NodeId, usize> = BTreeMap::new();
    for (node, shards) in placement.groups().iter().flat_map(|group| group.nodes()) {
        owned.insert(node, shards.len());
    }
    let stale = app.staleness.all();
    let scores = app.scores(Class::Search);
    let score = |node: &NodeId| {
        let found = scores.iter().find(|(known, _)| *known == node);
        found
            .map(|(_, score)| score)
            .filter(|score| score.is_finite())
    };
    let nodes: Vec<NodeView<'_>> = topology
        .nodes()
        .iter()
        .filter_map(|node| {
            let state = app.cluster.state(&node.id, &health)?;
            let sighting = app.cluster.health_board().sighting(&node.id);
            Some(NodeView {
                id: &node.id,
                address: &node.address,
                replica_group: node.replica_group,
                status: state.status(),
                membership: node.membership,
                shard_count: owned.get(&node.id).copied().unwrap_or(0),
                last_seen_ms: sighting
                    .last_success
                    .map(|at| u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX)),
                stale_shards: stale
                    .values()
                    .filter_map(|map| Some(map.of(&node.id)?.len()))
                    .sum(),
                score: score(&node.id),
                error: sighting.error,
            })
        })
        .collect();
    let members = |group: GroupId| {
        topology
            .nodes()
            .iter()
            .filter(|node| node.replica_group == group)
            .count()
    };
    Reply::ok(&TopologyView {
        shards: app.shards.get(),
        replication_factor: topology.replication_factor(),
        replica_groups: topology
            .groups()
            .iter()
            .map(|group| GroupView {
                id: group.id,
                state: group.state,
                nodes: members(group.id),
            })
            .collect(),
        epoch: topology.epoch(),
        degraded_node_count: nodes
            .iter()
            .filter(|node| node.status != NodeStatus::Healthy)
            .count(),
        nodes,
        rebalance_in_progress: false,
        fully_covered: why_not_covered(&app).is_none(),
    })
}
