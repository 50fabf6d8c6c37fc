//! Plans of requests that go to many shards: search, facet search, browse, stats (data-path.md 3).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::trace::{Reason, Trace};
use super::view::{self, GroupView};
use super::{Cluster, Constraints, GroupChoice, Scores, ShardClause};
use crate::id::{GroupId, NodeId, Shard, ShardCount, ShardSet};
use crate::topology::cover::{Candidates, CoverKey, CoverLeg, Schedule};
use crate::topology::placement::PlacedNode;
use crate::topology::{Placement, ReadTier};

/// One node request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub node: NodeId,
    /// The exact shards it answers for.
    pub shards: ShardSet,
    /// Needed whenever the node may hold documents of other shards of the index, or of none.
    pub clause: Option<ShardClause>,
}

impl Leg {
    /// What a node is asked for these shards of its own.
    pub(super) fn of(
        node: &PlacedNode,
        shards: ShardSet,
        count: ShardCount,
        has_lexicon: bool,
    ) -> Self {
        let holds_others = has_lexicon || node.leftovers || shards != node.owned;
        let clause = || match node.leftovers {
            true => ShardClause::new(&shards, &count.all()),
            false => ShardClause::new(&shards, &node.owned),
        };
        Self {
            node: node.id.clone(),
            clause: holds_others.then(clause),
            shards,
        }
    }
}

/// Every wanted shard is in exactly one leg or in `uncovered`; at most one leg per node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPlan {
    /// The group of the first leg; the legs of a complete plan may reach beyond it.
    pub group: Option<GroupId>,
    pub legs: Vec<Leg>,
    pub uncovered: ShardSet,
    /// The required group could answer for nothing, so the pin has to be cleared.
    pub left_required_group: bool,
    pub trace: Trace,
}

/// Covers all shards of an index, or the narrowed ones, with the fewest legs in one group, else in several.
pub fn search(
    cluster: &Cluster<'_>,
    count: ShardCount,
    constraints: &Constraints,
    rotation: u64,
) -> ReadPlan {
    let wanted = match &constraints.narrowed {
        None => count.all(),
        Some(narrowed) => count.all().intersection(narrowed),
    };
    plan(
        cluster,
        count,
        constraints,
        rotation,
        wanted,
        Attempt::First,
    )
}

