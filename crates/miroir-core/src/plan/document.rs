//! Which node to ask for one document.

use super::view;
use super::{Cluster, Constraints, GroupChoice, Trace};
use crate::id::{NodeId, Shard, ShardCount};
use crate::topology::ReadTier;

/// Nodes with a fresh copy of the shard: the one to ask, then the ones to fall back on. Empty: no copy may answer.
///
/// A 404 counts only when it comes from one of these. Degraded nodes come after all others.
pub fn document(
    cluster: &Cluster<'_>,
    count: ShardCount,
    shard: Shard,
    constraints: &Constraints,
    rotation: u64,
) -> Vec<NodeId> {
    let placement = cluster.topology.placement(count);
    let (groups, rotation) = view::groups(
        cluster,
        &placement,
        constraints,
        rotation,
        &mut Trace::default(),
    );
    let rank = |node: &NodeId| {
        let prefer = &constraints.prefer;
        prefer
            .iter()
            .position(|preferred| preferred == node)
            .unwrap_or(prefer.len())
    };
    let mut nodes = Vec::new();
    let mut required = 0;
    for tier in [ReadTier::Normal, ReadTier::LastResort] {
        let first = nodes.len();
        for view in &groups {
            let mut turn: Vec<&NodeId> = view
                .in_turn(shard, tier, rotation)
                .into_iter()
                .map(|position| &view.placement.placed()[position].id)
                .collect();
            turn.sort_by_key(|node| rank(node));
            if constraints.group == GroupChoice::Require(view.placement.id) {
                nodes.splice(required..required, turn.iter().map(|node| (*node).clone()));
                required += turn.len();
            } else {
                nodes.extend(turn.into_iter().cloned());
            }
        }
        // A node that does far worse than the others comes after those of other groups.
        if constraints.group == GroupChoice::Any {
            nodes[first..].sort_by_key(|node| cluster.scores.is_outlier(node));
        }
    }
    // The nodes of a required group stand first; the others are asked only where it has none at all.
    if required > 0 {
        nodes.truncate(required);
    }
    nodes
}
