//! One sequencer per index: whoever holds its turn decides what comes next on every copy (invariant 5).

use std::collections::HashMap;
use std::sync::Arc;

use miroir_core::id::{IndexUid, NodeUid, ShardCount};
use miroir_core::settings::UserSettings;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use crate::catalog::{Catalog, Index};

/// An index as the next operation in sequence will find it. It is ahead of the catalog by the operations that are on their way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    pub(crate) node_uid: NodeUid,
    pub(crate) generation: u32,
    pub(crate) primary_key: Option<String>,
    pub(crate) shards: ShardCount,
    pub(crate) settings: UserSettings,
    /// Every id written so far equals its own normalised form.
    pub(crate) ids_case_folded: bool,
}

impl From<&Index> for Head {
    fn from(index: &Index) -> Self {
        Self {
            node_uid: index.node_uid().clone(),
            generation: index.row.generation,
            primary_key: index.primary_key().map(str::to_owned),
            shards: index.shards(),
            settings: index.settings.clone(),
            ids_case_folded: index.row.ids_case_folded,
        }
    }
}

/// The right to decide what happens next to one index. `None`: the next operation finds no index.
pub(crate) type Turn = OwnedMutexGuard<Option<Head>>;

#[derive(Default)]
pub(crate) struct Sequencers {
    heads: Mutex<HashMap<IndexUid, Arc<tokio::sync::Mutex<Option<Head>>>>>,
}

impl Sequencers {
    /// Waits for the turn on an index, in the order of calls.
    pub(crate) async fn turn(&self, uid: &IndexUid, catalog: &Catalog) -> Turn {
        let head = {
            let mut heads = self.heads.lock();
            match heads.get(uid) {
                Some(head) => Arc::clone(head),
                None => {
                    let head = catalog.find(uid).map(|index| Head::from(&*index));
                    let head = Arc::new(tokio::sync::Mutex::new(head));
                    heads.insert(uid.clone(), Arc::clone(&head));
                    head
                }
            }
        };
        head.lock_owned().await
    }

    /// The turn on the index that lives under this name on the nodes, whatever clients call it by now; `None` when it has gone.
    pub(crate) async fn turn_of(
        &self,
        node_uid: &NodeUid,
        catalog: &Catalog,
    ) -> Option<(Arc<Index>, Turn)> {
        loop {
            let index = catalog.of_node_uid(node_uid)?;
            let turn = self.turn(&index.row.uid, catalog).await;
            let now = catalog.of_node_uid(node_uid)?;
            // Else its name was changed meanwhile.
            if now.row.uid == index.row.uid {
                let is_its = turn.as_ref().is_some_and(|head| head.node_uid == *node_uid);
                return is_its.then_some((now, turn));
            }
        }
    }
}
