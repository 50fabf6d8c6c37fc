//! Which nodes a write must reach (data-path.md 2 and 5).

use super::Cluster;
use crate::id::{GroupId, NodeId, Shard, ShardCount, ShardSet};
use crate::topology::{GroupState, Membership, StaleMap, WriteRole};

/// What one node must receive. A node belongs to one group and has one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteLeg {
    pub node: NodeId,
    pub group: GroupId,
    /// Shards of the write that the node has a copy of.
    pub shards: ShardSet,
    /// Those whose copies count for the quorum of an active group.
    pub counted: ShardSet,
    /// Those whose copies are stale already: they receive the write but cannot vouch for it.
    pub stale: ShardSet,
    /// False: the node has failed, nothing is sent and its copies have missed the write.
    pub send: bool,
}

/// Every copy of every wanted shard, by group and node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritePlan {
    pub wanted: ShardSet,
    pub replication_factor: u16,
    pub legs: Vec<WriteLeg>,
}

impl WritePlan {
    /// The legs to dispatch.
    pub fn sent(&self) -> impl Iterator<Item = &WriteLeg> {
        self.legs.iter().filter(|leg| leg.send)
    }

    /// The same plan, in which these copies cannot vouch for the write either.
    #[must_use]
    pub fn without(&self, stale: &StaleMap) -> Self {
        let mut plan = self.clone();
        for leg in &mut plan.legs {
            if let Some(stale) = stale.of(&leg.node) {
                leg.stale = leg.stale.union(&stale.intersection(&leg.shards));
            }
        }
        plan
    }

    /// The nodes that receive a document of this shard.
    pub fn targets(&self, shard: Shard) -> impl Iterator<Item = &NodeId> {
        self.sent()
            .filter(move |leg| leg.shards.contains(shard))
            .map(|leg| &leg.node)
    }
}

/// Every owner of the wanted shards in every group.
pub fn write(cluster: &Cluster<'_>, count: ShardCount, wanted: &ShardSet) -> WritePlan {
    let placement = cluster.topology.placement(count);
    let wanted = count.all().intersection(wanted);
    let mut legs = Vec::new();
    for group in placement.groups() {
        for node in group.placed() {
            let shards = node.owned.intersection(&wanted);
            let role = cluster.node_state(&node.id, node.membership).write_role();
            let (false, Some(role)) = (shards.is_empty(), role) else {
                continue;
            };
            let counted = if group.state == GroupState::Active {
                shards.clone()
            } else {
                ShardSet::new()
            };
            let stale = cluster
                .stale
                .of(&node.id)
                .map(|stale| stale.intersection(&shards))
                .unwrap_or_default();
            let send = role == WriteRole::Sent;
            legs.push(WriteLeg {
                node: node.id.clone(),
                group: group.id,
                shards,
                counted,
                stale,
                send,
            });
        }
    }
    WritePlan {
        wanted,
        replication_factor: cluster.topology.replication_factor(),
        legs,
    }
}

/// Every node of the fleet, whatever its health: what concerns an index as a whole concerns all of them.
pub fn broadcast(cluster: &Cluster<'_>) -> Vec<NodeId> {
    let member = |node: &&crate::topology::Node| node.membership != Membership::Removed;
    cluster
        .topology
        .nodes()
        .iter()
        .filter(member)
        .map(|node| node.id.clone())
        .collect()
}
