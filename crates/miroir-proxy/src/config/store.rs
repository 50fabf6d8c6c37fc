//! Sections of what is kept: the store and the registry of tasks.

use std::path::PathBuf;

use super::table::Allowed::{Any, Range};
use super::table::{Allowed, Mismatch, section};
use super::tree::Scalar;
use super::value::{Seconds, Value};

section! {
    /// Where durable state lives.
    TaskStore at (task_store) {
        /// The kind of store; `redis` is known but not built in this version.
        backend: Backend = Backend::Sqlite, Any;
        /// The SQLite file. What is on its way to nodes is kept beside it, in the folder `<path>.writes`.
        path: PathBuf = PathBuf::from("/data/miroir-tasks.db"), Any;
    }
}

section! {
    /// The registry of tasks.
    TaskRegistry at (task_registry) {
        /// Task rows kept in memory.
        [scaled]
        cache_size: usize = 10_000, Range(100, 1_000_000);
        /// Finished tasks older than this are pruned; unfinished ones never.
        ttl_seconds: Seconds = Seconds(604_800), Range(3600, 31_536_000);
        /// Time between two prunings, each of at most 10000 rows.
        prune_interval_s: Seconds = Seconds(300), Range(10, 86_400);
    }
}

/// The kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// One process, one file.
    Sqlite,
}

impl Value for Backend {
    fn expected(_: &Allowed) -> String {
        "sqlite".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        match scalar.text.as_str() {
            "sqlite" => Ok(Self::Sqlite),
            "redis" => Err(Mismatch::NotBuilt),
            _ => Err(Mismatch::Value),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Sqlite => "sqlite".to_owned(),
        }
    }
}
