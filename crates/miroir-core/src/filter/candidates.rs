//! The outcome of reading a filter, and how outcomes combine.

use std::collections::BTreeSet;
use std::fmt;

use crate::hash::shard_of;
use crate::id::{ShardCount, ShardSet};

/// The documents that can pass a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidates {
    /// Only documents with one of these ids. Empty: none can.
    Ids(BTreeSet<String>),
    /// Whatever their ids are.
    Any(Why),
}

/// Why a filter does not narrow a request. Prints as a phrase that holds no text of the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    NoFilter,
    NotUnderstood,
    KeyUnknown,
    KeyNested,
    KeyNotNamed,
    KeyUnderNot,
    KeyComparedOtherwise,
    OrWithoutKey,
    TooMany { literals: usize, limit: usize },
    IdsNotFolded,
    NumberInexact,
    LiteralTruncated,
}

impl Candidates {
    /// The same, or any when there are more than are worth looking for.
    pub(super) fn at_most(self, limit: usize) -> Self {
        match self {
            Self::Ids(ids) if ids.len() > limit => {
                let literals = ids.len();
                Self::Any(Why::TooMany { literals, limit })
            }
            other => other,
        }
    }

    /// All parts must hold: what is known of any of them counts.
    pub(super) fn all(parts: impl Iterator<Item = Self>) -> Self {
        parts
            .reduce(|left, right| match (left, right) {
                (Self::Ids(mut left), Self::Ids(right)) => {
                    left.retain(|id| right.contains(id));
                    Self::Ids(left)
                }
                (ids @ Self::Ids(_), Self::Any(_)) | (Self::Any(_), ids @ Self::Ids(_)) => ids,
                (Self::Any(Why::KeyNotNamed), why) | (why, Self::Any(_)) => why,
            })
            .unwrap_or(Self::Any(Why::NoFilter))
    }

    /// One part must hold: one of which nothing is known makes nothing known.
    pub(super) fn either(parts: impl Iterator<Item = Self>) -> Self {
        parts
            .reduce(|left, right| match (left, right) {
                (Self::Ids(left), Self::Ids(right)) => {
                    let (mut more, fewer) = if left.len() < right.len() {
                        (right, left)
                    } else {
                        (left, right)
                    };
                    more.extend(fewer);
                    Self::Ids(more)
                }
                (Self::Any(Why::KeyNotNamed), Self::Ids(_))
                | (Self::Ids(_), Self::Any(Why::KeyNotNamed)) => Self::Any(Why::OrWithoutKey),
                (Self::Any(Why::KeyNotNamed), why) | (why @ Self::Any(_), _) | (_, why) => why,
            })
            .unwrap_or(Self::Any(Why::NoFilter))
    }

    /// The part must not hold. The other documents are not listed.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Any(why @ (Why::KeyNotNamed | Why::NotUnderstood)) => Self::Any(why),
            Self::Ids(_) | Self::Any(_) => Self::Any(Why::KeyUnderNot),
        }
    }

    /// The shards that these documents can be in; `None` when it may be any.
    pub fn shards(&self, count: ShardCount) -> Option<ShardSet> {
        match self {
            Self::Ids(ids) => Some(ids.iter().map(|id| shard_of(id, count)).collect()),
            Self::Any(_) => None,
        }
    }
}

impl Why {
    /// Whether the filter does name the primary key, in a way that does not help.
    pub fn names_key(&self) -> bool {
        match self {
            Self::NoFilter
            | Self::NotUnderstood
            | Self::KeyUnknown
            | Self::KeyNested
            | Self::KeyNotNamed => false,
            Self::KeyUnderNot
            | Self::KeyComparedOtherwise
            | Self::OrWithoutKey
            | Self::TooMany { .. }
            | Self::IdsNotFolded
            | Self::NumberInexact
            | Self::LiteralTruncated => true,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phrase = match self {
            Self::NoFilter => "no filter",
            Self::NotUnderstood => "filter not understood",
            Self::KeyUnknown => "primary key not known yet",
            Self::KeyNested => "primary key is nested",
            Self::KeyNotNamed => "no primary key in the filter",
            Self::KeyUnderNot => "primary key under NOT",
            Self::KeyComparedOtherwise => "primary key compared otherwise than by = and IN",
            Self::OrWithoutKey => "OR with a branch without primary key",
            Self::TooMany { literals, limit } => {
                return write!(f, "{literals} literals exceed {limit}");
            }
            Self::IdsNotFolded => "ids are not case-folded",
            Self::NumberInexact => "a literal is an integer of 2^53 or more",
            Self::LiteralTruncated => "a literal is longer than what the engine compares",
        };
        f.write_str(phrase)
    }
}
