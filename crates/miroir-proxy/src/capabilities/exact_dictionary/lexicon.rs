//! The lexicon of one index: which words are known, where they stand, and how much of it each node has.
//!
//! Of the words themselves only hashes are in memory. The store has them in the order in which they came, as parts of
//! lexicon documents; a node's copy is described by the place up to which it has them.

use std::ops::Range;
use std::sync::Arc;

use miroir_core::id::{IndexUid, NodeUid};
use miroir_core::lexicon::Rules;
use miroir_store::table::{LexiconPart, LexiconRow, LexiconState};
use miroir_store::{Store, StoreError};
use parking_lot::Mutex;
use serde_json::value::RawValue;

use super::state::{State, Summary};
use crate::catalog::Catalog;

/// Documents that are read from the store at once when the process starts.
const LOADED_AT_ONCE: u32 = 64;

/// One lexicon.
pub(super) struct Lexicon {
    pub(super) node_uid: NodeUid,
    /// What clients called the index when the lexicon began.
    first_uid: IndexUid,
    /// Changes are made one after the other, in the store and in memory alike.
    pub(super) changing: tokio::sync::Mutex<()>,
    pub(super) state: Mutex<State>,
}

impl Lexicon {
    /// What clients call the index.
    pub(super) fn index_uid(&self, catalog: &Catalog) -> IndexUid {
        match catalog.of_node_uid(&self.node_uid) {
            Some(index) => index.row.uid.clone(),
            None => self.first_uid.clone(),
        }
    }

    /// A lexicon without words.
    pub(super) fn new(row: LexiconRow) -> Result<Self, StoreError> {
        Ok(Self {
            node_uid: row.node_uid.clone(),
            first_uid: row.index_uid.clone(),
            changing: tokio::sync::Mutex::default(),
            state: Mutex::new(State::new(row)?),
        })
    }

    /// A stored lexicon.
    pub(super) async fn load(row: LexiconRow, store: &Store) -> Result<Self, StoreError> {
        let lexicon = Self::new(row)?;
        let node_uid = lexicon.node_uid.clone();
        let copies = store
            .read(move |tx| tx.lexicons().copies(&node_uid))
            .await?;
        let mut first = 0;
        loop {
            let end = first + LOADED_AT_ONCE;
            let parts = lexicon.parts(store, first..end).await?;
            let is_last = parts
                .last()
                .is_none_or(|part| part.place.document + 1 < end);
            let mut state = lexicon.state.lock();
            for part in parts {
                state.take_over(&part)?;
            }
            if is_last {
                let by_node = copies.into_iter().map(|copy| (copy.node_id.clone(), copy));
                state.copies = by_node.collect();
                break;
            }
            first = end;
        }
        Ok(lexicon)
    }

    /// The stored parts of some documents.
    pub(super) async fn parts(
        &self,
        store: &Store,
        documents: Range<u32>,
    ) -> Result<Vec<LexiconPart>, StoreError> {
        let node_uid = self.node_uid.clone();
        store
            .read(move |tx| {
                tx.lexicons()
                    .words(&node_uid, documents.start, documents.end)
            })
            .await
    }

