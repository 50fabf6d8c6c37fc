//! The copies that missed an acknowledged write, as the planner reads them. The durable rows are in the store.
//!
//! A mark has a number that grows with every mark: a repair proves something about a copy only if no other mark was made since it
//! began. Marks are made in memory first, so that no read is planned on the copy, then in the store, then the client is answered; a
//! repaired copy is cleared in the store first, then here.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use miroir_core::id::{NodeId, NodeUid, ShardSet, TaskUid};
use miroir_core::topology::StaleMap;
use miroir_store::table::{StaleKey, StaleReason, StaleRow, StaleState};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, watch};

use crate::clock;

pub(crate) struct Staleness {
    by_index: ArcSwap<BTreeMap<NodeUid, Arc<StaleMap>>>,
    /// Changes are made one after the other; readers never wait.
    marks: Mutex<Marks>,
    /// Who is in sync is judged and changed in one step: two writes that miss different copies must not fence all of them.
    judging: Mutex<()>,
    /// Rung at every mark.
    bell: Arc<Notify>,
    /// The same for writes that wait for a copy which may have become stale meanwhile.
    marked: watch::Sender<()>,
    none: Arc<StaleMap>,
}

#[derive(Default)]
struct Marks {
    /// Of the newest mark.
    freshness: u64,
    by_copy: BTreeMap<StaleKey, u64>,
}

impl Staleness {
    pub(crate) fn new(rows: &[StaleRow], bell: Arc<Notify>) -> Self {
        let staleness = Self {
            by_index: ArcSwap::default(),
            marks: Mutex::new(Marks {
                freshness: rows.iter().map(|row| row.freshness).max().unwrap_or(0),
                by_copy: BTreeMap::new(),
            }),
            judging: Mutex::new(()),
            bell,
            marked: watch::Sender::new(()),
            none: Arc::default(),
        };
        staleness.add(rows);
        staleness
    }

    /// While this is held nobody else decides which copies become stale.
    pub(crate) fn judge(&self) -> MutexGuard<'_, ()> {
        self.judging.lock()
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

    /// The number of a copy's mark, if it is stale.
    pub(crate) fn mark_of(&self, copy: &StaleKey) -> Option<u64> {
        self.marks.lock().by_copy.get(copy).copied()
    }

    /// The rows that mark these copies of an index, to be made durable. No read is planned on them from now on.
    pub(crate) fn mark(
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
            let mut marks = self.marks.lock();
            marks.freshness += 1;
            marks.freshness
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
        let rows: Vec<StaleRow> = copies
            .iter()
            .flat_map(|(node, shards)| shards.iter().map(move |shard| row(node, shard)))
            .collect();
        self.add(&rows);
        rows
    }

    fn add(&self, rows: &[StaleRow]) {
        if rows.is_empty() {
            return;
        }
        self.change(|marks, by_index| {
            for row in rows {
                let mark = marks.by_copy.entry(row.key.clone()).or_default();
                *mark = row.freshness.max(*mark);
                let map = by_index.entry(row.key.node_uid.clone()).or_default();
                let shards: ShardSet = [row.key.shard].into_iter().collect();
                Arc::make_mut(map).mark(row.key.node_id.clone(), &shards);
            }
        });
        self.bell.notify_one();
        self.marked.send_replace(());
    }

    /// A receiver that wakes at every mark.
    pub(crate) fn marks(&self) -> watch::Receiver<()> {
        self.marked.subscribe()
    }

    /// The copies serve again, except those that have been marked since.
    pub(crate) fn clear(&self, copies: &[(StaleKey, u64)]) {
        self.change(|marks, by_index| {
            for (copy, freshness) in copies {
                if marks.by_copy.get(copy) != Some(freshness) {
                    continue;
                }
                marks.by_copy.remove(copy);
                if let Some(map) = by_index.get_mut(&copy.node_uid) {
                    let shards: ShardSet = [copy.shard].into_iter().collect();
                    Arc::make_mut(map).clear(&copy.node_id, &shards);
                }
            }
        });
    }

    /// The index is gone.
    pub(crate) fn forget_index(&self, index: &NodeUid) {
        self.change(|marks, by_index| {
            marks.by_copy.retain(|copy, _| copy.node_uid != *index);
            by_index.remove(index);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Marks, &mut BTreeMap<NodeUid, Arc<StaleMap>>)) {
        let mut marks = self.marks.lock();
        let mut by_index = BTreeMap::clone(&self.by_index.load());
        change(&mut marks, &mut by_index);
        self.by_index.store(Arc::new(by_index));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use miroir_core::id::{NodeId, Shard, ShardSet};
    use miroir_store::table::StaleReason;

    use super::Staleness;

    #[test]
    fn a_copy_that_was_marked_again_is_not_cleared() {
        let staleness = Staleness::new(&[], Arc::default());
        let index = "stories".parse().expect("a uid");
        let node: NodeId = "a".parse().expect("an id");
        let shards: ShardSet = [Shard(1), Shard(2)].into_iter().collect();
        let copies = [(node.clone(), shards)];
        let mark = || staleness.mark(&index, &copies, StaleReason::Missed, None);
        let first = mark();
        let proven: Vec<_> = first
            .iter()
            .map(|row| (row.key.clone(), row.freshness))
            .collect();
        let again = staleness.mark(
            &index,
            &[(node.clone(), [Shard(2)].into_iter().collect())],
            StaleReason::Missed,
            None,
        );
        staleness.clear(&proven);
        let stale = staleness.of(&index);
        assert!(!stale.contains(&node, Shard(1)));
        assert!(stale.contains(&node, Shard(2)));
        staleness.clear(&[(again[0].key.clone(), again[0].freshness)]);
        assert!(staleness.of(&index).is_empty());
    }
}
