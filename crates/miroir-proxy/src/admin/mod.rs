//! `/_miroir/*`: what operators see and steer.

pub(crate) mod metrics;
pub(crate) mod ready;
pub(crate) mod shards;
pub(crate) mod staleness;
pub(crate) mod tasks;
pub(crate) mod topology;
pub(crate) mod workers;
