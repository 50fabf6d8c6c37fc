//! Exchanges recorded from a real server, and their replay against any other.
//!
//! `recordings/scenarios/*.json` say what to ask, in order; `recordings/*.json` are what a real server answered, with
//! values that change from run to run masked. A scenario starts on a fresh server, so task uids count from 0.

mod exchange;
mod fleet;
mod mask;
mod record;
mod replay;
mod scenario;
mod secrets;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use exchange::{Answer, Exchange, Recording};
pub use record::record;
pub use replay::{CaseDifference, Replay, classes_to_skip, replay};
pub use scenario::{Scenario, Step};

/// The class of steps that need something of the engine that the embedded node's engine does not have.
pub const NEEDS_NEW_ENGINE: &str = "engine>=1.36";

/// The class of steps about what a fleet answers from its own state: keys, several searches at once, backups. Miroir never
/// asks a node for it, so the embedded node does not have it.
pub const CLIENT_FACING: &str = "client-facing";

/// Why a scenario could not be read, played or kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The server did not answer a step.
    #[error("step `{step}`")]
    Step {
        /// Name of the step.
        step: String,
        /// What happened.
        #[source]
        source: crate::client::ClientError,
    },
    /// A step that cannot be sent: a bad method or header.
    #[error("step `{step}` is malformed: {reason}")]
    Malformed {
        /// Name of the step.
        step: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// The folder with the recordings of this repository; `scenarios` is inside it.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("recordings")
}
