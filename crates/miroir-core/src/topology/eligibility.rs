//! What a node may be used for: the table of data-path.md 6, and the one-word status that is reported.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Health, Membership};

/// Both coordinates of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeState {
    pub membership: Membership,
    pub health: Health,
}

/// How good a node is for reads of the fresh copies that placement gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadTier {
    Normal,
    /// Only where no copy on a normal node exists in any group.
    LastResort,
}

/// What a write does with the copies that placement gives a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteRole {
    /// The write is sent and the answer matters.
    Sent,
    /// The write is not sent: the copy has missed it and becomes stale.
    Missed,
}

/// The reported state, one word for both coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum NodeStatus {
    Removed,
    Failed,
    Joining,
    Draining,
    Degraded,
    Healthy,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a node status")]
pub struct UnknownNodeStatus(pub String);

impl NodeState {
    /// For the shards that placement gives the node: a joining node has those already cut over to it, a draining one
    /// those not yet cut over. `None`: never.
    pub fn read_tier(self) -> Option<ReadTier> {
        match (self.membership, self.health) {
            (Membership::Removed, _) | (_, Health::Failed) => None,
            (_, Health::Healthy) => Some(ReadTier::Normal),
            (_, Health::Degraded) => Some(ReadTier::LastResort),
        }
    }

    /// For the shards that placement gives the node. `None`: not a target at all.
    pub fn write_role(self) -> Option<WriteRole> {
        match (self.membership, self.health) {
            (Membership::Removed, _) => None,
            (_, Health::Failed) => Some(WriteRole::Missed),
            (_, Health::Healthy | Health::Degraded) => Some(WriteRole::Sent),
        }
    }

    pub fn status(self) -> NodeStatus {
        match (self.membership, self.health) {
            (Membership::Removed, _) => NodeStatus::Removed,
            (_, Health::Failed) => NodeStatus::Failed,
            (Membership::Joining, _) => NodeStatus::Joining,
            (Membership::Draining, _) => NodeStatus::Draining,
            (Membership::Active, Health::Degraded) => NodeStatus::Degraded,
            (Membership::Active, Health::Healthy) => NodeStatus::Healthy,
        }
    }
}

impl NodeStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Failed => "failed",
            Self::Joining => "joining",
            Self::Draining => "draining",
            Self::Degraded => "degraded",
            Self::Healthy => "healthy",
        }
    }
}

impl FromStr for NodeStatus {
    type Err = UnknownNodeStatus;

    /// Accepts `active` for `healthy`.
    fn from_str(text: &str) -> Result<Self, UnknownNodeStatus> {
        match text {
            "removed" => Ok(Self::Removed),
            "failed" => Ok(Self::Failed),
            "joining" => Ok(Self::Joining),
            "draining" => Ok(Self::Draining),
            "degraded" => Ok(Self::Degraded),
            "healthy" | "active" => Ok(Self::Healthy),
            other => Err(UnknownNodeStatus(other.to_owned())),
        }
    }
}

impl TryFrom<String> for NodeStatus {
    type Error = UnknownNodeStatus;

    fn try_from(text: String) -> Result<Self, UnknownNodeStatus> {
        text.parse()
    }
}

impl From<NodeStatus> for &'static str {
    fn from(status: NodeStatus) -> &'static str {
        status.as_str()
    }
}

impl fmt::Display for NodeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
