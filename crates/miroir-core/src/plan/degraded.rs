//! The value of `X-Miroir-Degraded` (http-api.md 3).

use std::fmt;

use crate::id::{GroupId, IndexUid, ShardSet, write_ids};

/// What an answer lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Degraded {
    /// A read that does not cover these shards.
    Uncovered(ShardSet),
    /// A read that did not wait until the session's own write was visible.
    SessionTimeout,
    /// An acknowledged write that some copies did not take.
    Write {
        /// Ascending.
        groups: Vec<GroupId>,
        /// Shards with such a copy; `None` when that is every shard of the batch in every listed group.
        shards: Option<ShardSet>,
    },
}

impl Degraded {
    fn elements(&self) -> Vec<Element<'_>> {
        match self {
            Self::Uncovered(shards) => vec![Element::Shards(shards)],
            Self::SessionTimeout => vec![Element::SessionTimeout],
            Self::Write { groups, shards } => {
                let shards = shards.as_ref().map(Element::Shards);
                std::iter::once(Element::Groups(groups))
                    .chain(shards)
                    .collect()
            }
        }
    }
}

enum Element<'a> {
    Groups(&'a [GroupId]),
    Shards(&'a ShardSet),
    SessionTimeout,
}

impl fmt::Display for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Groups(groups) => {
                f.write_str("groups=")?;
                write_ids(f, groups.iter(), groups.len())
            }
            Self::Shards(shards) => write!(f, "shards={shards}"),
            Self::SessionTimeout => f.write_str("session=timeout"),
        }
    }
}

impl fmt::Display for Degraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, element) in self.elements().iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{element}")?;
        }
        Ok(())
    }
}

/// The header of a request over several indexes, every element prefixed with its index. `None` when nothing is lacking.
pub fn render_degraded<'a>(
    parts: impl IntoIterator<Item = (&'a IndexUid, &'a Degraded)>,
) -> Option<String> {
    let mut elements = Vec::new();
    for (index, degraded) in parts {
        elements.extend(
            degraded
                .elements()
                .iter()
                .map(|element| format!("{index}:{element}")),
        );
    }
    (!elements.is_empty()).then(|| elements.join("; "))
}
