//! The copies that missed an acknowledged write, as the planner reads them. The durable rows are in the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use miroir_core::id::{NodeId, NodeUid, ShardSet, TaskUid};
use miroir_core::topology::StaleMap;
use miroir_store::table::{StaleKey, StaleReason, StaleRow, StaleState};
use parking_lot::Mutex;

use crate::clock;

pub(crate) struct Staleness {
    by_index: ArcSwap<BTreeMap<NodeUid, Arc<StaleMap>>>,
    /// Marks are made one after the other; readers never wait. The number counts changes of freshness.
    change: Mutex<u64>,
    none: Arc<StaleMap>,
}

impl Staleness {
    pub(crate) fn new(rows: &[StaleRow]) -> Self {
        let staleness = Self {
            by_index: ArcSwap::default(),
            change: Mutex::new(rows.iter().map(|row| row.freshness).max().unwrap_or(0)),
            none: Arc::default(),
        };
        staleness.add(rows);
        staleness
    }

    /// The stale copies of one index.
    pub(crate) fn of(&self, index: &NodeUid) -> Arc<StaleMap> {
        self.by_index
            .load()
            .get(index)
            .unwrap_or(&self.none)
            .clone()
    }

    /// The stale copies of every index.
    pub(crate) fn all(&self) -> Arc<BTreeMap<NodeUid, Arc<StaleMap>>> {
        self.by_index.load_full()
    }

    /// The rows that mark these copies of an index, to be made durable.
    pub(crate) fn rows(
        &self,
        index: &NodeUid,
        copies: &[(NodeId, ShardSet)],
        reason: StaleReason,
        task: Option<TaskUid>,
    ) -> Vec<StaleRow> {
        if copies.is_empty() {
            return Vec::new();
        }
        let freshness = {
            let mut change = self.change.lock();
            *change += 1;
            *change
        };
        let created_at = clock::now_ms();
        let row = |node: &NodeId, shard| StaleRow {
            key: StaleKey {
                node_uid: index.clone(),
                shard,
                node_id: node.clone(),
            },
            since_position: task.map_or(0, |task| u64::from(task.0)),
            reason,
            task_uid: task,
            state: StaleState::Stale,
            freshness,
            created_at,
        };
        copies
            .iter()
            .flat_map(|(node, shards)| shards.iter().map(move |shard| row(node, shard)))
            .collect()
    }

    /// From now on no read is planned on these copies.
    pub(crate) fn add(&self, rows: &[StaleRow]) {
        if rows.is_empty() {
            return;
        }
        let _one_at_a_time = self.change.lock();
        let mut by_index = BTreeMap::clone(&self.by_index.load());
        for row in rows {
            let map = by_index.entry(row.key.node_uid.clone()).or_default();
            let shards: ShardSet = [row.key.shard].into_iter().collect();
            Arc::make_mut(map).mark(row.key.node_id.clone(), &shards);
        }
        self.by_index.store(Arc::new(by_index));
    }

    /// The index is gone.
    pub(crate) fn forget_index(&self, index: &NodeUid) {
        let _one_at_a_time = self.change.lock();
        let mut by_index = BTreeMap::clone(&self.by_index.load());
        by_index.remove(index);
        self.by_index.store(Arc::new(by_index));
    }
}
