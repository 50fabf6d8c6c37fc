//! How fast the file is. Run with `--ignored --nocapture`; the figures are printed, only gross loss fails.

use std::time::{Duration, Instant};

use miroir_core::wire::task::TaskStatus;

use crate::Store;
use crate::conformance::rows::{finished_task, leg, task};
use crate::table::{NodeTaskState, TaskListFilter, TaskPageRequest};

/// What the proxy does before it dispatches: a task and three planned legs.
async fn enqueue(store: &Store) {
    store
        .write(|tx| {
            let uid = tx.sequences().next_task_uid()?;
            tx.tasks().insert(&task(uid.0))?;
            for node in ["n1", "n2", "n3"] {
                tx.node_tasks()
                    .upsert(&leg(uid.0, node, 0, NodeTaskState::Planned))?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn writes_share_flushes() {
    const EACH: u32 = 200;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_sqlite(folder.path().join("store.db")).unwrap();
    let mut alone = None;
    for callers in [1, 4, 16, 64, 256] {
        let began = Instant::now();
        let handles: Vec<_> = (0..callers)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    for _ in 0..EACH {
                        enqueue(&store).await;
                    }
                })
            })
            .collect();
        for handle in handles {
            handle.await.unwrap();
        }
        let rate = f64::from(callers * EACH) / began.elapsed().as_secs_f64();
        let latency = began.elapsed() / EACH;
        println!("{callers:>4} callers: {rate:>8.0} writes/s, {latency:?} each");
        let alone = *alone.get_or_insert(rate);
        assert!(rate > alone / 2.0, "more callers must not be slower");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn pages_of_a_long_task_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Store::open_sqlite(&path).unwrap();
    store
        .write(|tx| {
            (0..100_000).try_for_each(|uid| {
                tx.tasks()
                    .insert(&finished_task(uid, i64::from(uid) * 1000))
            })
        })
        .await
        .unwrap();
    let statuses = |statuses: &[TaskStatus]| TaskListFilter {
        statuses: Some(statuses.iter().copied().collect()),
        ..TaskListFilter::default()
    };
    for (name, filter) in [
        ("all", TaskListFilter::default()),
        ("one status", statuses(&[TaskStatus::Succeeded])),
        (
            "two statuses",
            statuses(&[TaskStatus::Succeeded, TaskStatus::Failed]),
        ),
        (
            "none",
            statuses(&[TaskStatus::Enqueued, TaskStatus::Processing]),
        ),
    ] {
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let filter = filter.clone();
            let began = Instant::now();
            let page = TaskPageRequest {
                from: None,
                limit: 1000,
                oldest_first: false,
            };
            store
                .read(move |tx| tx.tasks().list(&filter, &page))
                .await
                .unwrap();
            best = best.min(began.elapsed());
        }
        println!("page of 1000 of 100000, {name}: {best:?}");
    }
    drop(store);
    let megabytes = std::fs::metadata(&path).unwrap().len() >> 20;
    let began = Instant::now();
    drop(Store::open_sqlite(&path).unwrap());
    println!("start with a file of {megabytes} MB: {:?}", began.elapsed());
}
