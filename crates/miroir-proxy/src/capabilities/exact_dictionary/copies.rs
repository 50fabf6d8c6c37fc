//! What each node has of a lexicon, and what it is to be told next.

use miroir_core::id::NodeId;
use miroir_store::table::{LexiconCopy, LexiconPlace, LexiconState};
use miroir_store::{Store, StoreError};

use super::Sent;
use super::lexicon::Lexicon;
use super::state::{Job, State};

impl Lexicon {
    /// What a node is to be told next; `None` when it has everything.
    pub(super) fn job(&self, node: &NodeId) -> Option<Job> {
        self.state.lock().job(node)
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
        let always = |_: &mut State| true;
        self.change_copy(store, node, always, |copy| {
            copy.documents = copy.documents.max(documents);
        })
        .await
    }

    /// A node has every part before `next`, if it still has what it had when the job began.
    pub(super) async fn sent_up_to(
        &self,
        store: &Store,
        job: &Job,
        node: &NodeId,
        next: LexiconPlace,
    ) -> Result<(), StoreError> {
        let counts = |state: &mut State| {
            state.generation == job.generation && state.distrusts(node) == job.distrusts
        };
        self.change_copy(store, node, counts, |copy| copy.next = next)
            .await
    }

    /// A node has no document with this number or a higher one.
    pub(super) async fn deleted_from(
        &self,
        store: &Store,
        job: &Job,
        node: &NodeId,
        documents: u32,
    ) -> Result<(), StoreError> {
        let counts = |state: &mut State| state.generation == job.generation;
        self.change_copy(store, node, counts, |copy| {
            copy.documents = copy.documents.min(documents);
        })
        .await
    }

    /// A node may have lost what it had.
    pub(super) async fn distrust(&self, store: &Store, node: &NodeId) -> Result<(), StoreError> {
        let note = |state: &mut State| {
            *state.distrusts.entry(node.clone()).or_default() += 1;
            true
        };
        self.change_copy(store, node, note, |copy| {
            copy.next = LexiconPlace::default()
        })
        .await
    }

    /// Changes what is known of a copy, durably, if `allows` says so.
    async fn change_copy(
        &self,
        store: &Store,
        node: &NodeId,
        allows: impl FnOnce(&mut State) -> bool,
        change: impl FnOnce(&mut LexiconCopy),
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.changing.lock().await;
        let copy = {
            let mut state = self.state.lock();
            if !allows(&mut state) {
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

#[cfg(test)]
mod tests {
    use miroir_core::settings::UserSettings;
    use miroir_store::Json;
    use miroir_store::table::LexiconRow;
    use serde_json::value::RawValue;

    use super::super::state::What;
    use super::*;

    /// A lexicon of three documents of words.
    async fn lexicon(store: &Store) -> Lexicon {
        let row = LexiconRow {
            node_uid: "books".parse().unwrap(),
            index_uid: "books".parse().unwrap(),
            state: LexiconState::Current,
            rules: Json::of(&miroir_core::lexicon::Rules::of(&UserSettings::default())),
            scanned: 0,
        };
        let stored = row.clone();
        let put = store.write(move |tx| tx.lexicons().put(&stored));
        put.await.unwrap();
        let lexicon = Lexicon::new(row).unwrap();
        let words: Vec<String> = (0..5000).map(|number| format!("word{number}")).collect();
        let document = format!(r#"{{"title":"{}"}}"#, words.join(" "));
        let document = RawValue::from_string(document).unwrap();
        let new = [&*document].into_iter();
        lexicon.add(store, usize::MAX, new).await.unwrap();
        lexicon
    }

    /// The node confirms what it was sent while it was being found out to have lost its disk.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_delivery_that_ends_after_its_node_was_distrusted_proves_nothing() {
        let store = Store::memory();
        let lexicon = lexicon(&store).await;
        let node: NodeId = "node-0".parse().unwrap();
        let first = lexicon.job(&node).unwrap();
        let What::Send(all) = &first.what else {
            panic!("{:?}", first.what)
        };
        assert!(all.start == 0 && all.end > 1, "{all:?}");
        let end = LexiconPlace {
            document: all.end,
            part: 0,
        };
        let (store, node) = (&store, &node);
        lexicon.distrust(store, node).await.unwrap();
        lexicon.sent_up_to(store, &first, node, end).await.unwrap();
        let second = lexicon.job(node).unwrap();
        assert_eq!(second.what, first.what, "all of it again");

        // The same with the last words, where the node had the others.
        let middle = LexiconPlace {
            document: all.end - 1,
            part: 0,
        };
        lexicon
            .sent_up_to(store, &second, node, middle)
            .await
            .unwrap();
        let third = lexicon.job(node).unwrap();
        assert_eq!(third.what, What::Send(all.end - 1..all.end));
        lexicon.distrust(store, node).await.unwrap();
        lexicon.sent_up_to(store, &third, node, end).await.unwrap();
        let fourth = lexicon.job(node).unwrap();
        assert_eq!(fourth.what, first.what, "all of it again");

        lexicon.sent_up_to(store, &fourth, node, end).await.unwrap();
        assert!(lexicon.is_complete_on(node));
    }
}
