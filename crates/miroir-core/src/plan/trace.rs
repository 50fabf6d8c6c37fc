//! Why a plan is what it is. Explain prints this and nothing else, so it cannot drift from the planner.

use std::fmt;

use super::Constraints;
use crate::filter::Why;
use crate::id::{GroupId, NodeId, Shard, ShardSet};

/// The planner's reasons in the order in which it had them. Recording one costs no formatting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace(Vec<Reason>);

/// Prints as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The filter lets only documents with one of so many primary keys through.
    PrimaryKeyFilter {
        primary_key: String,
        values: usize,
    },
    NotNarrowed(NotNarrowed),
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
    NodeSpared(NodeId),
    CopiesStale {
        node: NodeId,
        shards: ShardSet,
    },
    Uncovered(ShardSet),
    /// No document can match, and this shard is asked.
    NothingMatches(Shard),
}

/// Why all shards are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotNarrowed {
    /// The configuration says so.
    SwitchedOff,
    /// A node does not tell a facet that it has never seen from one without matches.
    FacetsWanted,
    Filter(Why),
}

impl Trace {
    /// A trace that begins with the reasons behind the demands.
    pub(crate) fn of(constraints: &Constraints) -> Self {
        Self(constraints.reasons.clone())
    }

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
            Self::PrimaryKeyFilter {
                primary_key,
                values,
            } => {
                let plural = if *values == 1 { "" } else { "s" };
                write!(f, "pk filter: {primary_key} IN [{values} value{plural}]")
            }
            Self::NotNarrowed(reason) => reason.fmt(f),
            Self::NothingMatches(shard) => {
                write!(f, "no document can match, shard {} is asked", shard.0)
            }
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
            Self::NodeSpared(node) => {
                write!(
                    f,
                    "node {node} does far worse than the others and is spared where they can answer"
                )
            }
            Self::CopiesStale { node, shards } => {
                write!(f, "node {node} has stale copies of shards {shards}")
            }
            Self::Uncovered(shards) => write!(f, "no fresh reachable copy of shards {shards}"),
        }
    }
}

impl fmt::Display for NotNarrowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SwitchedOff => f.write_str("query_planner.enabled is false"),
            Self::FacetsWanted => f.write_str("facets are asked for"),
            Self::Filter(why) => why.fmt(f),
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
