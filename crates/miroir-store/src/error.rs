//! Why a transaction did not happen, and why a store could not be opened.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

/// Why a transaction did not happen. Whichever it is, nothing of the transaction was kept.
#[derive(Debug, Clone, Error)]
pub enum StoreError {
    /// Writes succeed again as soon as there is space; reads go on meanwhile.
    #[error("the disk of the store is full")]
    Full,
    #[error("the store is damaged; restore it from a backup with `miroir-ctl store restore`")]
    Damaged(#[source] Cause),
    #[error("the store does not answer")]
    Unavailable(#[source] Cause),
    /// The store was dropped while the transaction was waiting.
    #[error("the store is closed")]
    Closed,
    /// A sequence has no number left; numbers are never reused.
    #[error("sequence {name} has reached its end")]
    Exhausted { name: String },
    #[error("table {table} already has a row {key}")]
    Exists { table: &'static str, key: String },
    #[error("table {table} has no row {key}")]
    Missing { table: &'static str, key: String },
    /// A stored value does not have the form that this version writes.
    #[error("{place} of the store cannot be read: {reason}")]
    Unreadable { place: String, reason: String },
    #[error("a transaction panicked: {message}")]
    Panicked { message: String },
}

/// A backend's own error.
pub(crate) type Cause = Arc<dyn Error + Send + Sync>;

/// Why a store could not be opened. Each message says what to do about it.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("the folder {} does not exist: create it, or set task_store.path to a file in a folder that does", .folder.display())]
    FolderMissing { folder: PathBuf },
    #[error("the folder {} cannot be written: give the user that runs Miroir write access to it, or set task_store.path to another folder", .folder.display())]
    FolderUnwritable {
        folder: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is in use by another Miroir process{}: stop that one, or give this one its own task_store.path (several processes share a store only through Redis)", .path.display(), holder_text(.holder))]
    InUse {
        path: PathBuf,
        /// Process id that the holder left in the lock file.
        holder: Option<u32>,
    },
    #[error("schema_version_ahead: {} has schema version {stored}, this version of Miroir knows up to {known}: start the version that wrote it, or restore a backup made before the upgrade", .path.display())]
    SchemaAhead {
        path: PathBuf,
        stored: u32,
        known: u32,
    },
    #[error("migration {version} ({name}) recorded in {} is not the one of this version of Miroir: the store was written by a modified build; restore a backup made by a released one", .path.display())]
    MigrationChanged {
        path: PathBuf,
        version: u32,
        name: String,
    },
    #[error("{} is damaged ({reason}) and was left untouched: move it and its -wal file away, then restore the last backup with `miroir-ctl store restore`", .path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("the disk that holds {} is full, or a limit on the size of files is reached: free some space and start again", .path.display())]
    Full { path: PathBuf },
    #[error("{} cannot be read and written ({reason}): give the user that runs Miroir write access to it and to its folder, and mount its disk for writing", .path.display())]
    Inaccessible { path: PathBuf, reason: String },
    #[error("{} lies on a file system without shared memory, where SQLite keeps no write-ahead log: set task_store.path to a local disk", .path.display())]
    Unsuitable { path: PathBuf },
    #[error("{} cannot be opened ({source}): check the disk, or set task_store.path to a file on another one", .path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} cannot be opened ({source}): check the disk, or set task_store.path to a file on another one", .path.display())]
    Engine {
        path: PathBuf,
        source: rusqlite::Error,
    },
}

fn holder_text(holder: &Option<u32>) -> String {
    holder.map_or_else(String::new, |process| format!(" (process {process})"))
}

// === impl StoreError ===

impl StoreError {
    /// Whether the same transaction may succeed later without anything being changed but the store's surroundings:
    /// the client gets 503 `miroir_store_unavailable`. The others are mistakes of the caller.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Full
            | Self::Damaged(_)
            | Self::Unavailable(_)
            | Self::Closed
            | Self::Exhausted { .. } => true,
            Self::Exists { .. }
            | Self::Missing { .. }
            | Self::Unreadable { .. }
            | Self::Panicked { .. } => false,
        }
    }

    pub(crate) fn exists(table: &'static str, key: impl ToString) -> Self {
        let key = key.to_string();
        Self::Exists { table, key }
    }

    pub(crate) fn missing(table: &'static str, key: impl ToString) -> Self {
        let key = key.to_string();
        Self::Missing { table, key }
    }

    pub(crate) fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Self::Panicked { message }
    }
}
