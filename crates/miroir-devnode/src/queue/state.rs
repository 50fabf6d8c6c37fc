//! Everything durable that is not inside an index, in memory, and the changes that make it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miroir_core::wire::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::task::Task;

/// What is known of an index without opening it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IndexEntry {
    /// The name of its folder.
    pub(crate) uuid: Uuid,
    pub(crate) primary_key: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Bytes of address space of its database; grown when it is full.
    pub(crate) map_size: usize,
    pub(crate) stats: IndexStats,
}

/// The counts of `GET /indexes/{uid}/stats`, taken after each change of an index.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct IndexStats {
    pub(crate) documents: u64,
    pub(crate) raw_size: u64,
    pub(crate) average_size: u64,
    pub(crate) embeddings: u64,
    pub(crate) embedded_documents: u64,
    pub(crate) field_distribution: BTreeMap<String, u64>,
    pub(crate) size_on_disk: u64,
    pub(crate) size_used: u64,
}

/// An API key; its value is computed from the master key and `uid`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyRow {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) uid: Uuid,
    pub(crate) actions: Vec<String>,
    pub(crate) indexes: Vec<String>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// One change; a journal record is a list of them that happens completely or not at all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Change {
    PutTask(Arc<Task>),
    RemoveTasks(Vec<u32>),
    PutIndex(String, IndexEntry),
    RemoveIndex(String),
    PutKey(KeyRow),
    Features(BTreeMap<String, bool>),
    /// The next task uid and the next batch uid, written when tasks are removed so that no uid is given twice.
    Counters(u32, u32),
}

/// The state that the journal rebuilds.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) tasks: BTreeMap<u32, Arc<Task>>,
    /// Tasks the scheduler has to do.
    pub(crate) open: BTreeSet<u32>,
    pub(crate) indexes: BTreeMap<String, IndexEntry>,
    pub(crate) keys: Vec<KeyRow>,
    pub(crate) features: BTreeMap<String, bool>,
    pub(crate) next_task: u32,
    pub(crate) next_batch: u32,
}

impl State {
    /// Applies one change.
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::PutTask(task) => {
                self.next_task = self.next_task.max(task.uid + 1);
                if let Some(batch) = task.batch {
                    self.next_batch = self.next_batch.max(batch + 1);
                }
                if task.is_open() {
                    self.open.insert(task.uid);
                } else {
                    self.open.remove(&task.uid);
                }
                self.tasks.insert(task.uid, task);
            }
            Change::RemoveTasks(uids) => {
                for uid in uids {
                    self.tasks.remove(&uid);
                    self.open.remove(&uid);
                }
            }
            Change::PutIndex(uid, entry) => {
                self.indexes.insert(uid, entry);
            }
            Change::RemoveIndex(uid) => {
                self.indexes.remove(&uid);
            }
            Change::PutKey(key) => {
                self.keys.retain(|other| other.uid != key.uid);
                self.keys.push(key);
            }
            Change::Features(features) => self.features = features,
            Change::Counters(task, batch) => {
                self.next_task = self.next_task.max(task);
                self.next_batch = self.next_batch.max(batch);
            }
        }
    }

    /// The changes that rebuild this state from nothing.
    pub(crate) fn snapshot(&self) -> Vec<Change> {
        let mut changes = vec![
            Change::Counters(self.next_task, self.next_batch),
            Change::Features(self.features.clone()),
        ];
        changes.extend(self.keys.iter().cloned().map(Change::PutKey));
        changes.extend(
            self.indexes
                .iter()
                .map(|(uid, entry)| Change::PutIndex(uid.clone(), entry.clone())),
        );
        changes.extend(self.tasks.values().cloned().map(Change::PutTask));
        changes
    }
}