    /// Adds the words of documents that are not known yet; true if there were any. They are durable when this returns.
    pub(super) async fn add<'d>(
        &self,
        store: &Store,
        max_words: usize,
        documents: impl Iterator<Item = &'d RawValue>,
    ) -> Result<bool, StoreError> {
        let _one_at_a_time = self.changing.lock().await;
        let new = tokio::task::block_in_place(|| self.state.lock().unknown(documents));
        let (parts, hashes, end, positions) = self.state.lock().lay_out(new, max_words);
        if parts.is_empty() {
            return Ok(false);
        }
        let node_uid = self.node_uid.clone();
        store
            .write(move |tx| {
                let mut parts = parts.iter();
                parts.try_for_each(|part| tx.lexicons().append(&node_uid, part))
            })
            .await?;
        let mut state = self.state.lock();
        state.known.extend(hashes);
        (state.end, state.positions) = (end, positions);
        Ok(true)
    }

    /// Forgets every word and gathers them anew, by `rules`, from the documents. `emptied`: the nodes are about to delete
    /// all documents, lexicon documents included. To be called in the index's turn.
    pub(super) async fn begin_anew(
        &self,
        store: &Store,
        rules: Rules,
        emptied: bool,
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.changing.lock().await;
        let next = self.state.lock().renewed(rules, emptied);
        let (node_uid, row, copies) =
            (self.node_uid.clone(), next.row.clone(), next.copies.clone());
        store
            .write(move |tx| {
                let lexicons = tx.lexicons();
                lexicons.put(&row)?;
                lexicons.clear(&node_uid)?;
                let mut copies = copies.values();
                copies.try_for_each(|copy| lexicons.put_copy(&node_uid, copy))
            })
            .await?;
        *self.state.lock() = next;
        Ok(())
    }

    /// Changes what is known besides words and copies, durably, unless there was a new beginning since `generation`.
    async fn change(
        &self,
        store: &Store,
        generation: u64,
        change: impl FnOnce(&mut LexiconRow),
    ) -> Result<bool, StoreError> {
        let _one_at_a_time = self.changing.lock().await;
        let mut row = {
            let state = self.state.lock();
            if state.generation != generation {
                return Ok(false);
            }
            state.row.clone()
        };
        change(&mut row);
        let stored = row.clone();
        store.write(move |tx| tx.lexicons().put(&stored)).await?;
        self.state.lock().row = row;
        Ok(true)
    }

    /// The mode was switched off.
    pub(super) async fn begin_removal(&self, store: &Store) -> Result<(), StoreError> {
        let generation = self.state.lock().generation;
        self.change(store, generation, |row| row.state = LexiconState::Removing)
            .await?;
        Ok(())
    }

    pub(super) fn is_removing(&self) -> bool {
        self.state.lock().row.state == LexiconState::Removing
    }

    /// Whether it was gathered by these rules, or is about to be.
    pub(super) fn follows(&self, rules: &Rules) -> bool {
        let state = self.state.lock();
        state.row.state != LexiconState::Removing && *state.rules == *rules
    }

    /// No node holds a lexicon document any more.
    pub(super) fn is_gone(&self) -> bool {
        let state = self.state.lock();
        let mut copies = state.copies.values();
        state.row.state == LexiconState::Removing && copies.all(|copy| copy.documents == 0)
    }

    // === reading the documents ===

    /// Claims the reading of the documents, if there are any to be read: the generation, and the first shard.
    pub(super) fn claim_scan(&self) -> Option<(u64, u16)> {
        let mut state = self.state.lock();
        let is_due = state.row.state == LexiconState::Scanning && !state.is_scanned;
        is_due.then(|| {
            state.is_scanned = true;
            (state.generation, state.row.scanned)
        })
    }

    /// The reading could not be completed; it is to be claimed again.
    pub(super) fn release_scan(&self, generation: u64) {
        let mut state = self.state.lock();
        if state.generation == generation {
            state.is_scanned = false;
        }
    }

    pub(super) fn is_generation(&self, generation: u64) -> bool {
        self.state.lock().generation == generation
    }

    pub(super) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.state.lock().rules)
    }

    /// So many shards have been read; false after a new beginning.
    pub(super) async fn scanned(
        &self,
        store: &Store,
        generation: u64,
        shards: u16,
        of: u16,
    ) -> Result<bool, StoreError> {
        self.change(store, generation, |row| {
            row.scanned = shards;
            if shards == of && row.state == LexiconState::Scanning {
                row.state = LexiconState::Current;
            }
        })
        .await
    }

    pub(super) fn summary(&self) -> Summary {
        let state = self.state.lock();
        Summary {
            state: state.row.state,
            words: state.known.len(),
            documents: state.documents(),
            is_full: state.is_full,
        }
    }
}
