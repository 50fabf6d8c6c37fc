//! Views in the server's shape, and the queries over them.

use serde_json::{Value, json};

use super::*;
use crate::error::{Code, TaskSelection};
use crate::wire::deserialize::from_query;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn view() -> TaskView {
    TaskView {
        uid: 7,
        batch_uid: Some(3),
        index_uid: Some("movies".to_owned()),
        status: TaskStatus::Failed,
        kind: TaskKind::DocumentAdditionOrUpdate,
        canceled_by: None,
        details: Some(Details::DocumentAdditionOrUpdate {
            received_documents: 2,
            indexed_documents: Some(0),
        }),
        error: Some(ApiError::index_not_found("movies")),
        enqueued_at: instant("2025-11-20T15:56:30.273223738Z"),
        started_at: Some(instant("2025-11-20T15:56:30.3Z")),
        finished_at: Some(instant("2025-11-20T15:56:31.5Z")),
        custom_metadata: Some("m".to_owned()),
    }
}

#[test]
fn views() {
    let text = r#"{"uid":7,"batchUid":3,"indexUid":"movies","status":"failed","type":"documentAdditionOrUpdate","canceledBy":null,"details":{"receivedDocuments":2,"indexedDocuments":0},"error":{"message":"Index `movies` not found.","code":"index_not_found","type":"invalid_request","link":"https://docs.meilisearch.com/errors#index_not_found"},"duration":"PT1.200S","enqueuedAt":"2025-11-20T15:56:30.273223738Z","startedAt":"2025-11-20T15:56:30.300Z","finishedAt":"2025-11-20T15:56:31.500Z","customMetadata":"m"}"#;
    assert_eq!(serde_json::to_string(&view()).unwrap(), text);
    assert_eq!(serde_json::from_str::<TaskView>(text).unwrap(), view());

    let bare = TaskView {
        batch_uid: None,
        index_uid: None,
        status: TaskStatus::Enqueued,
        kind: TaskKind::SnapshotCreation,
        details: None,
        error: None,
        started_at: None,
        finished_at: None,
        custom_metadata: None,
        ..view()
    };
    let text = r#"{"uid":7,"batchUid":null,"indexUid":null,"status":"enqueued","type":"snapshotCreation","canceledBy":null,"error":null,"duration":null,"enqueuedAt":"2025-11-20T15:56:30.273223738Z","startedAt":null,"finishedAt":null}"#;
    assert_eq!(serde_json::to_string(&bare).unwrap(), text);
    assert_eq!(serde_json::from_str::<TaskView>(text).unwrap(), bare);
}

#[test]
fn summaries() {
    let summary = SummarizedTask {
        task_uid: 0,
        index_uid: None,
        status: TaskStatus::Enqueued,
        kind: TaskKind::IndexSwap,
        enqueued_at: instant("2026-11-20T15:56:30.273223738Z"),
        custom_metadata: None,
    };
    let text = r#"{"taskUid":0,"indexUid":null,"status":"enqueued","type":"indexSwap","enqueuedAt":"2026-11-20T15:56:30.273223738Z"}"#;
    assert_eq!(serde_json::to_string(&summary).unwrap(), text);
    assert_eq!(
        serde_json::from_str::<SummarizedTask>(text).unwrap(),
        summary
    );
}

