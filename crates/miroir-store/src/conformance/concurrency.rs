//! Many callers at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use miroir_core::id::TaskUid;

use super::rows::{catalog, task};
use super::{read, write};
use crate::Store;
use crate::table::{CatalogRow, TASK_UID, TaskListFilter};

pub(super) async fn a_thousand_writes_from_fifty_tasks(store: Store) {
    const WRITERS: usize = 50;
    const EACH: usize = 20;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut uids = Vec::new();
                for number in 0..EACH {
                    let uid = write(&store, move |tx| {
                        let uid = tx.sequences().next_task_uid()?;
                        let mut row = task(uid.0);
                        row.custom_metadata = Some(format!("{writer}/{number}"));
                        tx.tasks().insert(&row)?;
                        Ok(uid)
                    })
                    .await;
                    uids.push(uid);
                }
                uids
            })
        })
        .collect();
    for (writer, handle) in writers.into_iter().enumerate() {
        let uids = handle.await.unwrap();
        assert!(uids.is_sorted(), "a caller's own writes keep their order");
        for (number, uid) in uids.into_iter().enumerate() {
            let row = read(&store, move |tx| tx.tasks().get(uid)).await.unwrap();
            assert_eq!(row.custom_metadata, Some(format!("{writer}/{number}")));
        }
    }
    let all = read(&store, |tx| tx.tasks().matching(&TaskListFilter::default())).await;
    let total = (WRITERS * EACH) as u32;
    assert_eq!(all, (0..total).map(TaskUid).collect::<Vec<_>>());
    assert_eq!(
        read(&store, |tx| tx.sequences().peek(TASK_UID)).await,
        u64::from(total)
    );
}

pub(super) async fn readers_see_whole_transactions(store: Store) {
    let versioned = |uid: &str, settings_version| CatalogRow {
        settings_version,
        ..catalog(uid)
    };
    let put_both = move |store: Store, version| async move {
        write(&store, move |tx| {
            tx.catalog().put(&versioned("a", version))?;
            tx.catalog().put(&versioned("b", version))
        })
        .await;
    };
    put_both(store.clone(), 0).await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (store, done) = (store.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let mut newest = 0;
            while !done.load(Ordering::Relaxed) {
                let rows = read(&store, |tx| tx.catalog().list()).await;
                assert_eq!(rows[0].settings_version, rows[1].settings_version);
                assert!(rows[0].settings_version >= newest, "never back in time");
                newest = rows[0].settings_version;
            }
        })
    };
    for version in 1..200 {
        put_both(store.clone(), version).await;
        let row = read(&store, |tx| tx.catalog().list()).await;
        assert_eq!(row[0].settings_version, version, "own writes are read");
    }
    done.store(true, Ordering::Relaxed);
    reader.await.unwrap();
}
