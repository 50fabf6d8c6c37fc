//! The fleet at one epoch: which groups and nodes there are, in which state, and which node owns which shard.
//!
//! A [`Topology`] is immutable; every change is a new one with a higher epoch. What a process believes about the health
//! of nodes ([`HealthMap`]) and which copies are stale ([`StaleMap`]) lies beside it, because both change without an epoch.

pub(crate) mod cover;
mod eligibility;
mod health;
mod membership;
pub(crate) mod placement;
mod stale;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{GroupId, NodeId, ShardCount};

pub use eligibility::{NodeState, NodeStatus, ReadTier, UnknownNodeStatus, WriteRole};
pub use health::{
    Health, HealthCounter, HealthMap, HealthTrigger, IllegalHealthChange, Observation, Thresholds,
};
pub use membership::{IllegalMembershipChange, Membership};
pub use placement::{GroupPlacement, Placement};
pub use stale::StaleMap;

/// The most nodes that one group may have; covers are searched over bit masks of this width.
pub const MAX_NODES_PER_GROUP: usize = 128;

/// State of a replica group (topology.md 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupState {
    /// Receives every write, counts for nothing and is not read.
    Initializing,
    Active,
    /// Still receives writes, counts for nothing and is not read.
    Draining,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub id: GroupId,
    pub state: GroupState,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    pub id: NodeId,
    /// Base URL, such as `http://meili-0.search.svc:7700`.
    pub address: String,
    pub replica_group: GroupId,
    pub membership: Membership,
    /// The node may still hold documents of shards that it no longer owns, so every leg to it carries a clause.
    #[serde(default)]
    pub leftovers: bool,
}

/// What a topology is made of: the stored form, checked when it becomes a [`Topology`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyParts {
    pub epoch: u64,
    /// Copies of a shard inside one group; a group with fewer nodes holds as many as it has nodes.
    pub replication_factor: u16,
    pub groups: Vec<Group>,
    pub nodes: Vec<Node>,
}

/// Immutable snapshot of the fleet. Groups and nodes are in the order of their ids, however they were given.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "TopologyParts", into = "TopologyParts")]
pub struct Topology {
    parts: TopologyParts,
    /// Owners by number of shards: a pure function of the parts, worth keeping because every request asks.
    placements: RwLock<BTreeMap<ShardCount, Arc<Placement>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TopologyError {
    #[error("the replication factor must be at least 1")]
    NoCopies,
    #[error("group {0} is listed twice")]
    DuplicateGroup(GroupId),
    #[error("node {0} is listed twice")]
    DuplicateNode(NodeId),
    #[error("node {node} belongs to group {group}, which does not exist")]
    UnknownGroup { node: NodeId, group: GroupId },
    #[error("group {0} has more than {MAX_NODES_PER_GROUP} nodes")]
    TooManyNodes(GroupId),
}

impl Topology {
    pub fn new(mut parts: TopologyParts) -> Result<Self, TopologyError> {
        parts.groups.sort_by_key(|group| group.id);
        parts.nodes.sort_by(|a, b| a.id.cmp(&b.id));
        check(&parts)?;
        Ok(Self {
            parts,
            placements: RwLock::default(),
        })
    }

    pub fn epoch(&self) -> u64 {
        self.parts.epoch
    }

    pub fn replication_factor(&self) -> u16 {
        self.parts.replication_factor
    }

    pub fn parts(&self) -> &TopologyParts {
        &self.parts
    }

    /// Every group, by id.
    pub fn groups(&self) -> &[Group] {
        &self.parts.groups
    }

    pub fn group(&self, id: GroupId) -> Option<&Group> {
        let position = self
            .parts
            .groups
            .binary_search_by_key(&id, |group| group.id)
            .ok()?;
        Some(&self.parts.groups[position])
    }

    /// Every node, removed ones included, by id.
    pub fn nodes(&self) -> &[Node] {
        &self.parts.nodes
    }

    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        let position = self
            .parts
            .nodes
            .binary_search_by(|node| node.id.cmp(id))
            .ok()?;
        Some(&self.parts.nodes[position])
    }

    /// Owners of every shard of an index with this many shards.
    pub fn placement(&self, count: ShardCount) -> Arc<Placement> {
        // A poisoned lock still guards a whole map: entries are inserted complete.
        let known = self
            .placements
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&count)
            .cloned();
        if let Some(placement) = known {
            return placement;
        }
        let mut placements = self
            .placements
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        placements
            .entry(count)
            .or_insert_with(|| Arc::new(Placement::new(self, count)))
            .clone()
    }
}

fn check(parts: &TopologyParts) -> Result<(), TopologyError> {
    if parts.replication_factor == 0 {
        return Err(TopologyError::NoCopies);
    }
    let mut sizes = BTreeMap::new();
    for group in &parts.groups {
        if sizes.insert(group.id, 0).is_some() {
            return Err(TopologyError::DuplicateGroup(group.id));
        }
    }
    let mut seen = BTreeSet::new();
    for node in &parts.nodes {
        let group = node.replica_group;
        if !seen.insert(&node.id) {
            return Err(TopologyError::DuplicateNode(node.id.clone()));
        }
        // A removed node is only remembered so that its id is not used again; its group may be gone.
        if node.membership == Membership::Removed {
            continue;
        }
        let Some(size) = sizes.get_mut(&group) else {
            return Err(TopologyError::UnknownGroup {
                node: node.id.clone(),
                group,
            });
        };
        *size += 1;
        if *size > MAX_NODES_PER_GROUP {
            return Err(TopologyError::TooManyNodes(group));
        }
    }
    Ok(())
}

impl TryFrom<TopologyParts> for Topology {
    type Error = TopologyError;

    fn try_from(parts: TopologyParts) -> Result<Self, TopologyError> {
        Self::new(parts)
    }
}

impl From<Topology> for TopologyParts {
    fn from(topology: Topology) -> Self {
        topology.parts
    }
}

impl Clone for Topology {
    fn clone(&self) -> Self {
        Self {
            parts: self.parts.clone(),
            placements: RwLock::default(),
        }
    }
}

impl PartialEq for Topology {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for Topology {}

impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.fmt(f)
    }
}
