//! Settings of an index: one committed version, and which nodes are known to have it.
//!
//! A change is proposed to every node in the order of the index's writes, read back from the nodes that applied it, and committed
//! in one step when they cover every shard. Nodes that lack it serve no read of the index until a worker has brought them in line.
//! A change that no covering set of nodes can apply fails, and the nodes that did apply it are put back. What is remembered is one
//! row per index and node; everything else follows from open tasks.

mod conclude;
mod look;
mod preview;
pub(crate) mod routes;
mod standing;
pub(crate) mod terms;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use miroir_core::id::{NodeId, NodeUid};
use miroir_store::table::{SettingsCopyRow, SettingsState};
use parking_lot::Mutex;
use tokio::sync::Notify;

pub(crate) use conclude::{Verified, conclude};
pub(crate) use standing::{Standing, covers};
pub(crate) use worker::Drift;

type Copies = BTreeMap<NodeUid, BTreeMap<NodeId, SettingsCopyRow>>;

/// What is known of the nodes' settings.
pub(crate) struct SettingsBroadcast {
    copies: ArcSwap<Copies>,
    /// Changes are made one after the other; readers never wait.
    changing: Mutex<()>,
    /// Indexes whose nodes are to be looked at now; true: and put back, whatever the configuration says.
    suspects: Mutex<BTreeMap<NodeUid, bool>>,
    /// Rung when the worker has something to do.
    bell: Arc<Notify>,
    pub(crate) counts: Counts,
}

/// What has happened since the process began.
#[derive(Default)]
pub(crate) struct Counts {
    mismatches: AtomicU64,
    repairs: AtomicU64,
}

impl SettingsBroadcast {
    pub(crate) fn new(rows: Vec<SettingsCopyRow>) -> Self {
        let broadcast = Self {
            copies: ArcSwap::default(),
            changing: Mutex::default(),
            suspects: Mutex::default(),
            bell: Arc::default(),
            counts: Counts::default(),
        };
        broadcast.record(rows);
        broadcast
    }

    /// Takes over rows that are durable.
    pub(crate) fn record(&self, rows: impl IntoIterator<Item = SettingsCopyRow>) {
        self.change(|copies| {
            for row in rows {
                let nodes = copies.entry(row.node_uid.clone()).or_default();
                nodes.insert(row.node_id.clone(), row);
            }
        });
    }

    /// The index is gone.
    pub(crate) fn forget(&self, index: &NodeUid) {
        self.change(|copies| drop(copies.remove(index)));
        self.suspects.lock().remove(index);
    }

    fn change(&self, change: impl FnOnce(&mut Copies)) {
        let _nobody_else = self.changing.lock();
        let mut copies = Copies::clone(&self.copies.load());
        change(&mut copies);
        self.copies.store(Arc::new(copies));
    }

    /// What is known of a node; nothing as long as there was no reason to doubt that it has what is committed.
    pub(crate) fn copy(&self, index: &NodeUid, node: &NodeId) -> Option<SettingsCopyRow> {
        self.copies.load().get(index)?.get(node).cloned()
    }

    /// The nodes that must not answer for an index.
    pub(crate) fn barred(&self, index: &NodeUid) -> BTreeSet<NodeId> {
        let copies = self.copies.load();
        let nodes = copies.get(index).into_iter().flatten();
        nodes
            .filter(|(_, copy)| copy.state != SettingsState::InLine)
            .map(|(node, _)| node.clone())
            .collect()
    }

    /// Has the nodes of an index looked at now. `revert`: and told the committed settings again where they differ.
    pub(crate) fn suspect(&self, index: &NodeUid, revert: bool) {
        *self.suspects.lock().entry(index.clone()).or_default() |= revert;
        self.bell.notify_one();
    }

    fn take_suspect(&self, index: &NodeUid) -> Option<bool> {
        self.suspects.lock().remove(index)
    }
}

impl Counts {
    fn mismatch(&self) {
        self.mismatches.fetch_add(1, Ordering::Relaxed);
    }

    fn repair(&self) {
        self.repairs.fetch_add(1, Ordering::Relaxed);
    }
}
