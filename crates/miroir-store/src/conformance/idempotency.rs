//! Requests that were carried out.

use miroir_core::id::TaskUid;

use super::{read, write};
use crate::Store;
use crate::table::{IdempotencyKey, IdempotencyRow};

fn row(scope: u8, key: &str, expires_at: i64) -> IdempotencyRow {
    IdempotencyRow {
        key: IdempotencyKey {
            scope: [scope; 32],
            key: key.to_owned(),
        },
        digest: [7; 32],
        task_uid: Some(TaskUid(9)),
        status: 202,
        response: b"{\"taskUid\":9}".to_vec(),
        expires_at,
    }
}

pub(super) async fn rows_end_with_their_time_and_at_the_limit(store: Store) {
    let rows = [
        row(1, "a", 10),
        row(2, "a", 20),
        row(1, "b", 30),
        row(1, "c", 40),
    ];
    for row in rows.clone() {
        write(&store, move |tx| tx.idempotency().put(&row)).await;
    }
    let get = |row: &IdempotencyRow| {
        let key = row.key.clone();
        read(&store, move |tx| tx.idempotency().get(&key))
    };
    assert_eq!(get(&rows[1]).await, Some(rows[1].clone()));
    let changed = IdempotencyRow {
        task_uid: None,
        status: 201,
        ..rows[1].clone()
    };
    let put = changed.clone();
    write(&store, move |tx| tx.idempotency().put(&put)).await;
    assert_eq!(get(&rows[1]).await, Some(changed));
    // One has expired, one is too many.
    let evicted = write(&store, |tx| tx.idempotency().prune(10, 2, 100)).await;
    assert_eq!(evicted, 1);
    assert_eq!(get(&rows[0]).await, None);
    assert_eq!(get(&rows[1]).await, None);
    assert_eq!(get(&rows[2]).await, Some(rows[2].clone()));
    assert_eq!(read(&store, |tx| tx.idempotency().count()).await, 2);
}