/// Covers only the shards of failed legs, on copies outside `exclude`: first in the group that the same `rotation` and
/// constraints began with, then in others. The answers it brings replace those of the failed legs.
pub fn reroute(
    cluster: &Cluster<'_>,
    count: ShardCount,
    constraints: &Constraints,
    rotation: u64,
    lost: &ShardSet,
    exclude: &BTreeSet<NodeId>,
) -> ReadPlan {
    let mut constraints = constraints.clone();
    constraints.exclude_nodes.extend(exclude.iter().cloned());
    constraints.narrowed = Some(lost.clone());
    let wanted = count.all().intersection(lost);
    plan(
        cluster,
        count,
        &constraints,
        rotation,
        wanted,
        Attempt::Again,
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// One group that covers everything is better than several.
    First,
    /// The group at hand is better than others; it has already answered the other shards.
    Again,
}

fn plan(
    cluster: &Cluster<'_>,
    count: ShardCount,
    constraints: &Constraints,
    rotation: u64,
    mut wanted: ShardSet,
    attempt: Attempt,
) -> ReadPlan {
    let placement = cluster.topology.placement(count);
    let mut trace = Trace::of(constraints);
    trace.note(Reason::Wanted {
        shards: wanted.len(),
        narrowed: constraints.narrowed.is_some(),
    });
    let (mut groups, rotation) =
        view::groups(cluster, &placement, constraints, rotation, &mut trace);
    if wanted.is_empty() && attempt == Attempt::First {
        let shard = any_shard(&groups, count, rotation);
        trace.note(Reason::NothingMatches(shard));
        wanted.insert(shard);
    }
    let left_required_group =
        restrict(&mut groups, constraints.group, &wanted, attempt, &mut trace);
    let mut planner = Planner {
        placement: &placement,
        has_lexicon: cluster.has_lexicon,
        constraints,
        rotation,
        attempt,
        group: None,
        legs: Vec::new(),
        trace,
    };
    let mut missing = wanted;
    for tier in [ReadTier::Normal, ReadTier::LastResort] {
        missing = planner.fill(&groups, missing, tier);
    }
    if !missing.is_empty() {
        planner.trace.note(Reason::Uncovered(missing.clone()));
    }
    let Planner {
        group, legs, trace, ..
    } = planner;
    ReadPlan {
        group,
        legs,
        uncovered: missing,
        left_required_group,
        trace,
    }
}

/// A shard that can be asked, each in turn.
fn any_shard(groups: &[GroupView<'_>], count: ShardCount, rotation: u64) -> Shard {
    let mut shards = groups
        .iter()
        .map(|view| view.coverable(&count.all(), ReadTier::Normal))
        .find(|shards| !shards.is_empty())
        .unwrap_or_else(|| count.all())
        .iter()
        .collect::<Vec<_>>();
    view::turn(&mut shards, rotation);
    shards[0]
}

/// Keeps only a required group, unless it can answer for nothing at all: then only the others, and true.
fn restrict(
    groups: &mut Vec<GroupView<'_>>,
    choice: GroupChoice,
    wanted: &ShardSet,
    attempt: Attempt,
    trace: &mut Trace,
) -> bool {
    let GroupChoice::Require(required) = choice else {
        return false;
    };
    let answers = |view: &GroupView<'_>| {
        let tiers = [ReadTier::Normal, ReadTier::LastResort];
        view.placement.id == required
            && tiers
                .iter()
                .any(|tier| !view.coverable(wanted, *tier).is_empty())
    };
    if attempt == Attempt::Again || groups.iter().any(answers) {
        groups.retain(|view| view.placement.id == required);
        return false;
    }
    trace.note(Reason::RequiredGroupLeft(required));
    groups.retain(|view| view.placement.id != required);
    true
}

struct Planner<'a> {
    placement: &'a Placement,
    has_lexicon: bool,
    constraints: &'a Constraints,
    rotation: u64,
    attempt: Attempt,
    group: Option<GroupId>,
    legs: Vec<Leg>,
    trace: Trace,
}