#[test]
fn details_come_back_in_their_shape() {
    use TaskKind::*;
    let cases = [
        (
            DocumentAdditionOrUpdate,
            r#"{"receivedDocuments":1,"indexedDocuments":null}"#,
        ),
        (
            DocumentDeletion,
            r#"{"providedIds":2,"deletedDocuments":1,"originalFilter":null}"#,
        ),
        (
            DocumentDeletion,
            r#"{"providedIds":0,"deletedDocuments":null,"originalFilter":"\"t = 1\""}"#,
        ),
        (DocumentDeletion, r#"{"deletedDocuments":3}"#),
        (IndexDeletion, r#"{"deletedDocuments":null}"#),
        (
            DocumentEdition,
            r#"{"editedDocuments":1,"deletedDocuments":1,"originalFilter":null,"context":{"a":1},"function":"x"}"#,
        ),
        (
            SettingsUpdate,
            r#"{"rankingRules":["words"],"stopWords":null}"#,
        ),
        (SettingsUpdate, "{}"),
        (IndexCreation, r#"{"primaryKey":null}"#),
        (
            IndexUpdate,
            r#"{"primaryKey":"id","oldIndexUid":"a","newIndexUid":"b"}"#,
        ),
        (
            IndexSwap,
            r#"{"swaps":[{"indexes":["a","b"],"rename":false}]}"#,
        ),
        (
            TaskCancelation,
            r#"{"matchedTasks":1,"canceledTasks":null,"originalFilter":"?uids=1"}"#,
        ),
        (
            TaskDeletion,
            r#"{"matchedTasks":1,"deletedTasks":1,"originalFilter":"?uids=1"}"#,
        ),
        (DumpCreation, r#"{"dumpUid":null}"#),
        (
            Export,
            r#"{"url":"http://x","payloadSize":"20 MiB","indexes":{"*":{"filter":null}}}"#,
        ),
        (
            UpgradeDatabase,
            r#"{"upgradeFrom":"v1.49.0","upgradeTo":"v1.50.0"}"#,
        ),
        (
            IndexCompaction,
            r#"{"preCompactionSize":"104 KiB","postCompactionSize":"100 KiB"}"#,
        ),
        (IndexCompaction, "{}"),
        (DsrUpdate, r#"{"rule":{"a":1},"updatedRules":1}"#),
        (
            NetworkTopologyChange,
            r#"{"movedDocuments":1,"message":"m"}"#,
        ),
    ];
    for (kind, text) in cases {
        let members = serde_json::from_str(text).unwrap();
        let details = Details::of_kind(kind, members);
        assert_eq!(serde_json::to_string(&details).unwrap(), text);
        let is_raw = matches!(details, Details::Settings(_));
        assert_eq!(
            is_raw,
            matches!(kind, SettingsUpdate | NetworkTopologyChange),
            "{text}"
        );
    }
}

#[test]
fn failure_undoes_what_was_done() {
    let failed = |kind, details: Value| {
        let Value::Object(members) = details else {
            panic!()
        };
        serde_json::to_value(Details::of_kind(kind, members).into_failed()).unwrap()
    };
    assert_eq!(
        failed(
            TaskKind::DocumentAdditionOrUpdate,
            json!({"receivedDocuments": 4, "indexedDocuments": null})
        ),
        json!({"receivedDocuments": 4, "indexedDocuments": 0})
    );
    assert_eq!(
        failed(
            TaskKind::IndexCompaction,
            json!({"preCompactionSize": "1 KiB"})
        ),
        json!({})
    );
    assert_eq!(
        failed(TaskKind::IndexCreation, json!({"primaryKey": null})),
        json!({"primaryKey": null})
    );
}

#[test]
fn lists_are_read() {
    let read = |query| from_query::<TaskListParameters>(query).map(TaskList::from);
    let list = read("limit=3&from=9&reverse=true&uids=1,2&statuses=SUCCEEDED,failed&types=IndexSwap&indexUids=a,b&afterEnqueuedAt=2024-01-31&beforeEnqueuedAt=2024-01-31&afterStartedAt=2024-01-31T10:00:00%2B01:00&beforeFinishedAt=*").unwrap();
    assert_eq!((list.limit, list.from, list.reverse), (3, Some(9), true));
    assert_eq!(list.filter.uids, Some(vec![1, 2]));
    assert_eq!(
        list.filter.statuses,
        Some(vec![TaskStatus::Succeeded, TaskStatus::Failed])
    );
    assert_eq!(list.filter.types, Some(vec![TaskKind::IndexSwap]));
    assert_eq!(
        list.filter.after_enqueued_at,
        Some(instant("2024-02-01T00:00:00Z"))
    );
    assert_eq!(
        list.filter.before_enqueued_at,
        Some(instant("2024-01-31T00:00:00Z"))
    );
    assert_eq!(
        list.filter.after_started_at,
        Some(instant("2024-01-31T09:00:00Z"))
    );
    assert_eq!(list.filter.before_finished_at, None);
    assert!(list.reaches(9) && list.reaches(10) && !list.reaches(8));

    let default = read("uids=*&statuses=").unwrap();
    assert_eq!(
        (default.limit, default.from, default.reverse),
        (20, None, false)
    );
    assert_eq!(default.filter.uids, None);
    assert_eq!(default.filter.statuses, Some(vec![]));
}

#[test]
fn lists_are_refused() {
    let cases = [
        (
            "uids=abc",
            "invalid_task_uids",
            "Invalid value in parameter `uids`: could not parse `abc` as a positive integer",
        ),
        (
            "statuses=foo",
            "invalid_task_statuses",
            "Invalid value in parameter `statuses`: `foo` is not a valid task status. Available statuses are `enqueued`, `processing`, `succeeded`, `failed`, `canceled`.",
        ),
        (
            "types=a,b",
            "invalid_task_types",
            "Invalid value in parameter `types[0]`: `a` is not a valid task type. Available types are `documentAdditionOrUpdate`, `documentEdition`, `documentDeletion`, `settingsUpdate`, `indexCreation`, `indexDeletion`, `indexUpdate`, `indexSwap`, `taskCancelation`, `taskDeletion`, `dumpCreation`, `snapshotCreation`, `export`, `upgradeDatabase`, `indexCompaction`, `networkTopologyChange`, `dsrUpdate`, `dsrClear`.",
        ),
        (
            "afterEnqueuedAt=2020",
            "invalid_task_after_enqueued_at",
            "Invalid value in parameter `afterEnqueuedAt`: `2020` is an invalid date-time. It should follow the YYYY-MM-DD or RFC 3339 date-time format.",
        ),
        (
            "indexUids=a%20b",
            "invalid_index_uid",
            "Invalid value in parameter `indexUids`: `a b` is not a valid index uid. Index uid can be an integer or a string containing only alphanumeric characters, hyphens (-) and underscores (_), and can not be more than 512 bytes.",
        ),
        (
            "status=failed",
            "bad_request",
            "Unknown parameter `status`: expected one of `limit`, `from`, `reverse`, `batchUids`, `uids`, `canceledBy`, `types`, `statuses`, `indexUids`, `afterEnqueuedAt`, `beforeEnqueuedAt`, `afterStartedAt`, `beforeStartedAt`, `afterFinishedAt`, `beforeFinishedAt`",
        ),
    ];
    for (query, code, message) in cases {
        let error = from_query::<TaskListParameters>(query).unwrap_err();
        assert_eq!((error.code.name(), error.message.as_str()), (code, message));
    }
}

#[test]
fn selections() {
    let select =
        |query| from_query::<TaskSelectionParameters>(query)?.select(TaskSelection::Delete);
    assert_eq!(select("uids=*"), Ok(TaskFilter::default()));
    assert_eq!(
        select(""),
        Err(ApiError::missing_task_filters(TaskSelection::Delete))
    );
    assert_eq!(select("limit=1").unwrap_err().code, Code::BadRequest);
    assert_eq!(
        select("beforeStartedAt=x").unwrap_err().code,
        Code::InvalidTaskBeforeStartedAt
    );
}

#[test]
fn filters() {
    let matches = |query: &str| {
        let list = TaskList::from(from_query::<TaskListParameters>(query).unwrap());
        list.filter.matches(&TaskFacts::from(&view()))
    };
    for query in [
        "",
        "uids=7",
        "uids=1,7",
        "batchUids=3",
        "types=documentadditionorupdate",
        "statuses=failed",
        "indexUids=movies",
        "afterEnqueuedAt=2025-11-19",
        "beforeEnqueuedAt=2025-11-21",
        "afterStartedAt=2025-11-20T15:56:30.299Z&beforeStartedAt=2025-11-20T15:56:30.301Z",
    ] {
        assert!(matches(query), "{query}");
    }
    for query in [
        "uids=1",
        "uids=",
        "batchUids=2",
        "canceledBy=1",
        "types=indexSwap",
        "statuses=",
        "indexUids=movie",
        "afterEnqueuedAt=2025-11-20",
        "beforeEnqueuedAt=2025-11-20",
        "afterStartedAt=2025-11-20T15:56:30.3Z",
        "beforeFinishedAt=2025-11-20T15:56:31.5Z",
    ] {
        assert!(!matches(query), "{query}");
    }
}

#[test]
fn swaps_match_by_index_but_are_not_shown() {
    let swap = TaskView {
        index_uid: None,
        kind: TaskKind::IndexSwap,
        details: Some(Details::IndexSwap {
            swaps: vec![IndexSwap {
                indexes: ("a".to_owned(), "b".to_owned()),
                rename: false,
            }],
        }),
        started_at: None,
        ..view()
    };
    let filter = TaskFilter {
        index_uids: Some(vec!["b".to_owned()]),
        ..TaskFilter::default()
    };
    assert!(filter.matches(&TaskFacts::from(&swap)));
    assert!(!filter.shows(swap.kind));
    assert!(TaskFilter::default().shows(swap.kind));
    let started = TaskFilter {
        before_started_at: Some(instant("2030-01-01T00:00:00Z")),
        ..TaskFilter::default()
    };
    assert!(!started.matches(&TaskFacts::from(&swap)));
}

#[test]
fn pages() {
    let page = |uids: &[u32], limit| TaskPage::new(uids.to_vec(), limit, 9, |uid| *uid);
    let full = page(&[5, 4, 3], 2);
    assert_eq!(
        (full.results.len(), full.from, full.next),
        (2, Some(5), Some(3))
    );
    let last = page(&[5, 4], 2);
    assert_eq!(
        (last.results.len(), last.from, last.next),
        (2, Some(5), None)
    );
    let none = page(&[5], 0);
    assert_eq!(
        serde_json::to_string(&none).unwrap(),
        r#"{"results":[],"total":9,"limit":0,"from":null,"next":5}"#
    );
}

/// Tasks of a Meilisearch 1.50.0 server come back member for member; only instants with fewer than 3 fractional digits
/// would be printed longer than it does, and there are none in the recording.
#[test]
fn recorded_views_come_back() {
    for line in include_str!("recorded.jsonl").lines() {
        let view: TaskView = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&view).unwrap(), line);
        let is_settings = view.kind == TaskKind::SettingsUpdate;
        assert_eq!(
            matches!(view.details, Some(Details::Settings(_))),
            is_settings
        );
    }
}
