//! The store in memory, for tests and embedded use: the same semantics, gone with the process.

mod catalog;
mod cluster;
mod features;
mod idempotency;
mod index_fields;
mod keys;
mod lexicons;
mod node_tasks;
mod nodes;
mod replica_groups;
mod sequences;
mod settings_copies;
mod staleness;
mod tasks;
mod topology_epochs;
mod undo_map;
mod webhooks;

use std::panic::{AssertUnwindSafe, catch_unwind};

use miroir_core::access::Key;
use miroir_core::id::{GroupId, IndexUid, NodeId, NodeUid, TaskUid};
use parking_lot::RwLock;
use uuid::Uuid;

use self::undo_map::UndoMap;
use crate::table::{
    CatalogRow, ClusterKey, IdempotencyKey, IdempotencyRow, IndexFieldRow, LexiconCopy,
    LexiconPart, LexiconPlace, LexiconRow, NodeRow, NodeTaskKey, NodeTaskRow, ReplicaGroupRow,
    SettingsCopyRow, StaleKey, StaleRow, TaskRow, TopologyEpochRow, WebhookRow,
};
use crate::transaction::implement_transactions;
use crate::{ReadTransaction, Result, StoreError, Transaction};

/// Transactions run on the caller's thread, one writer or many readers at a time.
#[derive(Default)]
pub(crate) struct Memory {
    tables: RwLock<Tables>,
}

/// Every table; changed in place, and changed back if the transaction fails.
#[derive(Default)]
struct Tables {
    cluster: UndoMap<ClusterKey, Vec<u8>>,
    sequences: UndoMap<String, u64>,
    catalog: UndoMap<IndexUid, CatalogRow>,
    keys: UndoMap<Uuid, Key>,
    nodes: UndoMap<NodeId, NodeRow>,
    replica_groups: UndoMap<GroupId, ReplicaGroupRow>,
    topology_epochs: UndoMap<u64, TopologyEpochRow>,
    tasks: UndoMap<TaskUid, TaskRow>,
    node_tasks: UndoMap<NodeTaskKey, NodeTaskRow>,
    staleness: UndoMap<StaleKey, StaleRow>,
    index_fields: UndoMap<(NodeUid, u32), IndexFieldRow>,
    settings_copies: UndoMap<(NodeUid, NodeId), SettingsCopyRow>,
    idempotency: UndoMap<IdempotencyKey, IdempotencyRow>,
    lexicons: UndoMap<NodeUid, LexiconRow>,
    lexicon_words: UndoMap<(NodeUid, LexiconPlace), LexiconPart>,
    lexicon_copies: UndoMap<(NodeUid, NodeId), (NodeUid, LexiconCopy)>,
    features: UndoMap<String, bool>,
    webhooks: UndoMap<Uuid, WebhookRow>,
    task_ends: UndoMap<u64, TaskUid>,
}

// === impl Memory ===

impl Memory {
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&mut dyn Transaction) -> Result<T>,
    ) -> Result<T> {
        let mut tables = self.tables.write();
        // Whatever a panic left half done is undone below.
        let outcome = catch_unwind(AssertUnwindSafe(|| change(&mut *tables)))
            .unwrap_or_else(|payload| Err(StoreError::panicked(&*payload)));
        match outcome {
            Ok(_) => tables.commit(),
            Err(_) => tables.roll_back(),
        }
        outcome
    }

    pub(crate) fn read<T>(
        &self,
        question: impl FnOnce(&dyn ReadTransaction) -> Result<T>,
    ) -> Result<T> {
        let tables = self.tables.read();
        catch_unwind(AssertUnwindSafe(|| question(&*tables)))
            .unwrap_or_else(|payload| Err(StoreError::panicked(&*payload)))
    }
}

// === impl Tables ===

implement_transactions!(Tables);

/// Calls one method on every table; a table that is left out does not compile.
macro_rules! every_table {
    ($tables:expr, $method:ident) => {{
        let Tables {
            cluster,
            sequences,
            catalog,
            keys,
            nodes,
            replica_groups,
            topology_epochs,
            tasks,
            node_tasks,
            staleness,
            index_fields,
            settings_copies,
            idempotency,
            lexicons,
            lexicon_words,
            lexicon_copies,
            features,
            webhooks,
            task_ends,
        } = $tables;
        cluster.$method();
        sequences.$method();
        catalog.$method();
        keys.$method();
        nodes.$method();
        replica_groups.$method();
        topology_epochs.$method();
        tasks.$method();
        node_tasks.$method();
        staleness.$method();
        index_fields.$method();
        settings_copies.$method();
        idempotency.$method();
        lexicons.$method();
        lexicon_words.$method();
        lexicon_copies.$method();
        features.$method();
        webhooks.$method();
        task_ends.$method();
    }};
}

impl Tables {
    fn commit(&mut self) {
        every_table!(self, commit);
    }

    fn roll_back(&mut self) {
        every_table!(self, roll_back);
    }
}
