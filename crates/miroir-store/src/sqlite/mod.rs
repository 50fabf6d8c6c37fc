//! The store in an SQLite file: one writer thread, readers beside it.

mod catalog;
mod change;
mod cluster;
mod connection;
mod features;
mod idempotency;
mod index_fields;
mod keys;
mod lexicons;
mod lock;
mod migrations;
mod node_tasks;
mod nodes;
mod open;
mod readers;
mod replica_groups;
mod sequences;
mod session;
mod settings_copies;
mod staleness;
mod task_conditions;
mod tasks;
mod topology_epochs;
mod webhooks;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;

use self::lock::Lock;
use self::readers::Readers;
use self::writer::Writer;
use crate::{OpenError, ReadTransaction, Result, Transaction};

/// An open file. Fields are dropped in this order: the writer finishes its queue before the lock is given up.
pub(crate) struct Sqlite {
    writer: Writer,
    readers: Readers,
    _lock: Lock,
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let lock = Lock::acquire(path)?;
        let connection = open::open(path)?;
        let readers = Readers::open(path)?;
        let writer = Writer::start(connection).map_err(|source| OpenError::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            writer,
            readers,
            _lock: lock,
        })
    }

    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Transaction) -> Result<T> + Send + 'static,
    {
        self.writer.write(change).await
    }

    pub(crate) async fn read<T, F>(&self, question: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&dyn ReadTransaction) -> Result<T> + Send + 'static,
    {
        self.readers.read(question).await
    }
}
