//! API keys.

use miroir_core::access::{Action, IndexPattern, Key};
use miroir_core::wire::time::Timestamp;
use uuid::Uuid;

use super::{read, write};
use crate::{Store, StoreError};

fn key(number: u128, created_at: &str) -> Key {
    let created_at: Timestamp = created_at.parse().unwrap();
    Key {
        uid: Uuid::from_u128(number),
        name: None,
        description: Some("é \"quoted\"".to_owned()),
        actions: vec![Action::All, Action::AllGet, Action::ChatsSettingsAll],
        indexes: vec![IndexPattern::parse("a*").unwrap()],
        expires_at: Some(created_at.next_day()),
        created_at,
        updated_at: created_at,
    }
}

pub(super) async fn the_newest_key_comes_first(store: Store) {
    // As text the first would come after the second.
    let keys = [
        key(1, "2025-01-01T00:00:00.5Z"),
        key(2, "2025-01-01T00:00:00.123456789Z"),
    ];
    let all = keys.clone();
    write(&store, move |tx| {
        all.iter().rev().try_for_each(|key| tx.keys().insert(key))
    })
    .await;
    assert_eq!(read(&store, |tx| tx.keys().list()).await, keys);
    let again = keys[0].clone();
    let outcome = store.write(move |tx| tx.keys().insert(&again)).await;
    assert!(matches!(
        outcome,
        Err(StoreError::Exists { table: "keys", .. })
    ));
}

pub(super) async fn keys_change_and_go(store: Store) {
    let mut changed = key(1, "2025-01-01T00:00:00Z");
    let first = changed.clone();
    write(&store, move |tx| tx.keys().insert(&first)).await;
    changed.name = Some("name".to_owned());
    changed.expires_at = None;
    let row = changed.clone();
    write(&store, move |tx| tx.keys().update(&row)).await;
    assert_eq!(read(&store, |tx| tx.keys().list()).await, [changed.clone()]);
    assert!(write(&store, move |tx| tx.keys().delete(changed.uid)).await);
    assert!(!write(&store, |tx| tx.keys().delete(Uuid::from_u128(1))).await);
    let outcome = store
        .write(|tx| tx.keys().update(&key(1, "2025-01-01T00:00:00Z")))
        .await;
    assert!(matches!(
        outcome,
        Err(StoreError::Missing { table: "keys", .. })
    ));
}
