//! The pure heart of Miroir: placement, planning, quorum, raw JSON, settings overlay and merge.
//!
//! Nothing here knows a socket, a clock, a random number or a log; everything is a function of its arguments.

pub mod access;
pub mod document;
pub mod error;
pub mod filter;
pub mod hash;
pub mod id;
pub mod lexicon;
pub mod merge;
pub mod plan;
pub mod quorum;
pub mod settings;
pub mod size;
pub mod topology;
pub mod wire;
