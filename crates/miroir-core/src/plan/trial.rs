//! A trial: one node that is spared is asked what others answer already, to find out whether it does better by now.

use super::read::Leg;
use super::trace::Trace;
use super::view;
use super::{Cluster, Constraints};
use crate::id::{NodeId, ShardCount};
use crate::topology::ReadTier;

/// What to ask the node: the same as one of `legs`, for the shards of it of which the node has a fresh copy. `None`: it has none, or
/// may not be asked at all.
pub fn trial(
    cluster: &Cluster<'_>,
    count: ShardCount,
    constraints: &Constraints,
    node: &NodeId,
    legs: &[Leg],
) -> Option<Leg> {
    let placement = cluster.topology.placement(count);
    let trace = &mut Trace::default();
    let (groups, _) = view::groups(cluster, &placement, constraints, 0, trace);
    let (view, position) = groups.iter().find_map(|view| {
        let mut placed = view.placement.placed().iter();
        Some((view, placed.position(|placed| placed.id == *node)?))
    })?;
    let alone = view.usable(ReadTier::Normal) & 1 << position;
    let shares = legs.iter().map(|leg| {
        let shards = leg.shards.iter();
        shards
            .filter(|shard| view.candidates(*shard, alone) != 0)
            .collect()
    });
    let share = shares.max_by_key(crate::id::ShardSet::len)?;
    let placed = &view.placement.placed()[position];
    (!share.is_empty()).then(|| Leg::of(placed, share, count, cluster.has_lexicon))
}
