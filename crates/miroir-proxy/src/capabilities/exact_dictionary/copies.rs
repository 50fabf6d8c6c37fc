//! What each node has of a lexicon, and what it is to be told next.

use miroir_core::id::NodeId;
use miroir_store::table::{LexiconCopy, LexiconPlace, LexiconState};
use miroir_store::{Store, StoreError};

use super::Sent;
use super::lexicon::Lexicon;
use super::state::Job;

impl Lexicon {
    /// What a node is to be told next; `None` when it has everything.
    pub(super) fn job(&self, node: &NodeId) -> Option<Job> {
        let state = self.state.lock();
        let what = state.lacking(node)?;
        Some(Job {
            generation: state.generation,
            rules: state.rules.clone(),
            documents: state.documents(),
            what,
        })
    }

    /// Whether every node has everything, and everything is everything there is.
    pub(super) fn is_complete_on(&self, node: &NodeId) -> bool {
        let state = self.state.lock();
        state.row.state == LexiconState::Current && state.lacking(node).is_none()
    }

    /// A node is about to be sent documents up to this number.
    pub(super) async fn sending(
        &self,
        store: &Store,
        node: &NodeId,
        documents: u32,
    ) -> Result<(), StoreError> {
        self.change_copy(store, None, node, |copy| {
            copy.documents = copy.documents.max(documents);
        })
        .await
    }

    /// A node has every part before `next`.
    pub(super) async fn sent_up_to(
        &self,
        store: &Store,
        generation: u64,
        node: &NodeId,
        next: LexiconPlace,
    ) -> Result<(), StoreError> {
        self.change_copy(store, Some(generation), node, |copy| copy.next = next)
            .await
    }

    /// A node has no document with this number or a higher one.
    pub(super) async fn deleted_from(
        &self,
        store: &Store,
        generation: u64,
        node: &NodeId,
        documents: u32,
    ) -> Result<(), StoreError> {
        self.change_copy(store, Some(generation), node, |copy| {
            copy.documents = copy.documents.min(documents);
        })
        .await
    }

    /// A node may have lost what it had.
    pub(super) async fn distrust(&self, store: &Store, node: &NodeId) -> Result<(), StoreError> {
        self.change_copy(store, None, node, |copy| {
            copy.next = LexiconPlace::default()
        })
        .await
    }

    async fn change_copy(
        &self,
        store: &Store,
        generation: Option<u64>,
        node: &NodeId,
        change: impl FnOnce(&mut LexiconCopy),
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.changing.lock().await;
        let copy = {
            let mut state = self.state.lock();
            if generation.is_some_and(|generation| generation != state.generation) {
                return Ok(());
            }
            let copy = state
                .copies
                .entry(node.clone())
                .or_insert_with(|| LexiconCopy {
                    node_id: node.clone(),
                    next: LexiconPlace::default(),
                    documents: 0,
                });
            change(copy);
            copy.clone()
        };
        let node_uid = self.node_uid.clone();
        let stored = store
            .write(move |tx| tx.lexicons().put_copy(&node_uid, &copy))
            .await;
        match stored {
            Err(StoreError::Missing { .. }) => Ok(()), // the index is gone
            stored => stored,
        }
    }

    pub(super) fn sent(&self) -> Sent {
        let state = self.state.lock();
        let copies = state.copies.iter();
        copies
            .map(|(node, copy)| (node.to_string(), copy.documents))
            .collect()
    }
}
