//! Fewest nodes that together hold every wanted shard, and how to take turns among equally small choices.
//!
//! With one copy per shard there is nothing to choose. With more it is the hitting set problem, solved exactly by branch
//! and bound within a budget of steps that no realistic group exhausts; after it, the best found so far is used. Whole
//! indexes are solved once per placement and state of the group, then looked up.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::id::{GroupId, ShardSet};

/// Mask comparisons spent on one search: about a millisecond, paid once per state of a group.
const KEPT_BUDGET: usize = 1_000_000;
/// The same for a search whose result is not kept.
const PASSING_BUDGET: usize = 50_000;
/// Distinct covers collected from each starting point.
const COVERS_PER_START: usize = 8;
const MAX_STARTS: usize = 16;
const MAX_ROUNDS: usize = 64;
/// States of the groups kept per placement; they change only with health and staleness.
const MAX_KEPT: usize = 128;

/// One node of a cover and the shards that it answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CoverLeg {
    /// Position among the nodes of the group.
    pub(crate) node: usize,
    pub(crate) shards: ShardSet,
}

/// Covers of the same smallest size, in the order in which queries should take turns. Never empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) rounds: Vec<Vec<CoverLeg>>,
}

/// What the cover of a whole index in one group depends on, besides the placement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CoverKey {
    pub(crate) group: GroupId,
    pub(crate) usable: u128,
    /// Stale shards by position of the node.
    pub(crate) stale: Vec<(usize, ShardSet)>,
}

#[derive(Debug, Default)]
pub(crate) struct CoverCache(RwLock<BTreeMap<CoverKey, Arc<Schedule>>>);

impl CoverCache {
    /// `candidates` holds for every shard of the index the nodes that can answer for it.
    pub(crate) fn schedule(
        &self,
        key: CoverKey,
        candidates: impl FnOnce() -> Candidates,
    ) -> Arc<Schedule> {
        let known = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(schedule) = known {
            return schedule;
        }
        let schedule = Arc::new(Schedule::new(&candidates(), KEPT_BUDGET));
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(key, schedule.clone());
        schedule
    }
}

/// Per shard the nodes that can answer for it, as a bit mask that is never empty.
pub(crate) type Candidates = Vec<(crate::id::Shard, u128)>;

impl Schedule {
    /// Nodes of each of its covers.
    pub(crate) fn legs(&self) -> usize {
        self.rounds.first().map_or(0, Vec::len)
    }

    /// For a set of shards that is not worth keeping.
    pub(crate) fn passing(candidates: &Candidates) -> Self {
        Self::new(candidates, PASSING_BUDGET)
    }

    fn new(candidates: &Candidates, budget: usize) -> Self {
        let masks = distinct(candidates);
        let covers = smallest_covers(&masks, budget);
        let forced = covers.len() == 1
            && candidates
                .iter()
                .all(|(_, mask)| (mask & covers[0]).count_ones() == 1);
        let nodes = masks.iter().fold(0, |all, mask| all | mask).count_ones() as usize;
        let rounds = if forced {
            1
        } else {
            (4 * nodes).clamp(1, MAX_ROUNDS)
        };
        let mut turns = Turns {
            legs: [0; 128],
            shards: [0; 128],
        };
        Self {
            rounds: (0..rounds)
                .map(|_| turns.next(&covers, candidates))
                .collect(),
        }
    }
}

/// The distinct masks without those that another mask implies.
fn distinct(candidates: &Candidates) -> Vec<u128> {
    let mut masks: Vec<u128> = candidates.iter().map(|(_, mask)| *mask).collect();
    masks.sort_unstable_by_key(|mask| (mask.count_ones(), *mask));
    masks.dedup();
    let mut kept: Vec<u128> = Vec::with_capacity(masks.len());
    for mask in masks {
        if !kept.iter().any(|smaller| smaller & mask == *smaller) {
            kept.push(mask);
        }
    }
    kept
}

/// How often each node has been used so far.
struct Turns {
    legs: [usize; 128],
    shards: [usize; 128],
}

