//! One shard and the number of shards.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ShardSet;

/// One slice of an index's hash space, `0..S`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(pub u16);

/// `S`: how many shards an index has, 1 to 4096 (the most that three marker symbols can tell apart).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct ShardCount(u16);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is not a number of shards: 1 to {max}", max = ShardCount::MAX)]
pub struct InvalidShardCount(pub u64);

impl Shard {
    /// Position in tables that have one entry per shard.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl ShardCount {
    pub const MAX: u16 = 4096;

    pub fn new(count: u64) -> Result<Self, InvalidShardCount> {
        match u16::try_from(count) {
            Ok(count @ 1..=Self::MAX) => Ok(Self(count)),
            _ => Err(InvalidShardCount(count)),
        }
    }

    pub fn get(self) -> u16 {
        self.0
    }

    /// Every shard, ascending.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Shard> + DoubleEndedIterator {
        (0..self.0).map(Shard)
    }

    /// Every shard, as a set.
    pub fn all(self) -> ShardSet {
        ShardSet::full(self)
    }
}

impl TryFrom<u64> for ShardCount {
    type Error = InvalidShardCount;

    fn try_from(count: u64) -> Result<Self, InvalidShardCount> {
        Self::new(count)
    }
}

impl From<ShardCount> for u64 {
    fn from(count: ShardCount) -> u64 {
        u64::from(count.0)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ShardCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
