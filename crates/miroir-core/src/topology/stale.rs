//! Which copies of one index have missed an acknowledged write.

use std::collections::BTreeMap;

use crate::id::{NodeId, Shard, ShardSet};

/// The stale copies of one index, by node. A stale copy serves no read until it has been repaired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaleMap(BTreeMap<NodeId, ShardSet>);

impl StaleMap {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn mark(&mut self, node: NodeId, shards: &ShardSet) {
        if !shards.is_empty() {
            self.0.entry(node).or_default().extend(shards);
        }
    }

    /// The copies have been repaired and verified.
    pub fn clear(&mut self, node: &NodeId, shards: &ShardSet) {
        if let Some(stale) = self.0.get_mut(node) {
            *stale = stale.difference(shards);
            if stale.is_empty() {
                self.0.remove(node);
            }
        }
    }

    /// The stale shards of a node, if it has any.
    pub fn of(&self, node: &NodeId) -> Option<&ShardSet> {
        self.0.get(node)
    }

    pub fn contains(&self, node: &NodeId, shard: Shard) -> bool {
        self.of(node).is_some_and(|stale| stale.contains(shard))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, &ShardSet)> {
        self.0.iter()
    }
}
