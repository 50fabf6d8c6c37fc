//! Why a plan is what it is. Explain prints this and nothing else, so it cannot drift from the planner.

use std::fmt;

use crate::id::{GroupId, NodeId, ShardSet};

/// The planner's reasons in the order in which it had them. Recording one costs no formatting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace(Vec<Reason>);

/// Prints as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    Wanted {
        shards: usize,
        narrowed: bool,
    },
    NoActiveGroup,
    GroupRequired(GroupId),
    GroupPreferred(GroupId),
    GroupInTurn {
        group: GroupId,
        eligible: usize,
    },
    RequiredGroupLeft(GroupId),
    GroupIncomplete {
        group: GroupId,
        missing: ShardSet,
    },
    GroupCovers {
        group: GroupId,
        shards: usize,
        legs: usize,
        last_resort: bool,
    },
    NodeExcluded(NodeId),
    NodeFailed(NodeId),
    NodeDegraded(NodeId),
    CopiesStale {
        node: NodeId,
        shards: ShardSet,
    },
    Uncovered(ShardSet),
}

impl Trace {
    pub(crate) fn note(&mut self, reason: Reason) {
        self.0.push(reason);
    }

    pub fn reasons(&self) -> &[Reason] {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wanted {
                shards,
                narrowed: false,
            } => write!(f, "all {shards} shards are wanted"),
            Self::Wanted {
                shards,
                narrowed: true,
            } => write!(f, "narrowed to {shards} shards"),
            Self::NoActiveGroup => write!(f, "no group may be read"),
            Self::GroupRequired(group) => write!(f, "group {group} is required"),
            Self::GroupPreferred(group) => write!(f, "group {group} is preferred"),
            Self::GroupInTurn { group, eligible } => {
                write!(f, "group {group} is next of {eligible} in rotation")
            }
            Self::RequiredGroupLeft(group) => {
                write!(
                    f,
                    "required group {group} can answer for no shard, so the others are used"
                )
            }
            Self::GroupIncomplete { group, missing } => {
                write!(f, "group {group} cannot cover shards {missing}")
            }
            Self::GroupCovers {
                group,
                shards,
                legs,
                last_resort,
            } => {
                let nodes = if *last_resort {
                    "degraded nodes"
                } else {
                    "nodes"
                };
                write!(
                    f,
                    "group {group} covers {shards} shards with the fewest possible {nodes}: {legs}"
                )
            }
            Self::NodeExcluded(node) => write!(f, "node {node} is excluded by a constraint"),
            Self::NodeFailed(node) => write!(f, "node {node} has failed"),
            Self::NodeDegraded(node) => {
                write!(f, "node {node} is degraded and used only as a last resort")
            }
            Self::CopiesStale { node, shards } => {
                write!(f, "node {node} has stale copies of shards {shards}")
            }
            Self::Uncovered(shards) => write!(f, "no fresh reachable copy of shards {shards}"),
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, reason) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "\n" };
            write!(f, "{separator}{reason}")?;
        }
        Ok(())
    }
}
