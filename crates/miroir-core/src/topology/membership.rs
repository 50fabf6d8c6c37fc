//! Whether a node belongs to the fleet: durable, changed by operators and by finished moves (data-path.md 6).

use serde::{Deserialize, Serialize};
use thiserror::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Membership {
    /// Being filled. How every node begins.
    Joining,
    Active,
    /// Being emptied.
    Draining,
    /// Gone for good; the id is remembered and never used again.
    Removed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a node that is {from:?} cannot become {to:?}")]
pub struct IllegalMembershipChange {
    pub from: Membership,
    pub to: Membership,
}

impl Membership {
    pub const ALL: [Self; 4] = [Self::Joining, Self::Active, Self::Draining, Self::Removed];

    /// The only door between memberships; staying what it is is not a change and is refused too.
    pub fn change_to(self, to: Self) -> Result<Self, IllegalMembershipChange> {
        match (self, to) {
            (Self::Joining, Self::Active | Self::Removed)
            | (Self::Active, Self::Draining)
            | (Self::Draining, Self::Active | Self::Removed) => Ok(to),
            (from, to) => Err(IllegalMembershipChange { from, to }),
        }
    }
}
