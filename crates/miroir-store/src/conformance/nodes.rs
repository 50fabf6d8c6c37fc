//! Nodes.

use super::rows::{node, node_id};
use super::{read, write};
use crate::table::{NodeMembership, NodeRow};
use crate::{Store, StoreError};

pub(super) async fn ids_are_never_reused(store: Store) {
    let removed = NodeRow {
        membership: NodeMembership::Removed,
        ejected: true,
        last_task_uid: Some(u32::MAX),
        last_seen_at: Some(-1),
        ..node("n1")
    };
    let row = removed.clone();
    write(&store, move |tx| {
        tx.nodes().insert(&node("n2"))?;
        tx.nodes().insert(&node("n1"))?;
        tx.nodes().update(&row)
    })
    .await;
    let outcome = store.write(|tx| tx.nodes().insert(&node("n1"))).await;
    assert!(matches!(outcome, Err(StoreError::Exists { key, .. }) if key == "n1"));
    assert_eq!(
        read(&store, |tx| tx.nodes().list()).await,
        [removed, node("n2")]
    );
}

pub(super) async fn updates_need_a_row(store: Store) {
    let outcome = store.write(|tx| tx.nodes().update(&node("n1"))).await;
    assert!(matches!(outcome, Err(StoreError::Missing { key, .. }) if key == "n1"));
    let outcome = store
        .write(|tx| tx.nodes().raise_task_uid(&node_id("n1"), 1))
        .await;
    assert!(matches!(outcome, Err(StoreError::Missing { .. })));
}

pub(super) async fn task_uids_only_rise(store: Store) {
    write(&store, |tx| tx.nodes().insert(&node("n1"))).await;
    for (seen, highest) in [(0, 0), (7, 7), (3, 7)] {
        write(&store, move |tx| {
            tx.nodes().raise_task_uid(&node_id("n1"), seen)
        })
        .await;
        let row = read(&store, |tx| tx.nodes().get(&node_id("n1"))).await;
        assert_eq!(row.and_then(|row| row.last_task_uid), Some(highest));
    }
}
