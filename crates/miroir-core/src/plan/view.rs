//! The groups that a read may use, in the order in which it should try them, with the nodes that may answer.

use super::trace::{Reason, Trace};
use super::{Cluster, Constraints, GroupChoice, Scores};
use crate::id::{Shard, ShardSet};
use crate::topology::cover::bits;
use crate::topology::{GroupPlacement, GroupState, Health, Placement, ReadTier};

/// One group as a read sees it; nodes are positions in its placement.
pub(super) struct GroupView<'a> {
    pub(super) placement: &'a GroupPlacement,
    normal: u128,
    last_resort: u128,
    pub(super) stale: Vec<(usize, &'a ShardSet)>,
    /// Nodes that do far worse than the others.
    outliers: u128,
    /// By position; empty where nodes take turns.
    scores: Vec<f64>,
}

impl<'a> GroupView<'a> {
    fn new(
        cluster: &Cluster<'a>,
        constraints: &Constraints,
        placement: &'a GroupPlacement,
        trace: &mut Trace,
    ) -> Self {
        let mut view = Self {
            placement,
            normal: 0,
            last_resort: 0,
            stale: Vec::new(),
            outliers: 0,
            scores: Vec::new(),
        };
        if !cluster.scores.is_empty() {
            let placed = placement.placed().iter();
            view.scores
                .extend(placed.map(|node| cluster.scores.of(&node.id)));
        }
        for (position, node) in placement.placed().iter().enumerate() {
            let state = cluster.node_state(&node.id, node.membership);
            if constraints.exclude_nodes.contains(&node.id) {
                trace.note(Reason::NodeExcluded(node.id.clone()));
                continue;
            }
            if state.health == Health::Failed {
                trace.note(Reason::NodeFailed(node.id.clone()));
            }
            match state.read_tier() {
                None => continue,
                Some(ReadTier::Normal) => view.normal |= 1 << position,
                Some(ReadTier::LastResort) => {
                    trace.note(Reason::NodeDegraded(node.id.clone()));
                    view.last_resort |= 1 << position;
                }
            }
            if cluster.scores.is_outlier(&node.id) {
                trace.note(Reason::NodeSpared(node.id.clone()));
                view.outliers |= 1 << position;
            }
            if let Some(stale) = cluster.stale.of(&node.id) {
                trace.note(Reason::CopiesStale {
                    node: node.id.clone(),
                    shards: stale.clone(),
                });
                view.stale.push((position, stale));
            }
        }
        view
    }

    /// The nodes of a tier.
    pub(super) fn usable(&self, tier: ReadTier) -> u128 {
        match tier {
            ReadTier::Normal => self.normal,
            ReadTier::LastResort => self.last_resort,
        }
    }

    /// The nodes of a tier that do about as well as the others.
    pub(super) fn calm(&self, tier: ReadTier) -> u128 {
        self.usable(tier) & !self.outliers
    }

    /// The score of the node at a position.
    pub(super) fn score(&self, position: usize) -> f64 {
        self.scores.get(position).copied().unwrap_or(0.0)
    }

    pub(super) fn has_scores(&self) -> bool {
        !self.scores.is_empty()
    }

    /// The nodes among `usable` that have a fresh copy of a shard.
    pub(super) fn candidates(&self, shard: Shard, usable: u128) -> u128 {
        let mut mask = self.placement.mask(shard) & usable;
        for (node, stale) in &self.stale {
            if stale.contains(shard) {
                mask &= !(1 << node);
            }
        }
        mask
    }

    /// The shards of `wanted` that the tier can answer for.
    pub(super) fn coverable(&self, wanted: &ShardSet, tier: ReadTier) -> ShardSet {
        let usable = self.usable(tier);
        wanted
            .iter()
            .filter(|shard| self.candidates(*shard, usable) != 0)
            .collect()
    }

    /// Whether the nodes among `usable` can answer for all of `wanted`.
    pub(super) fn covers(&self, wanted: &ShardSet, usable: u128) -> bool {
        wanted
            .iter()
            .all(|shard| self.candidates(shard, usable) != 0)
    }

    /// The nodes of a tier with a fresh copy of a shard, turned by `rotation`, those that do worse behind the others.
    pub(super) fn in_turn(&self, shard: Shard, tier: ReadTier, rotation: u64) -> Vec<usize> {
        let mut nodes: Vec<usize> = bits(self.candidates(shard, self.usable(tier))).collect();
        turn(&mut nodes, rotation);
        let best = nodes.iter().map(|node| self.score(*node));
        let best = best.fold(f64::INFINITY, f64::min);
        let behind = |node: &usize| match Scores::is_near(self.score(*node), best) {
            true => 0.0,
            false => self.score(*node),
        };
        nodes.sort_by(|a, b| behind(a).total_cmp(&behind(b)));
        nodes
    }
}

/// Readable groups in the order to try them, and the rotation that is left for choosing inside a group.
pub(super) fn groups<'a>(
    cluster: &Cluster<'a>,
    placement: &'a Placement,
    constraints: &Constraints,
    rotation: u64,
    trace: &mut Trace,
) -> (Vec<GroupView<'a>>, u64) {
    let readable = |group: &&GroupPlacement| {
        group.state == GroupState::Active && !constraints.exclude_groups.contains(&group.id)
    };
    let mut groups: Vec<&GroupPlacement> = placement.groups().iter().filter(readable).collect();
    let eligible = groups.len() as u64;
    if eligible == 0 {
        trace.note(Reason::NoActiveGroup);
        return (Vec::new(), rotation);
    }
    turn(&mut groups, rotation);
    let first = match constraints.group {
        GroupChoice::Any => None,
        GroupChoice::Prefer(group) | GroupChoice::Require(group) => {
            groups.iter().position(|view| view.id == group)
        }
    };
    match (first, constraints.group) {
        (Some(_), GroupChoice::Require(group)) => trace.note(Reason::GroupRequired(group)),
        (Some(_), GroupChoice::Prefer(group)) => trace.note(Reason::GroupPreferred(group)),
        _ => trace.note(Reason::GroupInTurn {
            group: groups[0].id,
            eligible: groups.len(),
        }),
    }
    // With a group given, every query turns inside it; otherwise only every time that its turn comes round.
    let inner = if let Some(position) = first {
        let group = groups.remove(position);
        groups.insert(0, group);
        rotation
    } else {
        rotation / eligible
    };
    let views = groups
        .into_iter()
        .map(|group| GroupView::new(cluster, constraints, group, trace))
        .collect();
    (views, inner)
}

pub(super) fn turn<T>(items: &mut [T], rotation: u64) {
    if !items.is_empty() {
        let by = usize::try_from(rotation % items.len() as u64)
            .expect("a remainder of a length is a position");
        items.rotate_left(by);
    }
}
