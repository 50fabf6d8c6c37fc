//! Replica groups and epochs.

use miroir_core::id::GroupId;

use super::{read, write};
use crate::table::{GroupState, KEPT_EPOCHS, ReplicaGroupRow, TopologyEpochRow};
use crate::{Json, Store, StoreError};

fn epoch(epoch: u64) -> TopologyEpochRow {
    TopologyEpochRow {
        epoch,
        snapshot: Json::from_text(r#"{"groups":[]}"#),
        reason: "node n1 added".to_owned(),
        created_at: 1,
        active_at: None,
    }
}

pub(super) async fn groups(store: Store) {
    let group = |id, state| ReplicaGroupRow {
        id: GroupId(id),
        state,
        changed_at: 2,
    };
    write(&store, move |tx| {
        tx.replica_groups()
            .put(&group(10, GroupState::Initializing))?;
        tx.replica_groups().put(&group(2, GroupState::Active))?;
        tx.replica_groups().put(&group(10, GroupState::Draining))
    })
    .await;
    assert_eq!(
        read(&store, |tx| tx.replica_groups().list()).await,
        [
            group(2, GroupState::Active),
            group(10, GroupState::Draining)
        ]
    );
    assert!(write(&store, |tx| tx.replica_groups().delete(GroupId(2))).await);
    assert!(!write(&store, |tx| tx.replica_groups().delete(GroupId(2))).await);
    assert_eq!(
        read(&store, |tx| tx.replica_groups().get(GroupId(2))).await,
        None
    );
}

pub(super) async fn only_higher_epochs(store: Store) {
    assert_eq!(read(&store, |tx| tx.topology_epochs().latest()).await, None);
    write(&store, |tx| tx.topology_epochs().append(&epoch(5))).await;
    for stale in [5, 4] {
        let outcome = store
            .write(move |tx| tx.topology_epochs().append(&epoch(stale)))
            .await;
        assert!(matches!(outcome, Err(StoreError::Exists { .. })));
    }
    write(&store, |tx| tx.topology_epochs().append(&epoch(6))).await;
    assert_eq!(
        read(&store, |tx| tx.topology_epochs().latest()).await,
        Some(epoch(6))
    );
}

pub(super) async fn old_epochs_are_forgotten(store: Store) {
    let last = KEPT_EPOCHS + 20;
    write(&store, move |tx| {
        (1..=last).try_for_each(|number| tx.topology_epochs().append(&epoch(number)))
    })
    .await;
    let kept = read(&store, |tx| tx.topology_epochs().list()).await;
    let numbers: Vec<u64> = kept.iter().map(|row| row.epoch).collect();
    let expected: Vec<u64> = (21..=last).rev().collect();
    assert_eq!(numbers, expected);
}

pub(super) async fn activation_happens_once(store: Store) {
    write(&store, |tx| {
        tx.topology_epochs().append(&epoch(1))?;
        tx.topology_epochs().activate(1, 50)?;
        tx.topology_epochs().activate(1, 60)
    })
    .await;
    let row = read(&store, |tx| tx.topology_epochs().get(1)).await;
    assert_eq!(row.and_then(|row| row.active_at), Some(50));
    let outcome = store.write(|tx| tx.topology_epochs().activate(2, 1)).await;
    assert!(matches!(outcome, Err(StoreError::Missing { .. })));
}
