//! Connections for questions; each sees the last commit at the moment the question begins.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::connection::connect_reader;
use super::session::Session;
use crate::{OpenError, ReadTransaction, Result, StoreError};

/// Questions answered at a time.
const READERS: usize = 4;

/// The pool.
pub(super) struct Readers {
    /// As many permits as there are connections.
    free: Arc<Semaphore>,
    connections: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let connections = (0..READERS)
            .map(|_| connect_reader(path))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Self {
            free: Arc::new(Semaphore::new(READERS)),
            connections: Arc::new(Mutex::new(connections)),
        })
    }

    pub(super) async fn read<T, F>(&self, question: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&dyn ReadTransaction) -> Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.free)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closed)?;
        let connections = Arc::clone(&self.connections);
        let answered = spawn_blocking(move || {
            let connection = connections
                .lock()
                .pop()
                .expect("a permit stands for a connection");
            let answer = answer(&connection, question);
            connections.lock().push(connection);
            drop(permit);
            answer
        });
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

fn answer<T>(
    connection: &Connection,
    question: impl FnOnce(&dyn ReadTransaction) -> Result<T>,
) -> Result<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let answer = catch_unwind(AssertUnwindSafe(|| question(&Session::new(connection))))
        .unwrap_or_else(|payload| Err(StoreError::panicked(&*payload)));
    if !connection.is_autocommit() {
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    answer
}
