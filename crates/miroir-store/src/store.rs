//! The handle that everybody holds.

use std::path::Path;
use std::sync::Arc;

use crate::memory::Memory;
use crate::sqlite::Sqlite;
use crate::{OpenError, ReadTransaction, Result, Transaction};

/// A store; clones are the same store. It closes when the last one is dropped.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
}

enum Backend {
    Memory(Box<Memory>),
    Sqlite(Sqlite),
}

impl Store {
    /// An empty store that lives as long as the process.
    pub fn memory() -> Self {
        Self {
            backend: Arc::new(Backend::Memory(Box::default())),
        }
    }

    /// Opens the store in a file, creating the file if there is none and bringing its schema up to date.
    ///
    /// Blocks on the disk; meant for start-up. Waits for nobody: a file in use is refused at once.
    pub fn open_sqlite(path: impl AsRef<Path>) -> std::result::Result<Self, OpenError> {
        let sqlite = Sqlite::open(path.as_ref())?;
        Ok(Self {
            backend: Arc::new(Backend::Sqlite(sqlite)),
        })
    }

    /// Runs a change. When this returns `Ok` the change is durable; when the closure returns `Err` or panics, nothing of
    /// it remains. Changes run one at a time, in the order in which they were submitted.
    ///
    /// The closure runs on a thread that all writers share: it computes little and waits for nothing. Once submitted it
    /// runs whether or not the caller still waits; dropping the future only loses the answer.
    pub async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Transaction) -> Result<T> + Send + 'static,
    {
        match &*self.backend {
            Backend::Memory(memory) => memory.write(change),
            Backend::Sqlite(sqlite) => sqlite.write(change).await,
        }
    }

    /// Asks a question of one consistent snapshot, which holds every change acknowledged before the call.
    pub async fn read<T, F>(&self, question: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&dyn ReadTransaction) -> Result<T> + Send + 'static,
    {
        match &*self.backend {
            Backend::Memory(memory) => memory.read(question),
            Backend::Sqlite(sqlite) => sqlite.read(question).await,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let backend = match &*self.backend {
            Backend::Memory(_) => "memory",
            Backend::Sqlite(_) => "sqlite",
        };
        f.debug_struct("Store").field("backend", &backend).finish()
    }
}
