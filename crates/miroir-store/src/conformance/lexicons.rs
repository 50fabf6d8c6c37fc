//! Lexicons.

use super::rows::{node_id, node_uid};
use super::{read, write};
use crate::table::{LexiconCopy, LexiconPart, LexiconPlace, LexiconRow, LexiconState};
use crate::{Json, Store, StoreError, Transaction};

fn row(uid: &str) -> LexiconRow {
    LexiconRow {
        node_uid: node_uid(uid),
        index_uid: uid.parse().unwrap(),
        state: LexiconState::Scanning,
        rules: Json::from_text("{}"),
        scanned: 0,
    }
}

fn part(document: u32, part: u32, words: &str) -> LexiconPart {
    LexiconPart {
        place: LexiconPlace { document, part },
        field: "_miroir_words".to_owned(),
        words: Json::of(&[words]),
    }
}

fn copy(document: u32, part: u32, documents: u32) -> LexiconCopy {
    LexiconCopy {
        node_id: node_id("n1"),
        next: LexiconPlace { document, part },
        documents,
    }
}

pub(super) async fn words_come_back_in_their_order(store: Store) {
    write(&store, |tx| {
        let lexicons = tx.lexicons();
        for uid in ["books", "films"] {
            lexicons.put(&row(uid))?;
        }
        for (document, number) in [(1, 0), (0, 1), (0, 0), (2, 0)] {
            let words = format!("{document}.{number}");
            lexicons.append(&node_uid("books"), &part(document, number, &words))?;
        }
        lexicons.append(&node_uid("films"), &part(0, 0, "other"))
    })
    .await;
    assert_eq!(
        read(&store, |tx| tx.lexicons().words(&node_uid("books"), 0, 2)).await,
        [part(0, 0, "0.0"), part(0, 1, "0.1"), part(1, 0, "1.0")]
    );
    let taken = store.write(|tx| {
        tx.lexicons()
            .append(&node_uid("books"), &part(0, 0, "again"))
    });
    assert!(matches!(taken.await, Err(StoreError::Exists { .. })));
    let orphan = store.write(|tx| tx.lexicons().append(&node_uid("none"), &part(0, 0, "x")));
    assert!(matches!(orphan.await, Err(StoreError::Missing { .. })));
}

pub(super) async fn clearing_forgets_words_but_not_what_was_sent(store: Store) {
    let changed = LexiconRow {
        state: LexiconState::Current,
        scanned: 7,
        ..row("books")
    };
    let expected = changed.clone();
    write(&store, move |tx: &mut dyn Transaction| {
        let lexicons = tx.lexicons();
        lexicons.put(&row("books"))?;
        lexicons.put(&changed)?;
        lexicons.append(&node_uid("books"), &part(0, 0, "a"))?;
        lexicons.put_copy(&node_uid("books"), &copy(1, 2, 2))?;
        lexicons.clear(&node_uid("books"))
    })
    .await;
    assert_eq!(read(&store, |tx| tx.lexicons().list()).await, [expected]);
    assert_eq!(
        read(&store, |tx| tx.lexicons().words(&node_uid("books"), 0, 9)).await,
        []
    );
    assert_eq!(
        read(&store, |tx| tx.lexicons().copies(&node_uid("books"))).await,
        [copy(0, 0, 2)]
    );
    assert!(write(&store, |tx| tx.lexicons().remove(&node_uid("books"))).await);
    assert!(!write(&store, |tx| tx.lexicons().remove(&node_uid("books"))).await);
    assert_eq!(
        read(&store, |tx| tx.lexicons().copies(&node_uid("books"))).await,
        []
    );
    let orphan = store.write(|tx| tx.lexicons().put_copy(&node_uid("books"), &copy(0, 0, 0)));
    assert!(matches!(orphan.await, Err(StoreError::Missing { .. })));
}
