//! Tasks and their legs.

use std::collections::BTreeSet;

use miroir_core::id::TaskUid;
use miroir_core::wire::task::{TaskKind, TaskStatus};

use super::rows::{finished_task, index, leg, node_id, task};
use super::{read, write};
use crate::table::{
    BatchPageRequest, NodeTaskState, Span, TaskListFilter, TaskOrigin, TaskPageRequest, TaskRow,
};
use crate::{Json, Store, StoreError};

const EVERYTHING: TaskPageRequest = TaskPageRequest {
    from: None,
    limit: usize::MAX,
    oldest_first: false,
};

async fn insert(store: &Store, rows: Vec<TaskRow>) {
    write(store, move |tx| {
        rows.iter().try_for_each(|row| tx.tasks().insert(row))
    })
    .await;
}

async fn uids(store: &Store, filter: TaskListFilter, page: TaskPageRequest) -> (Vec<u32>, u64) {
    let page = read(store, move |tx| tx.tasks().list(&filter, &page)).await;
    let uids = page.rows.iter().map(|row| row.uid.0).collect();
    (uids, page.total)
}

pub(super) async fn rows_come_back_as_inserted(store: Store) {
    let full = TaskRow {
        batch_uid: Some(4),
        kind: TaskKind::IndexSwap,
        visible: false,
        index_uid: None,
        addressed_as: Some("alias".to_owned()),
        status: TaskStatus::Canceled,
        origin: TaskOrigin::Ttl,
        canceled_by: Some(TaskUid(9)),
        details: Json::from_text("null"),
        error: Some(Json::from_text(r#"{"message":"é \" \u0000"}"#)),
        custom_metadata: Some("\u{0}é".to_owned()),
        degraded: Some(Json::from_text("[1, 2]")),
        enqueued_at: i64::MAX,
        started_at: Some(-1),
        finished_at: Some(0),
        applied_at: Some(1),
        position: Some(12),
        work: Some(crate::Json::from_text("{}")),
        ..task(u32::MAX)
    };
    insert(&store, vec![task(0), full.clone()]).await;
    assert_eq!(
        read(&store, |tx| tx.tasks().get(TaskUid(u32::MAX))).await,
        Some(full.clone())
    );
    let updated = TaskRow {
        uid: TaskUid(0),
        ..full
    };
    let row = updated.clone();
    write(&store, move |tx| tx.tasks().update(&row)).await;
    assert_eq!(
        read(&store, |tx| tx.tasks().get(TaskUid(0))).await,
        Some(updated)
    );
    assert_eq!(read(&store, |tx| tx.tasks().get(TaskUid(1))).await, None);
}

pub(super) async fn uids_are_unique(store: Store) {
    insert(&store, vec![task(3)]).await;
    let outcome = store.write(|tx| tx.tasks().insert(&task(3))).await;
    assert!(matches!(outcome, Err(StoreError::Exists { key, .. }) if key == "3"));
    let outcome = store.write(|tx| tx.tasks().update(&task(4))).await;
    assert!(matches!(outcome, Err(StoreError::Missing { key, .. }) if key == "4"));
}

pub(super) async fn pages_are_newest_first(store: Store) {
    insert(&store, (0..10).map(|uid| task(uid * 2)).collect()).await;
    let page = |from: Option<u32>, limit, oldest_first| TaskPageRequest {
        from: from.map(TaskUid),
        limit,
        oldest_first,
    };
    let all = TaskListFilter::default;
    for (request, expected) in [
        (page(None, 3, false), vec![18, 16, 14]),
        (page(Some(14), 2, false), vec![14, 12]),
        (page(Some(13), 2, false), vec![12, 10]),
        (page(Some(1), 5, false), vec![0]),
        (page(Some(99), 1, false), vec![18]),
        (page(None, 2, true), vec![0, 2]),
        (page(Some(15), 9, true), vec![16, 18]),
        (page(None, 0, false), vec![]),
    ] {
        assert_eq!(
            uids(&store, all(), request.clone()).await,
            (expected, 10),
            "{request:?}"
        );
    }
}

pub(super) async fn filters(store: Store) {
    let canceled = TaskRow {
        status: TaskStatus::Canceled,
        canceled_by: Some(TaskUid(3)),
        batch_uid: Some(7),
        ..finished_task(1, 1000)
    };
    let swap = TaskRow {
        kind: TaskKind::IndexSwap,
        index_uid: None,
        ..task(2)
    };
    let films = TaskRow {
        index_uid: Some(index("films")),
        ..finished_task(4, 2000)
    };
    insert(&store, vec![task(0), canceled, swap, task(3), films]).await;

    fn set<T: Ord, const N: usize>(values: [T; N]) -> Option<BTreeSet<T>> {
        Some(values.into())
    }
    let any = TaskListFilter::default;
    let span = |after, before| Span { after, before };
    let cases: Vec<(TaskListFilter, Vec<u32>)> = vec![
        (any(), vec![4, 3, 2, 1, 0]),
        (
            TaskListFilter {
                uids: set([TaskUid(3), TaskUid(1), TaskUid(9)]),
                ..any()
            },
            vec![3, 1],
        ),
        (
            TaskListFilter {
                uids: set([]),
                ..any()
            },
            vec![],
        ),
        (
            TaskListFilter {
                batch_uids: set([7]),
                ..any()
            },
            vec![1],
        ),
        (
            TaskListFilter {
                statuses: set([TaskStatus::Canceled]),
                ..any()
            },
            vec![1],
        ),
        (
            TaskListFilter {
                statuses: set([TaskStatus::Canceled, TaskStatus::Succeeded]),
                ..any()
            },
            vec![4, 1],
        ),
        (
            TaskListFilter {
                kinds: set([TaskKind::IndexSwap]),
                ..any()
            },
            vec![2],
        ),
        (
            TaskListFilter {
                index_uids: set([index("films")]),
                ..any()
            },
            vec![4],
        ),
        (
            TaskListFilter {
                index_uids: set([index("films"), index("books")]),
                ..any()
            },
            vec![4, 3, 1, 0],
        ),
        (
            TaskListFilter {
                canceled_by: set([TaskUid(3)]),
                ..any()
            },
            vec![1],
        ),
        (
            TaskListFilter {
                enqueued: span(Some(100), Some(400)),
                ..any()
            },
            vec![3, 2],
        ),
        (
            TaskListFilter {
                started: span(None, Some(1000)),
                ..any()
            },
            vec![1],
        ),
        (
            TaskListFilter {
                finished: span(Some(999), None),
                ..any()
            },
            vec![4, 1],
        ),
        (
            TaskListFilter {
                index_uids: set([index("books")]),
                statuses: set([TaskStatus::Enqueued]),
                enqueued: span(Some(0), None),
                ..any()
            },
            vec![3],
        ),
    ];
    for (filter, expected) in cases {
        let total = expected.len() as u64;
        assert_eq!(
            uids(&store, filter.clone(), EVERYTHING).await,
            (expected.clone(), total),
            "{filter:?}"
        );
        let asked = filter.clone();
        let matching = read(&store, move |tx| tx.tasks().matching(&asked)).await;
        let ascending: Vec<TaskUid> = expected.into_iter().rev().map(TaskUid).collect();
        assert_eq!(matching, ascending, "{filter:?}");
    }
}

pub(super) async fn swaps_and_renames_touch_every_index_they_name(store: Store) {
    let swap = TaskRow {
        kind: TaskKind::IndexSwap,
        index_uid: None,
        details: Json::from_text(r#"{"swaps":[{"indexes":["a","b"]},{"indexes":["c","d"]}]}"#),
        ..task(1)
    };
    let rename = TaskRow {
        kind: TaskKind::IndexUpdate,
        index_uid: Some(index("d")),
        details: Json::from_text(r#"{"primaryKey":null,"newIndexUid":"e"}"#),
        ..task(2)
    };
    let plain = TaskRow {
        kind: TaskKind::IndexUpdate,
        details: Json::from_text("null"),
        ..task(0)
    };
    insert(&store, vec![plain, swap, rename]).await;
    // A list of one index's tasks counts swaps and does not show them.
    for (uid, shown, total) in [
        ("a", vec![], 1),
        ("d", vec![2], 2),
        ("e", vec![2], 1),
        ("f", vec![], 0),
        ("books", vec![0], 1),
    ] {
        let filter = TaskListFilter {
            index_uids: Some([index(uid)].into()),
            ..TaskListFilter::default()
        };
        assert_eq!(
            uids(&store, filter, EVERYTHING).await,
            (shown, total),
            "{uid}"
        );
    }
    let renames = vec![
        (index("a"), index("c")),
        (index("c"), index("a")),
        (index("d"), index("z")),
    ];
    write(&store, move |tx| {
        tx.tasks().rename_indexes(&renames, TaskUid(2))
    })
    .await;
    let swapped = read(&store, |tx| tx.tasks().get(TaskUid(1))).await;
    assert_eq!(
        swapped.expect("the swap").details.as_str(),
        r#"{"swaps":[{"indexes":["c","b"]},{"indexes":["a","z"]}]}"#
    );
    let later = read(&store, |tx| tx.tasks().get(TaskUid(2))).await;
    assert_eq!(later.expect("the rename").index_uid, Some(index("d")));
    write(&store, |tx| {
        tx.tasks()
            .rename_indexes(&[(index("d"), index("z"))], TaskUid(9))
    })
    .await;
    let later = read(&store, |tx| tx.tasks().get(TaskUid(2))).await;
    assert_eq!(later.expect("the rename").index_uid, Some(index("z")));
}

pub(super) async fn what_is_processed_is_not_enqueued(store: Store) {
    let reserved = |uid: u32, batch_uid| TaskRow {
        batch_uid: Some(batch_uid),
        ..task(uid)
    };
    let done = TaskRow {
        batch_uid: Some(4),
        ..finished_task(2, 50)
    };
    let with_it = TaskRow {
        batch_uid: Some(4),
        ..finished_task(3, 50)
    };
    insert(&store, vec![reserved(0, 5), reserved(1, 6), done, with_it]).await;
    let any = || TaskListFilter {
        processing: [(TaskUid(1), 70), (TaskUid(2), 1)].into(),
        ..TaskListFilter::default()
    };
    let of = |status| TaskListFilter {
        statuses: Some([status].into()),
        ..any()
    };
    let batches = |batch_uids: &[u32]| TaskListFilter {
        batch_uids: Some(batch_uids.iter().copied().collect()),
        ..any()
    };
    let started = TaskListFilter {
        started: Span {
            after: Some(60),
            before: Some(80),
        },
        ..any()
    };
    for (filter, expected) in [
        (of(TaskStatus::Enqueued), vec![0]),
        (of(TaskStatus::Processing), vec![1]),
        (of(TaskStatus::Succeeded), vec![3, 2]),
        (batches(&[5, 6, 4]), vec![3, 2, 1]),
        (started, vec![1]),
    ] {
        assert_eq!(uids(&store, filter, EVERYTHING).await.0, expected);
    }
    let page = |from, limit, oldest_first| BatchPageRequest {
        from,
        limit,
        oldest_first,
    };
    for (filter, page, expected, total) in [
        (any(), page(None, 9, false), vec![6, 4], 2),
        (any(), page(Some(5), 9, false), vec![4], 2),
        (any(), page(Some(5), 9, true), vec![6], 2),
        (any(), page(None, 1, true), vec![4], 2),
        (TaskListFilter::default(), page(None, 9, false), vec![4], 1),
        (of(TaskStatus::Enqueued), page(None, 9, false), vec![], 0),
    ] {
        let found = read(&store, move |tx| tx.tasks().batches(&filter, &page)).await;
        assert_eq!((found.uids, found.total), (expected, total));
    }
}

pub(super) async fn hidden_tasks(store: Store) {
    let hidden = TaskRow {
        visible: false,
        ..task(1)
    };
    insert(&store, vec![task(0), hidden, finished_task(2, 9)]).await;
    assert_eq!(
        uids(&store, TaskListFilter::default(), EVERYTHING).await,
        (vec![2, 0], 2)
    );
    let with_hidden = TaskListFilter {
        include_hidden: true,
        ..TaskListFilter::default()
    };
    assert_eq!(
        uids(&store, with_hidden, EVERYTHING).await,
        (vec![2, 1, 0], 3)
    );
    let unfinished = read(&store, |tx| tx.tasks().unfinished()).await;
    assert_eq!(
        unfinished.iter().map(|row| row.uid.0).collect::<Vec<_>>(),
        [0, 1]
    );
    assert_eq!(read(&store, |tx| tx.tasks().count()).await, 3);
}

pub(super) async fn pruning_spares_the_unfinished(store: Store) {
    let old_but_running = TaskRow {
        status: TaskStatus::Processing,
        ..finished_task(0, 1)
    };
    let rows = vec![
        old_but_running,
        finished_task(1, 30),
        finished_task(2, 10),
        finished_task(3, 20),
        finished_task(4, 100),
        task(5),
    ];
    insert(&store, rows).await;
    assert_eq!(write(&store, |tx| tx.tasks().prune(100, 2)).await, 2);
    assert_eq!(
        uids(&store, TaskListFilter::default(), EVERYTHING).await.0,
        [5, 4, 1, 0]
    );
    assert_eq!(write(&store, |tx| tx.tasks().prune(100, 2)).await, 1);
    assert_eq!(write(&store, |tx| tx.tasks().prune(100, 2)).await, 0);
}

pub(super) async fn legs_follow_their_task(store: Store) {
    let orphan = store
        .write(|tx| {
            tx.node_tasks()
                .upsert(&leg(1, "n1", 0, NodeTaskState::Planned))
        })
        .await;
    assert!(matches!(
        orphan,
        Err(StoreError::Missing { table: "tasks", .. })
    ));

    insert(&store, vec![finished_task(1, 5), task(2)]).await;
    write(&store, |tx| {
        for (task, node, number) in [(1, "n2", 0), (1, "n1", 1), (1, "n1", 0), (2, "n1", 0)] {
            tx.node_tasks()
                .upsert(&leg(task, node, number, NodeTaskState::Planned))?;
        }
        Ok(())
    })
    .await;
    let planned = |task, node, number| leg(task, node, number, NodeTaskState::Planned);
    assert_eq!(
        read(&store, |tx| tx.node_tasks().for_task(TaskUid(1))).await,
        [
            planned(1, "n1", 0),
            planned(1, "n1", 1),
            planned(1, "n2", 0)
        ]
    );
    assert_eq!(write(&store, |tx| tx.tasks().prune(i64::MAX, 10)).await, 1);
    assert_eq!(
        write(&store, |tx| tx.tasks().delete(&[TaskUid(1), TaskUid(7)])).await,
        0
    );
    assert_eq!(
        read(&store, |tx| tx.node_tasks().unfinished()).await,
        [planned(2, "n1", 0)]
    );
    assert_eq!(
        write(&store, |tx| tx.tasks().delete(&[TaskUid(2)])).await,
        1
    );
    assert_eq!(read(&store, |tx| tx.node_tasks().unfinished()).await, []);
}

pub(super) async fn unfinished_legs(store: Store) {
    insert(&store, vec![task(0)]).await;
    write(&store, |tx| {
        for (number, state) in (0..).zip(NodeTaskState::ALL) {
            tx.node_tasks().upsert(&leg(0, "n1", number, *state))?;
        }
        Ok(())
    })
    .await;
    let open = read(&store, |tx| tx.node_tasks().unfinished()).await;
    let states: Vec<NodeTaskState> = open.iter().map(|row| row.state).collect();
    assert_eq!(
        states,
        [
            NodeTaskState::Planned,
            NodeTaskState::Sent,
            NodeTaskState::Acked,
            NodeTaskState::Unknown
        ]
    );
}

pub(super) async fn legs_by_node_task(store: Store) {
    insert(&store, vec![task(0), task(1)]).await;
    let mut acked = leg(0, "n1", 0, NodeTaskState::Acked);
    acked.node_task_uid = Some(40);
    acked.error = Some(Json::from_text("{}"));
    acked.sent_at = None;
    let mut after_reset = leg(1, "n1", 0, NodeTaskState::Acked);
    after_reset.node_task_uid = Some(40);
    let rows = [acked.clone(), leg(1, "n2", 0, NodeTaskState::Acked)];
    write(&store, move |tx| {
        rows.iter().try_for_each(|row| tx.node_tasks().upsert(row))
    })
    .await;
    let by_node = |store: Store, node: &'static str| async move {
        read(&store, move |tx| {
            tx.node_tasks().by_node_task(&node_id(node), 40)
        })
        .await
    };
    let key = acked.key.clone();
    assert_eq!(
        read(&store, move |tx| tx.node_tasks().get(&key)).await,
        Some(acked.clone())
    );
    assert_eq!(by_node(store.clone(), "n1").await, Some(acked));
    assert_eq!(by_node(store.clone(), "n2").await, None);
    let row = after_reset.clone();
    write(&store, move |tx| tx.node_tasks().upsert(&row)).await;
    assert_eq!(by_node(store.clone(), "n1").await, Some(after_reset));
}
