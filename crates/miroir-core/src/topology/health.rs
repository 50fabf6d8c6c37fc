//! What one process believes about a node's health, and how observations change it (data-path.md 6 and 7).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::NodeId;

#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    #[default]
    Healthy,
    /// Slow or erring; read only as a last resort, still written.
    Degraded,
    /// Neither read nor written.
    Failed,
}

/// Why health changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HealthTrigger {
    /// Enough consecutive timeouts or 5xx.
    Struggling,
    /// Enough consecutive refusals or resets, or twice as many failures of any kind.
    Unreachable,
    /// The node is not the one it was, or its disk is not.
    IdentityLost,
    /// The first success after a failure of a node whose identity has been confirmed since.
    Answering,
    /// Enough consecutive successes; out of `Failed` the identity must have been confirmed since.
    Recovered { identity_confirmed: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{trigger:?} changes nothing for a node that is {from:?}")]
pub struct IllegalHealthChange {
    pub from: Health,
    pub trigger: HealthTrigger,
}

impl Health {
    pub const ALL: [Self; 3] = [Self::Healthy, Self::Degraded, Self::Failed];

    /// The only door between states of health.
    pub fn change(self, trigger: HealthTrigger) -> Result<Self, IllegalHealthChange> {
        use HealthTrigger::{Answering, IdentityLost, Recovered, Struggling, Unreachable};
        match (self, trigger) {
            (Self::Healthy, Struggling) | (Self::Failed, Answering) => Ok(Self::Degraded),
            (Self::Healthy | Self::Degraded, Unreachable | IdentityLost) => Ok(Self::Failed),
            (Self::Degraded, Recovered { .. })
            | (
                Self::Failed,
                Recovered {
                    identity_confirmed: true,
                },
            ) => Ok(Self::Healthy),
            (from, trigger) => Err(IllegalHealthChange { from, trigger }),
        }
    }
}

/// One observation: a probe, or the outcome of an ordinary request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    Success,
    /// A timeout or a 5xx.
    Slow,
    /// A refused or reset connection.
    Refused,
    IdentityLost,
    IdentityConfirmed,
}

/// Consecutive observations that a change of health takes (`health.*` of the configuration).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    pub unhealthy: u32,
    pub recovery: u32,
}

/// Counts observations of one node and applies the transitions that they amount to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HealthCounter {
    health: Health,
    successes: u32,
    failures: u32,
    refusals: u32,
    /// The node has been `Failed` since its identity was last confirmed.
    unidentified: bool,
}

impl HealthCounter {
    pub fn health(&self) -> Health {
        self.health
    }

    /// A node that has not been met yet: it serves nothing until it has proved who it is.
    pub fn unidentified() -> Self {
        Self {
            health: Health::Failed,
            unidentified: true,
            ..Self::default()
        }
    }

    /// Whether the node must prove who it is before it can serve anything.
    pub fn needs_identity(&self) -> bool {
        self.unidentified
    }

    pub fn observe(&mut self, observation: Observation, thresholds: Thresholds) {
        match observation {
            Observation::Success => {
                (self.successes, self.failures, self.refusals) = (self.successes + 1, 0, 0)
            }
            Observation::Slow => {
                (self.successes, self.failures, self.refusals) = (0, self.failures + 1, 0)
            }
            Observation::Refused => {
                (self.successes, self.failures, self.refusals) =
                    (0, self.failures + 1, self.refusals + 1);
            }
            Observation::IdentityLost => self.successes = 0,
            Observation::IdentityConfirmed => self.unidentified = false,
        }
        let trigger = self.trigger(observation, thresholds);
        if let Some(Ok(health)) = trigger.map(|trigger| self.health.change(trigger)) {
            self.health = health;
            self.unidentified |= health == Health::Failed;
        }
        // Also for a node that had failed already: what it says it is has just been disproved.
        self.unidentified |= observation == Observation::IdentityLost;
    }

    fn trigger(&self, observation: Observation, thresholds: Thresholds) -> Option<HealthTrigger> {
        let Thresholds {
            unhealthy,
            recovery,
        } = thresholds;
        if observation == Observation::IdentityLost {
            return Some(HealthTrigger::IdentityLost);
        }
        if self.refusals >= unhealthy || self.failures >= unhealthy.saturating_mul(2) {
            return Some(HealthTrigger::Unreachable);
        }
        if self.failures >= unhealthy {
            return Some(HealthTrigger::Struggling);
        }
        if self.successes >= recovery.max(1) && !self.unidentified {
            return Some(HealthTrigger::Recovered {
                identity_confirmed: true,
            });
        }
        (self.successes > 0 && !self.unidentified).then_some(HealthTrigger::Answering)
    }
}

/// Health by node. A node that was never observed counts as healthy: a wrong guess costs one retried leg.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthMap(BTreeMap<NodeId, Health>);

impl HealthMap {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get(&self, node: &NodeId) -> Health {
        self.0.get(node).copied().unwrap_or_default()
    }

    pub fn set(&mut self, node: NodeId, health: Health) {
        self.0.insert(node, health);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, Health)> {
        self.0.iter().map(|(node, health)| (node, *health))
    }
}

impl FromIterator<(NodeId, Health)> for HealthMap {
    fn from_iter<I: IntoIterator<Item = (NodeId, Health)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}
