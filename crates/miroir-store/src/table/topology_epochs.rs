//! `topology_epochs`: the last topologies, each an immutable snapshot with its number.

use crate::{Json, Result};

/// How many epochs are kept.
pub const KEPT_EPOCHS: u64 = 100;

/// One epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologyEpochRow {
    pub epoch: u64,
    /// Groups, nodes, states, moves, digests of aliases and catalog.
    pub snapshot: Json,
    /// What changed, for people.
    pub reason: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds; when writes began to use it.
    pub active_at: Option<i64>,
}

pub trait ReadTopologyEpochs {
    fn get(&self, epoch: u64) -> Result<Option<TopologyEpochRow>>;

    /// The epoch with the highest number.
    fn latest(&self) -> Result<Option<TopologyEpochRow>>;

    /// The kept ones, newest first.
    fn list(&self) -> Result<Vec<TopologyEpochRow>>;
}

pub trait WriteTopologyEpochs: ReadTopologyEpochs {
    /// Adds an epoch and forgets the ones that are [`KEPT_EPOCHS`] older. `Exists` unless its number is higher than every
    /// other: that is how of two writers only one publishes.
    fn append(&mut self, row: &TopologyEpochRow) -> Result<()>;

    /// Writes use the epoch from now on; the first moment stays. `Missing` if it is not kept.
    fn activate(&mut self, epoch: u64, at: i64) -> Result<()>;
}
