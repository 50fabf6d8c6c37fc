//! The durable state of the node: tasks, the registry of indexes, keys and feature switches.

pub(crate) mod batch;
mod journal;
pub(crate) mod process;
pub(crate) mod scheduler;
pub(crate) mod state;
pub(crate) mod task;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Condvar, Mutex, RwLock, RwLockReadGuard};
use uuid::Uuid;

use journal::Journal;
use miroir_core::wire::task::TaskStatus;
use state::{Change, State};
use task::{Content, Task};

/// The state and its journal. Reading never waits for the disk.
pub(crate) struct Queue {
    /// Locked first, so that the journal and the state have one order.
    journal: Mutex<Journal>,
    state: RwLock<State>,
    payloads: PathBuf,
    work: Mutex<bool>,
    wake: Condvar,
    /// Set to stop the batch that is being processed: a cancelation of one of its tasks has come in, or the end.
    pub(crate) stop: AtomicBool,
    ending: AtomicBool,
}

impl Queue {
    /// Opens or creates the state in `directory`. Tasks that were being processed are enqueued again.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let payloads = directory.join("payloads");
        std::fs::create_dir_all(&payloads)?;
        let (journal, mut state) = Journal::open(directory)?;
        let interrupted: Vec<Task> = state
            .tasks
            .values()
            .filter(|task| task.status == TaskStatus::Processing)
            .map(|task| Task::clone(task))
            .collect();
        for mut task in interrupted {
            task.status = TaskStatus::Enqueued;
            task.started_at = None;
            task.batch = None;
            state.apply(Change::PutTask(Arc::new(task)));
        }
        let queue = Self {
            journal: Mutex::new(journal),
            state: RwLock::new(state),
            payloads,
            work: Mutex::new(true),
            wake: Condvar::new(),
            stop: AtomicBool::new(false),
            ending: AtomicBool::new(false),
        };
        queue.remove_orphan_payloads()?;
        Ok(queue)
    }

    /// The state right now. Hold it shortly: writers wait.
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read()
    }

    /// Makes changes, all or none. When it returns a durable change survives a crash.
    pub(crate) fn commit(&self, changes: Vec<Change>, durable: bool) -> io::Result<()> {
        let mut journal = self.journal.lock();
        self.write(&mut journal, changes, durable)
    }

    fn write(&self, journal: &mut Journal, changes: Vec<Change>, durable: bool) -> io::Result<()> {
        journal.append(&changes, durable)?;
        let mut state = self.state.write();
        for change in changes {
            state.apply(change);
        }
        journal.compact_if_large(&state)
    }

    /// Enqueues a task durably and wakes the scheduler.
    pub(crate) fn enqueue(
        &self,
        content: Content,
        custom_metadata: Option<String>,
    ) -> io::Result<Arc<Task>> {
        let mut journal = self.journal.lock();
        let uid = self.state.read().next_task;
        let task = Arc::new(Task::new(
            uid,
            content,
            custom_metadata,
            crate::clock::now(),
        ));
        self.write(&mut journal, vec![Change::PutTask(Arc::clone(&task))], true)?;
        if let Content::TaskCancelation { tasks, .. } = &task.content
            && self.is_processing_any(tasks)
        {
            self.stop.store(true, Ordering::Relaxed);
        }
        drop(journal);
        self.poke();
        Ok(task)
    }

    fn is_processing_any(&self, uids: &[u32]) -> bool {
        let state = self.state.read();
        uids.iter().any(|uid| {
            state
                .tasks
                .get(uid)
                .is_some_and(|task| task.status == TaskStatus::Processing)
        })
    }

    fn poke(&self) {
        *self.work.lock() = true;
        self.wake.notify_one();
    }

    /// Blocks until there may be work. False when the node ends.
    fn wait(&self) -> bool {
        let mut work = self.work.lock();
        while !*work && !self.ending.load(Ordering::Relaxed) {
            self.wake.wait(&mut work);
        }
        *work = false;
        !self.ending.load(Ordering::Relaxed)
    }

    /// Ends the scheduler; the batch in progress is stopped and runs again after a restart.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
        self.stop.store(true, Ordering::Relaxed);
        self.poke();
    }

    /// Whether the node is going down.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Stores documents durably and returns the name of the file.
    pub(crate) fn store_payload(&self, documents: &[u8]) -> io::Result<Uuid> {
        use std::io::Write;
        let uuid = Uuid::now_v7();
        let mut file = std::fs::File::create(self.payload_path(uuid))?;
        file.write_all(documents)?;
        file.sync_data()?;
        Ok(uuid)
    }

    /// The documents of a task.
    pub(crate) fn read_payload(&self, uuid: Uuid) -> io::Result<Vec<u8>> {
        std::fs::read(self.payload_path(uuid))
    }

    /// Forgets the documents of a finished task.
    pub(crate) fn remove_payload(&self, uuid: Uuid) {
        if let Err(error) = std::fs::remove_file(self.payload_path(uuid)) {
            tracing::warn!(%uuid, %error, "the payload of a finished task stays behind");
        }
    }

    fn payload_path(&self, uuid: Uuid) -> PathBuf {
        self.payloads.join(format!("{uuid}.ndjson"))
    }

    /// Removes files of tasks that were never enqueued, or that finished just before a crash.
    fn remove_orphan_payloads(&self) -> io::Result<()> {
        let state = self.state.read();
        let wanted: Vec<PathBuf> = state
            .open
            .iter()
            .filter_map(|uid| state.tasks.get(uid)?.content.payload())
            .map(|uuid| self.payload_path(uuid))
            .collect();
        for file in std::fs::read_dir(&self.payloads)? {
            let path = file?.path();
            if !wanted.contains(&path) {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
