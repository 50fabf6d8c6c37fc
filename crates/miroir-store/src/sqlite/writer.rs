//! The writer thread: takes the changes that wait, runs them in one transaction, and answers all after one commit.
//!
//! Each change has a savepoint of its own, so one that fails takes nothing of the others with it. While a commit waits
//! for the disk the next changes queue up, so the busier the store, the more changes share one flush.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::change::{Change, queued};
use super::session::Session;
use crate::{Result, StoreError, Transaction};

/// Changes that may wait; further callers wait for a place.
const QUEUE: usize = 1024;
/// Most changes in one commit, so that the first of them does not wait for ever longer ones.
const GROUP: usize = 256;

/// The way to the writer thread.
pub(super) struct Writer {
    /// Gone only while dropping.
    queue: Option<Sender<Box<dyn Change>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&connection, waiting))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    pub(super) async fn write<T, F>(&self, closure: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Transaction) -> Result<T> + Send + 'static,
    {
        let (change, answer) = queued(closure);
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(change).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    /// Waits until what is queued is committed.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the panic hook; there is nothing left to do about it here.
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, mut waiting: Receiver<Box<dyn Change>>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        while !group.is_empty() {
            let (ran, commit) = commit_group(connection, &mut group);
            if let Err(error) = &commit {
                tracing::error!(%error, changes = ran, "store commit failed");
            }
            for change in group.drain(..ran) {
                change.answer(commit.clone());
            }
        }
    }
}

/// Runs changes in one transaction. Returns how many ran, at least one, and whether they were committed: when the engine
/// gives the whole transaction up, the changes after the one at which it did are not lost but run in the next.
fn commit_group(connection: &Connection, group: &mut [Box<dyn Change>]) -> (usize, Result<()>) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        return (group.len(), Err(error.into()));
    }
    let mut ran = 0;
    for change in group {
        ran += 1;
        if let Err(error) = run_change(connection, change.as_mut()) {
            return (ran, Err(roll_back(connection, error)));
        }
    }
    match connection.execute_batch("COMMIT") {
        Ok(()) => (ran, Ok(())),
        Err(error) => (ran, Err(roll_back(connection, error.into()))),
    }
}

/// Runs one change in a savepoint; an error means that the whole transaction is lost.
fn run_change(connection: &Connection, change: &mut dyn Change) -> Result<()> {
    connection.prepare_cached("SAVEPOINT change")?.execute([])?;
    let outcome = change.run(&mut Session::new(connection));
    // A full disk can make SQLite give up the whole transaction, earlier changes included.
    if connection.is_autocommit() {
        let lost = || io::Error::other("the engine gave the transaction up");
        return Err(outcome
            .err()
            .unwrap_or_else(|| StoreError::Unavailable(Arc::new(lost()))));
    }
    if outcome.is_err() {
        connection
            .prepare_cached("ROLLBACK TO change")?
            .execute([])?;
    }
    connection.prepare_cached("RELEASE change")?.execute([])?;
    Ok(())
}

fn roll_back(connection: &Connection, error: StoreError) -> StoreError {
    if !connection.is_autocommit()
        && let Err(second) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(error = %second, "store rollback failed");
    }
    error
}
