//! All or nothing, and numbers without gaps.

use miroir_core::id::TaskUid;

use super::rows::{catalog, leg, node, stale, task};
use super::{read, write};
use crate::table::{BATCH_UID, ClusterKey, NodeTaskState, TASK_UID};
use crate::{Result, Store, StoreError, Transaction};

/// Touches every table: new rows, changed rows, deleted rows.
fn change_everything(tx: &mut dyn Transaction) -> Result<()> {
    let uid = tx.sequences().next_task_uid()?;
    tx.tasks().insert(&task(uid.0))?;
    tx.node_tasks()
        .upsert(&leg(uid.0, "n1", 0, NodeTaskState::Planned))?;
    tx.cluster().put(ClusterKey::ClusterId, b"new")?;
    tx.catalog().delete(&catalog("books").uid)?;
    tx.catalog().put(&catalog("films"))?;
    tx.nodes().insert(&node("n2"))?;
    tx.nodes().raise_task_uid(&node("n1").id, 9)?;
    tx.staleness().clear(&stale("books", 1, "n1", 1).key, 1)?;
    tx.staleness().mark(&stale("books", 2, "n1", 2))
}

async fn fill(store: &Store) {
    write(store, |tx| {
        tx.cluster().put(ClusterKey::ClusterId, b"old")?;
        tx.catalog().put(&catalog("books"))?;
        tx.nodes().insert(&node("n1"))?;
        tx.staleness().mark(&stale("books", 1, "n1", 1))
    })
    .await;
}

async fn assert_as_filled(store: &Store) {
    read(store, |tx| {
        assert_eq!(tx.sequences().peek(TASK_UID)?, 0);
        assert_eq!(tx.tasks().count()?, 0);
        assert_eq!(tx.node_tasks().unfinished()?, []);
        assert_eq!(
            tx.cluster().get(ClusterKey::ClusterId)?.as_deref(),
            Some(&b"old"[..])
        );
        assert_eq!(tx.catalog().list()?, [catalog("books")]);
        assert_eq!(tx.nodes().list()?, [node("n1")]);
        assert_eq!(tx.staleness().all()?, [stale("books", 1, "n1", 1)]);
        Ok(())
    })
    .await;
}

pub(super) async fn an_error_rolls_everything_back(store: Store) {
    fill(&store).await;
    let outcome: Result<()> = store
        .write(|tx| {
            change_everything(tx)?;
            tx.nodes().insert(&node("n1"))
        })
        .await;
    assert!(matches!(
        outcome,
        Err(StoreError::Exists { table: "nodes", .. })
    ));
    assert_as_filled(&store).await;
}

pub(super) async fn a_panic_rolls_everything_back(store: Store) {
    fill(&store).await;
    let outcome: Result<()> = store
        .write(|tx| {
            change_everything(tx)?;
            panic!("thrown on purpose")
        })
        .await;
    let Err(StoreError::Panicked { message }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(message, "thrown on purpose");
    assert_as_filled(&store).await;
    // The store goes on.
    write(&store, change_everything).await;
    assert_eq!(
        read(&store, |tx| tx.sequences().peek(TASK_UID)).await,
        1,
        "the next change runs as if nothing had been"
    );
}

pub(super) async fn sequences_are_dense(store: Store) {
    for expected in 0..3 {
        let uid = write(&store, |tx| tx.sequences().next_task_uid()).await;
        assert_eq!(uid, TaskUid(expected));
        let failed: Result<()> = store
            .write(|tx| {
                tx.sequences().next_task_uid()?;
                Err(StoreError::Closed)
            })
            .await;
        assert!(failed.is_err());
    }
    assert_eq!(write(&store, |tx| tx.sequences().next(BATCH_UID)).await, 0);
    assert_eq!(read(&store, |tx| tx.sequences().peek(TASK_UID)).await, 3);
    let pair = write(&store, |tx| {
        Ok([
            tx.sequences().next_task_uid()?,
            tx.sequences().next_task_uid()?,
        ])
    });
    assert_eq!(pair.await, [TaskUid(3), TaskUid(4)]);
}

pub(super) async fn sequences_end(store: Store) {
    write(&store, |tx| {
        tx.sequences().skip_to(TASK_UID, u64::from(u32::MAX))
    })
    .await;
    let last = write(&store, |tx| tx.sequences().next_task_uid()).await;
    assert_eq!(last, TaskUid(u32::MAX));
    let outcome = store.write(|tx| tx.sequences().next_task_uid()).await;
    assert!(matches!(outcome, Err(StoreError::Exhausted { .. })));
    // Never back.
    write(&store, |tx| tx.sequences().skip_to(TASK_UID, 5)).await;
    assert_eq!(
        read(&store, |tx| tx.sequences().peek(TASK_UID)).await,
        u64::from(u32::MAX) + 1
    );
}

pub(super) async fn own_writes_are_seen(store: Store) {
    write(&store, |tx| {
        tx.tasks().insert(&task(0))?;
        assert_eq!(tx.tasks().get(TaskUid(0))?, Some(task(0)));
        assert_eq!(tx.reading().tasks().get(TaskUid(0))?, Some(task(0)));
        Ok(())
    })
    .await;
}

pub(super) async fn cluster_values(store: Store) {
    assert_eq!(
        read(&store, |tx| tx.cluster().get(ClusterKey::ClusterSecret)).await,
        None
    );
    for secret in [vec![0, 1, 255], vec![]] {
        let value = secret.clone();
        write(&store, move |tx| {
            tx.cluster().put(ClusterKey::ClusterSecret, &value)
        })
        .await;
        assert_eq!(
            read(&store, |tx| tx.cluster().get(ClusterKey::ClusterSecret)).await,
            Some(secret)
        );
    }
}
