//! The filter that keeps a leg to its own shards.

use std::fmt;

use crate::document::marker;
use crate::id::{ShardCount, ShardSet};

/// Restricts one node request to the shards of its leg. Prints as a filter expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShardClause {
    In(ShardSet),
    NotIn(ShardSet),
}

impl ShardClause {
    /// Whichever of `IN` and `NOT IN` lists fewer shards. The complement is that of the whole index, not of what the node
    /// is known to hold, so that an unexpected document is never counted twice; and it always names the marker of lexicon
    /// documents, so that no clause ever lets one through.
    pub fn new(shards: &ShardSet, count: ShardCount) -> Self {
        if shards.len() * 2 <= usize::from(count.get()) {
            Self::In(shards.clone())
        } else {
            Self::NotIn(count.all().difference(shards))
        }
    }
}

impl fmt::Display for ShardClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operator, shards, hidden) = match self {
            Self::In(shards) => ("IN", shards, None),
            Self::NotIn(shards) => ("NOT IN", shards, Some(marker::LEXICON_MARKER.to_owned())),
        };
        write!(f, "{} {operator} [", marker::SHARD_FIELD)?;
        let markers = hidden
            .into_iter()
            .chain(shards.iter().map(marker::of_shard));
        for (position, marker) in markers.enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}\"{marker}\"")?;
        }
        f.write_str("]")
    }
}