impl Turns {
    /// The cover whose nodes have been used least, its shards spread as evenly as their copies allow.
    fn next(&mut self, covers: &[u128], candidates: &Candidates) -> Vec<CoverLeg> {
        let used = |cover: &u128| bits(*cover).map(|node| self.legs[node]).sum::<usize>();
        let Some(cover) = covers.iter().copied().min_by_key(used) else {
            return Vec::new();
        };
        let mut legs: Vec<CoverLeg> = bits(cover)
            .map(|node| CoverLeg {
                node,
                shards: ShardSet::new(),
            })
            .collect();
        let mut loads = [0; 128];
        // Shards without a choice go first, so that the others can even out.
        let (free, forced): (Vec<_>, Vec<_>) = candidates
            .iter()
            .partition(|(_, mask)| (mask & cover).count_ones() > 1);
        for (shard, mask) in forced.into_iter().chain(free) {
            let least = bits(mask & cover).min_by_key(|node| (loads[*node], self.shards[*node]));
            let Some(node) = least else { continue };
            loads[node] += 1;
            self.shards[node] += 1;
            let leg = legs
                .iter_mut()
                .find(|leg| leg.node == node)
                .expect("every node of the cover has a leg");
            leg.shards.insert(shard);
        }
        for leg in &legs {
            self.legs[leg.node] += 1;
        }
        legs
    }
}

fn smallest_covers(masks: &[u128], budget: usize) -> Vec<u128> {
    let steps = budget / masks.len().max(1);
    let fallback = greedy_cover(masks);
    let mut search = Search {
        masks,
        start: 0,
        size: fallback.count_ones(),
        covers: Vec::new(),
        limit: 0,
        steps,
    };
    let all = masks.iter().fold(0, |all, mask| all | mask);
    for start in bits(all).take(MAX_STARTS) {
        search.start = start;
        search.limit = search.covers.len() + COVERS_PER_START;
        search.extend(0, 0);
    }
    let mut covers = search.covers;
    covers.sort_unstable();
    covers.dedup();
    if covers.is_empty() {
        vec![fallback]
    } else {
        covers
    }
}

fn greedy_cover(masks: &[u128]) -> u128 {
    let mut cover = 0;
    loop {
        let open = || masks.iter().filter(|mask| **mask & cover == 0);
        let choices = open().fold(0, |all, mask| all | mask);
        let Some(node) =
            bits(choices).max_by_key(|node| open().filter(|mask| **mask >> node & 1 == 1).count())
        else {
            return cover;
        };
        cover |= 1 << node;
    }
}

struct Search<'a> {
    masks: &'a [u128],
    /// Nodes are tried from this position on, wrapping, so that different starts find different covers.
    start: usize,
    /// Size of the smallest cover known.
    size: u32,
    covers: Vec<u128>,
    /// Number of covers at which equally small ones are no longer looked for.
    limit: usize,
    steps: usize,
}

impl Search<'_> {
    fn extend(&mut self, chosen: u128, forbidden: u128) {
        if self.steps == 0 {
            return;
        }
        self.steps -= 1;
        let (mut packed, mut packing) = (0u128, 0);
        let mut narrowest: Option<u128> = None;
        for mask in self.masks.iter().filter(|mask| **mask & chosen == 0) {
            let choices = mask & !forbidden;
            if narrowest.is_none_or(|best| choices.count_ones() < best.count_ones()) {
                narrowest = Some(choices);
            }
            // Open masks that share no node need a node each: a lower bound.
            if choices & packed == 0 {
                packed |= choices;
                packing += 1;
            }
        }
        let Some(choices) = narrowest else {
            return self.found(chosen);
        };
        let bound = chosen.count_ones() + packing;
        if bound > self.size || (bound == self.size && self.covers.len() >= self.limit) {
            return;
        }
        let mut tried = forbidden;
        let later = choices & (u128::MAX << self.start);
        for node in bits(later).chain(bits(choices & !later)) {
            self.extend(chosen | 1 << node, tried);
            tried |= 1 << node;
        }
    }

    fn found(&mut self, cover: u128) {
        let size = cover.count_ones();
        if size < self.size {
            self.size = size;
            self.covers.clear();
            self.limit = COVERS_PER_START;
        }
        if size == self.size && self.covers.len() < self.limit {
            self.covers.push(cover);
        }
    }
}

/// Positions of the set bits, ascending.
pub(crate) fn bits(mut mask: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(bit)
    })
}
