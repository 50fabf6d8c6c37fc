//! Owners: rendezvous hashing with bounded load, one group at a time (data-path.md 1 and 2). Frozen like the hashes.

use std::cmp::Reverse;

use super::cover::CoverCache;
use super::{Group, GroupState, Membership, Node, Topology};
use crate::hash;
use crate::id::{GroupId, NodeId, Shard, ShardCount, ShardSet};

/// Which node owns which shard of an index with a given number of shards, in every group.
#[derive(Debug)]
pub struct Placement {
    count: ShardCount,
    groups: Vec<GroupPlacement>,
    /// Covers of whole indexes that planning has already worked out for this placement.
    pub(crate) covers: CoverCache,
}

/// Owners inside one group.
#[derive(Debug, PartialEq, Eq)]
pub struct GroupPlacement {
    pub id: GroupId,
    pub state: GroupState,
    nodes: Vec<PlacedNode>,
    /// Owners per shard: `RF`, or the number of nodes where there are fewer.
    copies: usize,
    /// `copies` positions in `nodes` per shard, best score first among those chosen with room.
    owners: Vec<u8>,
    /// The same as a bit mask over `nodes`, one per shard.
    masks: Vec<u128>,
}

/// One node of a group and what it owns.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlacedNode {
    pub(crate) id: NodeId,
    pub(crate) membership: Membership,
    pub(crate) owned: ShardSet,
    pub(crate) leftovers: bool,
}

// === impl Placement ===

impl Placement {
    pub(super) fn new(topology: &Topology, count: ShardCount) -> Self {
        let groups = topology
            .groups()
            .iter()
            .map(|group| GroupPlacement::new(topology, group, count))
            .collect();
        Self {
            count,
            groups,
            covers: CoverCache::default(),
        }
    }

    pub fn count(&self) -> ShardCount {
        self.count
    }

    /// Every group, by id.
    pub fn groups(&self) -> &[GroupPlacement] {
        &self.groups
    }

    pub fn group(&self, id: GroupId) -> Option<&GroupPlacement> {
        self.groups.iter().find(|group| group.id == id)
    }
}

// === impl GroupPlacement ===

impl GroupPlacement {
    fn new(topology: &Topology, group: &Group, count: ShardCount) -> Self {
        let placed =
            |node: &&Node| node.replica_group == group.id && counts(node.membership, group.state);
        let mut nodes: Vec<PlacedNode> = topology
            .nodes()
            .iter()
            .filter(placed)
            .map(|node| PlacedNode {
                id: node.id.clone(),
                membership: node.membership,
                owned: ShardSet::new(),
                leftovers: node.leftovers,
            })
            .collect();
        let ids: Vec<&NodeId> = nodes.iter().map(|node| &node.id).collect();
        let copies = usize::from(topology.replication_factor()).min(ids.len());
        let owners = owners(&ids, copies, count);
        let mut masks = vec![0; usize::from(count.get())];
        if copies > 0 {
            for (shard, owners) in count.iter().zip(owners.chunks_exact(copies)) {
                for owner in owners {
                    masks[shard.index()] |= 1 << owner;
                    nodes[usize::from(*owner)].owned.insert(shard);
                }
            }
        }
        Self {
            id: group.id,
            state: group.state,
            nodes,
            copies,
            owners,
            masks,
        }
    }

    /// The owners of a shard, in rank order. Empty for a shard the index does not have and for a group without nodes.
    pub fn owners(&self, shard: Shard) -> impl ExactSizeIterator<Item = &NodeId> {
        let start = shard.index() * self.copies;
        let owners = self
            .owners
            .get(start..start + self.copies)
            .unwrap_or_default();
        owners
            .iter()
            .map(|owner| &self.nodes[usize::from(*owner)].id)
    }

    /// The nodes that placement counts, by id, each with the shards it owns.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (&NodeId, &ShardSet)> {
        self.nodes.iter().map(|node| (&node.id, &node.owned))
    }

    pub(crate) fn placed(&self) -> &[PlacedNode] {
        &self.nodes
    }

    pub(crate) fn mask(&self, shard: Shard) -> u128 {
        self.masks.get(shard.index()).copied().unwrap_or(0)
    }
}

/// Whether placement counts a node. A group that is being created consists of joining nodes and is written by its own
/// placement from the start; elsewhere a joining node owns nothing before its moves.
fn counts(membership: Membership, group: GroupState) -> bool {
    match membership {
        Membership::Active | Membership::Draining => true,
        Membership::Joining => group == GroupState::Initializing,
        Membership::Removed => false,
    }
}

/// The most shard copies one node takes while others have room: `ceil(1.05 * S * RF / nodes)`.
fn capacity(nodes: usize, copies: usize, count: ShardCount) -> usize {
    (105 * usize::from(count.get()) * copies).div_ceil(100 * nodes.max(1))
}

/// `copies` positions in `ids` for every shard. `ids` must be sorted: equal scores go to the smaller id.
fn owners(ids: &[&NodeId], copies: usize, count: ShardCount) -> Vec<u8> {
    let capacity = capacity(ids.len(), copies, count);
    let mut loads = vec![0; ids.len()];
    let mut owners = Vec::with_capacity(usize::from(count.get()) * copies);
    let mut ranking: Vec<(Reverse<u64>, usize)> = Vec::with_capacity(ids.len());
    for shard in count.iter() {
        ranking.clear();
        ranking.extend(
            ids.iter()
                .enumerate()
                .map(|(position, id)| (Reverse(hash::score(shard, id)), position)),
        );
        // Nodes with room come first by score; the others, needed only where too few have room, by load and then score.
        ranking.sort_unstable_by_key(|(score, position)| {
            let load = loads[*position];
            let overload = if load < capacity { 0 } else { load };
            (overload, *score, *position)
        });
        for (_, position) in &ranking[..copies] {
            loads[*position] += 1;
            owners.push(u8::try_from(*position).expect("a group has at most 128 nodes"));
        }
    }
    owners
}
