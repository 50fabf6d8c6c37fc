//! The decisions of a repair, as functions of what was observed.

use std::collections::{BTreeMap, BTreeSet};

use miroir_core::id::{NodeId, NodeUid, Shard, ShardSet};
use miroir_core::topology::StaleMap;

/// Shards that are repaired together hold at most this many documents, unless it is one.
const MOST_DOCUMENTS: u64 = 20_000;
/// A batch whose answer is longer than this is followed by a smaller one.
const LARGE_ANSWER: usize = 8 << 20;

/// What one index looks like to somebody who wants to repair it.
pub(super) struct Situation<'a> {
    pub(super) index: &'a NodeUid,
    pub(super) stale: &'a StaleMap,
    /// The nodes of all groups that own a shard.
    pub(super) owners: BTreeMap<Shard, Vec<NodeId>>,
    /// The nodes that are well.
    pub(super) healthy: &'a BTreeSet<NodeId>,
}

/// Stale copies of one node and the node that they can be copied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) index: NodeUid,
    pub(super) source: NodeId,
    pub(super) destination: NodeId,
    pub(super) shards: ShardSet,
}

/// What to repair next: the copies of the shard that has the fewest fresh ones, except on nodes that were tried in vain (how often).
/// Another source is chosen at every try.
pub(super) fn choose(
    situations: &[Situation<'_>],
    tried: &BTreeMap<(NodeUid, NodeId), usize>,
    skipped: &BTreeSet<(NodeUid, NodeId)>,
) -> Option<Unit> {
    let mut best: Option<(usize, Unit)> = None;
    for situation in situations {
        for (destination, stale) in situation.stale.iter() {
            let name = (situation.index.clone(), destination.clone());
            if !situation.healthy.contains(destination) || skipped.contains(&name) {
                continue;
            }
            let Some((fresh, source, shards)) =
                source(situation, stale, tried.get(&name).copied().unwrap_or(0))
            else {
                continue;
            };
            if best.as_ref().is_none_or(|(fewest, _)| fresh < *fewest) {
                let unit = Unit {
                    index: situation.index.clone(),
                    source,
                    destination: destination.clone(),
                    shards,
                };
                best = Some((fresh, unit));
            }
        }
    }
    best.map(|(_, unit)| unit)
}

/// The source that has most of the stale shards, those shards, and how many fresh copies the rarest of them has.
fn source(
    situation: &Situation<'_>,
    stale: &ShardSet,
    tries: usize,
) -> Option<(usize, NodeId, ShardSet)> {
    let mut by_source: BTreeMap<&NodeId, ShardSet> = BTreeMap::new();
    let mut rarest = BTreeMap::new();
    for shard in stale {
        let owners = situation.owners.get(&shard).into_iter().flatten();
        let fresh = owners.filter(|owner| !situation.stale.contains(owner, shard));
        let mut count = 0;
        for owner in fresh {
            count += 1;
            if situation.healthy.contains(owner) {
                by_source.entry(owner).or_default().insert(shard);
            }
        }
        rarest.insert(shard, count);
    }
    let mut sources: Vec<(&NodeId, ShardSet)> = by_source.into_iter().collect();
    sources.sort_by_key(|(_, shards)| std::cmp::Reverse(shards.len()));
    let position = tries.checked_rem(sources.len())?;
    let (source, shards) = sources.swap_remove(position);
    let fresh = shards.iter().filter_map(|shard| rarest.get(&shard)).min()?;
    Some((*fresh, source.clone(), shards))
}

/// The part of the shards that is repaired first: as many small ones as one listing should hold.
pub(super) fn portion(shards: &ShardSet, documents: &BTreeMap<Shard, u64>) -> ShardSet {
    let mut portion = ShardSet::new();
    let mut sum = 0;
    for shard in shards {
        sum += documents.get(&shard).copied().unwrap_or(0);
        if sum > MOST_DOCUMENTS && !portion.is_empty() {
            break;
        }
        portion.insert(shard);
    }
    portion
}

/// What is to be done about one document, given its digests at one position of the index's sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Both nodes have the same, and get the same from here on.
    Settled,
    /// The destination is given what the source has.
    Copy,
    /// The source has no such document.
    Delete,
    /// It was written after that position: what was read is older than what the destination gets.
    Again,
}

pub(super) fn step(source: Option<u64>, destination: Option<u64>, is_touched: bool) -> Step {
    match (source, destination) {
        _ if is_touched => Step::Again,
        (source, destination) if source == destination => Step::Settled,
        (Some(_), _) => Step::Copy,
        (None, _) => Step::Delete,
    }
}

/// How many documents are read at once: as many as were asked for, fewer while they are large.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchSize {
    size: usize,
    most: usize,
}

impl BatchSize {
    pub(super) fn new(most: usize) -> Self {
        Self {
            size: most.min(100),
            most,
        }
    }

    pub(super) fn get(self) -> usize {
        self.size
    }

    /// Learns from the length of an answer that held a whole batch.
    pub(super) fn observe(&mut self, bytes: usize) {
        self.size = if bytes > LARGE_ANSWER {
            (self.size / 2).max(1)
        } else if bytes < LARGE_ANSWER / 4 {
            (self.size * 2).min(self.most)
        } else {
            self.size
        };
    }
}

#[cfg(test)]
mod tests;
