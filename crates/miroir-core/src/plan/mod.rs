//! Which nodes to ask, for exactly which shards, and why. The only planner: capabilities hand it [`Constraints`].
//!
//! A plan is data and a pure function of what it is given; `rotation` is a counter that the caller increments.

mod clause;
mod degraded;
mod document;
mod read;
mod scores;
mod trace;
mod trial;
mod view;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::id::{GroupId, NodeId, ShardSet};
use crate::topology::{HealthMap, StaleMap, Topology};

pub use clause::ShardClause;
pub use degraded::{Degraded, render_degraded};
pub use document::document;
pub use read::{Leg, ReadPlan, reroute, search};
pub use scores::Scores;
pub use trace::{NotNarrowed, Reason, Trace};
pub use trial::trial;
pub use write::{WriteLeg, WritePlan, broadcast, write};

/// What a request sees of the fleet, taken once when it begins.
#[derive(Debug, Clone, Copy)]
pub struct Cluster<'a> {
    pub topology: &'a Topology,
    pub health: &'a HealthMap,
    /// Stale copies of the one index that the request is about.
    pub stale: &'a StaleMap,
    /// Nodes may hold lexicon documents of that index, so that every leg needs a shard clause.
    pub has_lexicon: bool,
    /// How well the nodes do.
    pub scores: &'a Scores,
}

/// What capabilities and the request itself demand of a read plan. The default demands nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    pub group: GroupChoice,
    /// Best node first; decides among equally small covers. Nodes that are not listed come last.
    pub prefer: Vec<NodeId>,
    /// Only these shards are wanted; all when `None`. When no document of any shard can match, the set is empty, and one
    /// shard is asked all the same: for errors, and for what an empty answer looks like.
    pub narrowed: Option<ShardSet>,
    pub exclude_nodes: BTreeSet<NodeId>,
    /// Groups that this request may not use, such as ones dedicated to other tenants.
    pub exclude_groups: BTreeSet<GroupId>,
    /// Why the demands are what they are: the trace begins with it.
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GroupChoice {
    /// Round robin.
    #[default]
    Any,
    /// First choice; others cover what it cannot.
    Prefer(GroupId),
    /// Left only when it can answer for nothing at all; [`ReadPlan::left_required_group`] then says so.
    Require(GroupId),
}

impl Cluster<'_> {
    pub(crate) fn node_state(
        &self,
        node: &NodeId,
        membership: crate::topology::Membership,
    ) -> crate::topology::NodeState {
        crate::topology::NodeState {
            membership,
            health: self.health.get(node),
        }
    }
}
