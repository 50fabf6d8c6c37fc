//! When a write is acknowledged, and which copies have to be fenced before the client hears of it (data-path.md 5.1).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::{GroupId, NodeId, Shard, ShardSet};
use crate::plan::{Degraded, WriteLeg, WritePlan};

/// `scatter.write_quorum`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteQuorum {
    /// A majority of the copies that are in sync once those that missed the write are fenced.
    #[default]
    InSync,
    /// A majority of all `RF` owners.
    Strict,
}

/// What has become of one leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegOutcome {
    InFlight,
    /// The node answered 2xx to the enqueue.
    Acknowledged,
    Missed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Quorum is possible but not yet reached.
    Pending,
    /// Quorum is certain. Wait for the legs in flight until the linger ends, then judge again and answer.
    Acknowledged {
        /// To be marked stale in the transaction that acknowledges the write.
        missed: Vec<(NodeId, ShardSet)>,
        degraded: Option<Degraded>,
        /// Legs that are neither acknowledged nor missed; they hold the task open.
        in_flight: Vec<NodeId>,
    },
    /// Quorum has become impossible.
    Refused {
        /// Shards that no group can reach quorum for.
        shards: ShardSet,
        /// Copies that must be marked stale, because another copy in sync did take the write.
        mark_stale: Vec<(NodeId, ShardSet)>,
    },
}

/// Judges a write by what is known so far. `outcomes` may lack legs that are in flight; failed nodes count as missed.
pub fn judge(
    plan: &WritePlan,
    outcomes: &BTreeMap<NodeId, LegOutcome>,
    rule: WriteQuorum,
    min_copies: usize,
) -> Verdict {
    let judged = Judged {
        plan,
        outcomes,
        rule,
        min_copies,
    };
    let impossible: ShardSet = plan
        .wanted
        .iter()
        .filter(|shard| !judged.any_group(*shard, true))
        .collect();
    if !impossible.is_empty() {
        return Verdict::Refused {
            shards: impossible,
            mark_stale: judged.missed_but_taken_elsewhere(),
        };
    }
    if !plan
        .wanted
        .iter()
        .all(|shard| judged.any_group(shard, false))
    {
        return Verdict::Pending;
    }
    let in_flight = judged
        .legs(LegOutcome::InFlight)
        .map(|leg| leg.node.clone())
        .collect();
    let missed = judged
        .legs(LegOutcome::Missed)
        .map(|leg| (leg.node.clone(), leg.shards.clone()))
        .collect();
    Verdict::Acknowledged {
        missed,
        degraded: judged.degraded(),
        in_flight,
    }
}

struct Judged<'a> {
    plan: &'a WritePlan,
    outcomes: &'a BTreeMap<NodeId, LegOutcome>,
    rule: WriteQuorum,
    min_copies: usize,
}

impl<'a> Judged<'a> {
    fn outcome(&self, leg: &WriteLeg) -> LegOutcome {
        if !leg.send {
            return LegOutcome::Missed;
        }
        self.outcomes
            .get(&leg.node)
            .copied()
            .unwrap_or(LegOutcome::InFlight)
    }

    fn legs(&self, outcome: LegOutcome) -> impl Iterator<Item = &'a WriteLeg> {
        self.plan
            .legs
            .iter()
            .filter(move |leg| self.outcome(leg) == outcome)
    }

    /// Whether some active group has its quorum for the shard; with `hopeful`, whether it would if every leg in flight
    /// were acknowledged.
    fn any_group(&self, shard: Shard, hopeful: bool) -> bool {
        let mut groups: BTreeMap<GroupId, Copies> = BTreeMap::new();
        for leg in self
            .plan
            .legs
            .iter()
            .filter(|leg| leg.counted.contains(shard) && !leg.stale.contains(shard))
        {
            let copies = groups.entry(leg.group).or_default();
            match self.outcome(leg) {
                LegOutcome::Acknowledged => copies.acknowledged += 1,
                LegOutcome::InFlight if hopeful => copies.acknowledged += 1,
                LegOutcome::InFlight => copies.open += 1,
                LegOutcome::Missed => {}
            }
        }
        groups
            .values()
            .any(|copies| copies.acknowledged >= self.needed(*copies))
    }

    fn needed(&self, copies: Copies) -> usize {
        let voters = match self.rule {
            // Those that missed the write are fenced with its acknowledgement, so they are no longer in sync.
            WriteQuorum::InSync => copies.acknowledged + copies.open,
            WriteQuorum::Strict => usize::from(self.plan.replication_factor),
        };
        (voters / 2 + 1).max(self.min_copies)
    }

    /// For every leg that missed the write, the shards that a copy in sync has taken: so the last such copy stays unmarked.
    fn missed_but_taken_elsewhere(&self) -> Vec<(NodeId, ShardSet)> {
        let in_sync = |leg: &WriteLeg| leg.counted.difference(&leg.stale);
        let taken = self
            .legs(LegOutcome::Acknowledged)
            .fold(ShardSet::new(), |taken, leg| taken.union(&in_sync(leg)));
        let marked = self
            .legs(LegOutcome::Missed)
            .map(|leg| (leg.node.clone(), leg.shards.intersection(&taken)));
        marked.filter(|(_, shards)| !shards.is_empty()).collect()
    }

    /// Groups and shards with a counted copy that did not take the write.
    fn degraded(&self) -> Option<Degraded> {
        let mut by_group: BTreeMap<GroupId, ShardSet> = BTreeMap::new();
        for leg in self
            .legs(LegOutcome::Missed)
            .filter(|leg| !leg.counted.is_empty())
        {
            by_group.entry(leg.group).or_default().extend(&leg.counted);
        }
        if by_group.is_empty() {
            return None;
        }
        let everything = by_group.values().all(|shards| *shards == self.plan.wanted);
        let all = || {
            by_group
                .values()
                .fold(ShardSet::new(), |all, shards| all.union(shards))
        };
        let groups: BTreeSet<GroupId> = by_group.keys().copied().collect();
        Some(Degraded::Write {
            groups: groups.into_iter().collect(),
            shards: (!everything).then(all),
        })
    }
}

/// Copies of one shard in one group that are in sync.
#[derive(Debug, Clone, Copy, Default)]
struct Copies {
    acknowledged: usize,
    open: usize,
}
