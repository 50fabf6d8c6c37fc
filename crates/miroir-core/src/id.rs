//! The names and numbers that identify things: nodes, groups, indexes, tasks, shards.
//!
//! Each is its own type, so that a client's index uid cannot be sent where a node uid is meant. All of them print and
//! serialise as the plain value, and the ones with a grammar check it on every way in, deserialisation included.

mod name;
mod shard;
mod shard_set;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use name::{
    IndexUid, InvalidIndexUid, InvalidNodeId, InvalidNodeUid, MAX_INDEX_UID_BYTES, NodeId, NodeUid,
};
pub use shard::{InvalidShardCount, Shard, ShardCount};
pub use shard_set::{ShardIter, ShardSet};

/// Number of a replica group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub u16);

/// Number of a client-visible task, increasing from 0 and shared by all processes; SDKs parse it as an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskUid(pub u32);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TaskUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many ids a header or message lists before it says how many it left out (http-api.md 3).
pub(crate) const MAX_LISTED_IDS: usize = 100;

/// Writes `3,7,11`, and `,+<n more>` after the first [`MAX_LISTED_IDS`].
pub(crate) fn write_ids<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    ids: impl Iterator<Item = T>,
    total: usize,
) -> fmt::Result {
    for (position, id) in ids.take(MAX_LISTED_IDS).enumerate() {
        let separator = if position == 0 { "" } else { "," };
        write!(f, "{separator}{id}")?;
    }
    match total.checked_sub(MAX_LISTED_IDS) {
        None | Some(0) => Ok(()),
        Some(left_out) => write!(f, ",+{left_out}"),
    }
}
