//! Exact dictionary mode: every node has the words of the whole index in hidden lexicon documents, so that it decides about
//! prefixes and typos as one large server would.
//!
//! The words of a write are durable before its documents are sent to a node, in the order of the index's writes. What was
//! there before the mode was switched on is read once. Delivery to the nodes follows in the background, in the same lanes as
//! clients' writes. Off: no words are gathered, and lexicon documents that were sent before are deleted; only when the last
//! one is gone do reads go without a shard clause again.

mod copies;
mod deliver;
mod keep;
mod lexicon;
pub(crate) mod routes;
mod scan;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use miroir_core::document::batch::Batch;
use miroir_core::id::{IndexUid, NodeId, NodeUid};
use miroir_core::lexicon::{self as core, Rules};
use miroir_store::table::{LexiconRow, LexiconState};
use miroir_store::{Json, Store, StoreError};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::watch;

use self::lexicon::Lexicon;
use crate::app::App;
use crate::cluster::lanes::LegRequest;
use crate::cluster::sequencer::Head;
use crate::config;
use crate::request::indexes::request;

/// The lexicons of this process.
pub(crate) struct ExactDictionary {
    config: config::ExactDictionary,
    lexicons: Mutex<BTreeMap<NodeUid, Arc<Lexicon>>>,
    /// Rings when there is something to deliver or to look after.
    changed: watch::Sender<()>,
}

/// How many lexicon documents each node may hold, by node id. Its counts of deleted documents include them.
pub(crate) type Sent = BTreeMap<String, u32>;

/// Starts the background loops.
pub(crate) fn start(app: &Arc<App>) {
    app.spawn_worker(keep::keep(Arc::clone(app)));
    for node in app.cluster.node_ids().cloned().collect::<Vec<_>>() {
        app.spawn_worker(deliver::deliver(Arc::clone(app), node));
    }
}

impl ExactDictionary {
    /// Reads what is stored.
    pub(crate) async fn load(
        config: &config::ExactDictionary,
        store: &Store,
    ) -> Result<Self, StoreError> {
        let mut lexicons = BTreeMap::new();
        for row in store.read(|tx| tx.lexicons().list()).await? {
            let lexicon = Lexicon::load(row, store).await?;
            lexicons.insert(lexicon.node_uid.clone(), Arc::new(lexicon));
        }
        Ok(Self {
            config: config.clone(),
            lexicons: Mutex::new(lexicons),
            changed: watch::Sender::new(()),
        })
    }

    /// Whether nodes may hold lexicon documents of an index. True as soon as the mode is wanted, so that no read that was
    /// planned before the first of them can meet it.
    pub(crate) fn hides_in(&self, node_uid: &NodeUid) -> bool {
        self.wants(base_name(node_uid)) || self.lexicons.lock().contains_key(node_uid)
    }

    fn wants(&self, index: &str) -> bool {
        self.config.indexes.cover(index)
    }

    fn find(&self, node_uid: &NodeUid) -> Option<Arc<Lexicon>> {
        self.lexicons.lock().get(node_uid).cloned()
    }

    fn all(&self) -> Vec<Arc<Lexicon>> {
        self.lexicons.lock().values().cloned().collect()
    }

    fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn ring(&self) {
        self.changed.send_replace(());
    }

    /// Takes the words out of a write, durably. To be called in its turn, before any node hears of it. `is_new`: the write
    /// brings the index into being.
    pub(crate) async fn learn(
        &self,
        store: &Store,
        index: &IndexUid,
        head: &Head,
        is_new: bool,
        batch: &Batch,
    ) -> Result<(), StoreError> {
        let lexicon = match self.find(&head.node_uid) {
            Some(lexicon) => lexicon,
            None if self.wants(index.as_str()) => {
                let state = if is_new {
                    LexiconState::Current
                } else {
                    LexiconState::Scanning
                };
                self.create(store, index, head, state).await?
            }
            None => return Ok(()),
        };
        if lexicon.is_removing() {
            return Ok(());
        }
        if lexicon
            .add(store, self.config.max_words, batch.documents())
            .await?
        {
            self.ring();
        }
        Ok(())
    }

    /// A lexicon without words. To be called in the index's turn.
    async fn create(
        &self,
        store: &Store,
        index: &IndexUid,
        head: &Head,
        state: LexiconState,
    ) -> Result<Arc<Lexicon>, StoreError> {
        let row = LexiconRow {
            node_uid: head.node_uid.clone(),
            index_uid: index.clone(),
            state,
            rules: Json::of(&Rules::of(&head.settings)),
            scanned: 0,
        };
        let stored = row.clone();
        store.write(move |tx| tx.lexicons().put(&stored)).await?;
        let lexicon = Arc::new(Lexicon::new(row)?);
        self.lexicons
            .lock()
            .insert(head.node_uid.clone(), Arc::clone(&lexicon));
        self.ring();
        Ok(lexicon)
    }

    /// Every document of the index is about to be deleted, and the lexicon with them. To be called in the deletion's turn.
    pub(crate) async fn empty(&self, store: &Store, head: &Head) -> Result<Sent, StoreError> {
        let Some(lexicon) = self.find(&head.node_uid) else {
            return Ok(Sent::new());
        };
        let sent = lexicon.sent();
        lexicon
            .begin_anew(store, Rules::of(&head.settings), true)
            .await?;
        self.ring();
        Ok(sent)
    }

    /// How many lexicon documents of an index each node may hold.
    pub(crate) fn sent(&self, node_uid: &NodeUid) -> Sent {
        self.find(node_uid)
            .map(|lexicon| lexicon.sent())
            .unwrap_or_default()
    }

    /// The index is gone.
    pub(crate) fn forget(&self, node_uid: &NodeUid) {
        self.lexicons.lock().remove(node_uid);
    }

    /// A node's data is not what it was: it is sent everything again.
    pub(crate) async fn distrust(&self, store: &Store, node: &NodeId) {
        for lexicon in self.all() {
            if let Err(error) = lexicon.distrust(store, node).await {
                tracing::error!(%error, node_id = %node, "what a node has of a lexicon could not be forgotten");
            }
        }
        self.ring();
    }

    /// What a node is told before it learns of embedders that it did not know: lexicon documents opt out of them.
    pub(crate) fn opt_out(
        &self,
        cluster: &str,
        node: &NodeId,
        before: &Head,
        next: &Head,
    ) -> Option<LegRequest> {
        let documents = *self.sent(&next.node_uid).get(node.as_str())?;
        let key = next.primary_key.as_ref()?;
        let is_new = |name: &&str| before.settings.embedders().all(|known| known != *name);
        let new: BTreeMap<&str, ()> = next
            .settings
            .embedders()
            .filter(is_new)
            .map(|name| (name, ()))
            .collect();
        if new.is_empty() || documents == 0 {
            return None;
        }
        let updates: Vec<_> = core::ids(cluster, 0..documents)
            .map(|id| json!({ key: id, "_vectors": new }))
            .collect();
        Some(request(
            http::Method::PUT,
            format!("/indexes/{}/documents", next.node_uid),
            Some(json!(updates)),
        ))
    }
}

/// What the index was called when its node uid was made.
fn base_name(node_uid: &NodeUid) -> &str {
    let text = node_uid.as_str();
    match text.rsplit_once("__") {
        Some((base, number)) if number.bytes().all(|digit| digit.is_ascii_digit()) => base,
        _ => text,
    }
}