impl Planner<'_> {
    /// Plans legs for as much of `missing` as the tier covers and returns the rest.
    fn fill(
        &mut self,
        groups: &[GroupView<'_>],
        mut missing: ShardSet,
        tier: ReadTier,
    ) -> ShardSet {
        while !missing.is_empty() {
            let Some((view, covered)) = self.choose(groups, &missing, tier) else {
                break;
            };
            let schedule = self.schedule(view, &covered, tier);
            let round = self.round(view, &schedule.rounds);
            let (group, last_resort) = (view.placement.id, tier == ReadTier::LastResort);
            let (shards, legs) = (covered.len(), round.len());
            self.trace.note(Reason::GroupCovers {
                group,
                shards,
                legs,
                last_resort,
            });
            self.group.get_or_insert(group);
            let planned: Vec<Leg> = round.iter().map(|leg| self.leg(view, leg)).collect();
            self.legs.extend(planned);
            missing = missing.difference(&covered);
        }
        missing
    }

    /// The first group that covers everything alone, else the first that covers anything, with what it covers.
    fn choose<'v, 'c>(
        &mut self,
        groups: &'v [GroupView<'c>],
        missing: &ShardSet,
        tier: ReadTier,
    ) -> Option<(&'v GroupView<'c>, ShardSet)> {
        let mut partial = None;
        let mut troubled = None;
        for view in groups {
            let covered = view.coverable(missing, tier);
            if covered == *missing {
                if self.attempt == Attempt::Again && partial.is_some() {
                    break;
                }
                // Nobody has asked for this group, and it would need a node that does far worse than the others.
                let is_free = self.constraints.group == GroupChoice::Any;
                if is_free && !view.covers(missing, view.calm(tier)) {
                    troubled.get_or_insert((view, covered));
                    continue;
                }
                return Some((view, covered));
            }
            if tier == ReadTier::Normal {
                let (group, missing) = (view.placement.id, missing.difference(&covered));
                self.trace.note(Reason::GroupIncomplete { group, missing });
            }
            if partial.is_none() && !covered.is_empty() {
                partial = Some((view, covered));
            }
        }
        troubled.or(partial)
    }

    /// The smallest covers. One leg more is better than a node that does far worse than the others.
    fn schedule(&self, view: &GroupView<'_>, covered: &ShardSet, tier: ReadTier) -> Arc<Schedule> {
        let (usable, calm) = (view.usable(tier), view.calm(tier));
        let smallest = self.covers(view, covered, usable);
        if calm == usable || !view.covers(covered, calm) {
            return smallest;
        }
        let without = self.covers(view, covered, calm);
        if without.legs() <= smallest.legs() + 1 {
            without
        } else {
            smallest
        }
    }

    fn covers(&self, view: &GroupView<'_>, covered: &ShardSet, usable: u128) -> Arc<Schedule> {
        let candidates = || -> Candidates {
            covered
                .iter()
                .map(|shard| (shard, view.candidates(shard, usable)))
                .collect()
        };
        if covered.len() < usize::from(self.placement.count().get()) {
            return Arc::new(Schedule::passing(&candidates()));
        }
        let stale = view
            .stale
            .iter()
            .map(|(node, shards)| (*node, (*shards).clone()))
            .collect();
        let key = CoverKey {
            group: view.placement.id,
            usable,
            stale,
        };
        self.placement.covers.schedule(key, candidates)
    }

    /// The round whose turn it is among those whose worst node does well, or the one whose nodes are preferred most.
    fn round<'s>(&self, view: &GroupView<'_>, rounds: &'s [Vec<CoverLeg>]) -> &'s [CoverLeg] {
        if self.constraints.prefer.is_empty() && view.has_scores() && rounds.len() > 1 {
            return self.best_round(view, rounds);
        }
        let turn = usize::try_from(self.rotation % rounds.len() as u64)
            .expect("a remainder of a length is a position");
        let prefer = &self.constraints.prefer;
        if prefer.is_empty() {
            return &rounds[turn];
        }
        let rank = |leg: &CoverLeg| {
            let node = &view.placement.placed()[leg.node].id;
            prefer
                .iter()
                .position(|preferred| preferred == node)
                .unwrap_or(prefer.len())
        };
        let in_turn = rounds[turn..].iter().chain(&rounds[..turn]);
        in_turn
            .min_by_key(|round| round.iter().map(rank).sum::<usize>())
            .expect("a schedule is never empty")
    }

    fn best_round<'s>(&self, view: &GroupView<'_>, rounds: &'s [Vec<CoverLeg>]) -> &'s [CoverLeg] {
        let worst = |round: &[CoverLeg]| {
            let scores = round.iter().map(|leg| view.score(leg.node));
            scores.fold(0.0, f64::max)
        };
        let best = rounds.iter().map(|round| worst(round));
        let best = best.fold(f64::INFINITY, f64::min);
        let is_good = |round: &&Vec<CoverLeg>| Scores::is_near(worst(round), best);
        let good = rounds.iter().filter(is_good).count() as u64;
        let turn = usize::try_from(self.rotation % good.max(1))
            .expect("a remainder of a length is a position");
        rounds
            .iter()
            .filter(is_good)
            .nth(turn)
            .expect("the best one is good")
    }

    fn leg(&self, view: &GroupView<'_>, leg: &CoverLeg) -> Leg {
        let node = &view.placement.placed()[leg.node];
        Leg::of(
            node,
            leg.shards.clone(),
            self.placement.count(),
            self.has_lexicon,
        )
    }
}
