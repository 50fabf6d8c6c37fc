//! Stale copies.

use miroir_core::id::TaskUid;

use super::rows::{node_id, node_uid, stale};
use super::{read, write};
use crate::Store;
use crate::table::{StaleReason, StaleRow, StaleState};

pub(super) async fn marking_again_keeps_the_beginning(store: Store) {
    let again = StaleRow {
        since_position: 99,
        reason: StaleReason::Refused,
        task_uid: Some(TaskUid(77)),
        created_at: 1000,
        ..stale("books", 3, "n1", 2)
    };
    write(&store, move |tx| {
        let first = stale("books", 3, "n1", 1);
        tx.staleness().mark(&first)?;
        assert!(
            tx.staleness()
                .advance(&first.key, 1, StaleState::Repairing)?
        );
        tx.staleness().mark(&again)
    })
    .await;
    assert_eq!(
        read(&store, |tx| tx.staleness().all()).await,
        [stale("books", 3, "n1", 2)]
    );
}

pub(super) async fn a_repair_that_was_overtaken_clears_nothing(store: Store) {
    let key = || stale("books", 3, "n1", 1).key;
    write(&store, move |tx| {
        tx.staleness().mark(&stale("books", 3, "n1", 5))?;
        assert!(!tx.staleness().clear(&key(), 4)?);
        assert!(!tx.staleness().advance(&key(), 4, StaleState::Verifying)?);
        assert!(tx.staleness().advance(&key(), 5, StaleState::Verifying)?);
        Ok(())
    })
    .await;
    let row = read(&store, move |tx| tx.staleness().get(&key())).await;
    assert_eq!(row.map(|row| row.state), Some(StaleState::Verifying));
    assert!(write(&store, move |tx| tx.staleness().clear(&key(), 5)).await);
    assert!(!write(&store, move |tx| tx.staleness().clear(&key(), 5)).await);
    assert_eq!(read(&store, |tx| tx.staleness().all()).await, []);
}

pub(super) async fn forgetting(store: Store) {
    write(&store, |tx| {
        for (uid, shard, node) in [
            ("books", 10, "n1"),
            ("books", 9, "n2"),
            ("books", 9, "n1"),
            ("films", 1, "n1"),
            ("films", 1, "n2"),
        ] {
            tx.staleness().mark(&stale(uid, shard, node, 1))?;
        }
        Ok(())
    })
    .await;
    assert_eq!(
        read(&store, |tx| tx.staleness().of_index(&node_uid("books"))).await,
        [
            stale("books", 9, "n1", 1),
            stale("books", 9, "n2", 1),
            stale("books", 10, "n1", 1)
        ]
    );
    let counts = write(&store, |tx| {
        Ok([
            tx.staleness().forget_index(&node_uid("books"))?,
            tx.staleness().forget_node(&node_id("n1"))?,
        ])
    });
    assert_eq!(counts.await, [3, 1]);
    assert_eq!(
        read(&store, |tx| tx.staleness().all()).await,
        [stale("films", 1, "n2", 1)]
    );
}
