//! Webhooks and the ends of tasks that they are told of.

use miroir_core::id::TaskUid;
use miroir_core::wire::task::TaskStatus;
use uuid::Uuid;

use super::rows::task;
use super::{read, write};
use crate::Store;
use crate::table::{TaskRow, WebhookRow};

fn webhook(number: u128) -> WebhookRow {
    WebhookRow {
        uuid: Uuid::from_u128(number),
        url: "https://example.org/é".to_owned(),
        headers_sealed: vec![0, 255, 1],
        told_up_to: 0,
        created_at: 7,
    }
}

fn finished(uid: u32) -> TaskRow {
    TaskRow {
        status: TaskStatus::Succeeded,
        finished_at: Some(5),
        ..task(uid)
    }
}

async fn insert(store: &Store, row: TaskRow) {
    write(store, move |tx| tx.tasks().insert(&row)).await;
}

/// The uids of the tasks that a webhook has still to be told of, and the number of the last.
async fn untold(store: &Store, number: u128) -> (Vec<u32>, u64) {
    read(store, move |tx| {
        let rows = tx.webhooks().list()?;
        let row = rows.iter().find(|row| row.uuid == Uuid::from_u128(number));
        let told = row.expect("it is there").told_up_to;
        let ends = tx.webhooks().ends_after(told, 10)?;
        let last = ends.last().map_or(told, |end| end.number);
        Ok((ends.iter().map(|end| end.task.uid.0).collect(), last))
    })
    .await
}

pub(super) async fn ends_come_in_their_order_and_once(store: Store) {
    insert(&store, finished(0)).await;
    for uid in [1, 2] {
        insert(&store, task(uid)).await;
    }
    write(&store, |tx| tx.webhooks().insert(&webhook(1))).await;
    assert_eq!(untold(&store, 1).await.0, [] as [u32; 0]);
    let hidden = TaskRow {
        visible: false,
        ..finished(3)
    };
    insert(&store, hidden).await;
    for uid in [2, 1, 2] {
        write(&store, move |tx| tx.tasks().update(&finished(uid))).await;
    }
    insert(&store, finished(4)).await;
    assert_eq!(untold(&store, 1).await.0, [2, 1, 4]);

    // A second one learns of later ends, and holds back what the first has been told of.
    write(&store, |tx| tx.webhooks().insert(&webhook(2))).await;
    insert(&store, finished(5)).await;
    assert_eq!(untold(&store, 2).await.0, [5]);
    let last = untold(&store, 1).await.1;
    write(&store, move |tx| {
        tx.webhooks().told(Uuid::from_u128(1), last)
    })
    .await;
    assert_eq!(untold(&store, 1).await, (vec![], last));
    assert_eq!(untold(&store, 2).await.0, [5]);
    write(&store, move |tx| {
        tx.webhooks().told(Uuid::from_u128(2), last)
    })
    .await;
    insert(&store, finished(6)).await;
    assert_eq!(untold(&store, 1).await.0, [6]);
    write(&store, |tx| tx.tasks().delete(&[TaskUid(6)])).await;
    assert_eq!(untold(&store, 1).await.0, [] as [u32; 0]);
}

pub(super) async fn webhooks_change_and_go(store: Store) {
    write(&store, |tx| tx.webhooks().insert(&webhook(1))).await;
    insert(&store, finished(0)).await;
    let changed = WebhookRow {
        url: "http://b".to_owned(),
        headers_sealed: vec![],
        told_up_to: 99,
        ..webhook(1)
    };
    write(&store, move |tx| tx.webhooks().update(&changed)).await;
    let rows = read(&store, |tx| tx.webhooks().list()).await;
    assert_eq!((rows.len(), rows[0].url.as_str()), (1, "http://b"));
    assert_eq!(untold(&store, 1).await.0, [0], "what is waited for stays");
    let again = store.write(|tx| tx.webhooks().insert(&webhook(1))).await;
    assert!(matches!(again, Err(crate::StoreError::Exists { .. })));
    let missing = store.write(|tx| tx.webhooks().update(&webhook(2))).await;
    assert!(matches!(missing, Err(crate::StoreError::Missing { .. })));
    assert!(write(&store, |tx| tx.webhooks().delete(Uuid::from_u128(1))).await);
    assert!(!write(&store, |tx| tx.webhooks().delete(Uuid::from_u128(1))).await);
    // Nobody waits for it any more.
    write(&store, |tx| tx.webhooks().insert(&webhook(2))).await;
    assert_eq!(untold(&store, 2).await.0, [] as [u32; 0]);
}
