//! `/_miroir/*`: what operators see and steer.

pub(crate) mod ready;
pub(crate) mod shards;
pub(crate) mod topology;
