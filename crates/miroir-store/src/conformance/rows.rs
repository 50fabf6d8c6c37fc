//! Rows to store, one maker per table.

use miroir_core::id::{GroupId, IndexUid, NodeId, NodeUid, Shard, ShardCount, ShardSet, TaskUid};
use miroir_core::wire::task::{TaskKind, TaskStatus};

use crate::Json;
use crate::table::{
    CatalogRow, NodeHealth, NodeMembership, NodeRow, NodeTaskKey, NodeTaskRow, NodeTaskState,
    StaleKey, StaleReason, StaleRow, StaleState, TaskOrigin, TaskRow,
};

pub(crate) fn index(uid: &str) -> IndexUid {
    uid.parse().unwrap()
}

pub(crate) fn node_uid(uid: &str) -> NodeUid {
    uid.parse().unwrap()
}

pub(crate) fn node_id(id: &str) -> NodeId {
    id.parse().unwrap()
}

/// An index whose nodes call it by the same name.
pub(crate) fn catalog(uid: &str) -> CatalogRow {
    CatalogRow {
        uid: index(uid),
        current_node_uid: node_uid(uid),
        generation: 1,
        primary_key: Some("id".to_owned()),
        shards: ShardCount::new(16).unwrap(),
        user_settings: Json::from_text(r#"{"distinctAttribute":"sku"}"#),
        settings_version: 3,
        settings_fingerprint: vec![0, 255, 7],
        ids_case_folded: true,
        frozen_reason: None,
        created_at: "2026-01-01T00:00:00.000000000Z".to_owned(),
        updated_at: "2026-01-01T00:00:00.123456789Z".to_owned(),
        settings_view: None,
    }
}

pub(crate) fn node(id: &str) -> NodeRow {
    NodeRow {
        id: node_id(id),
        address: "http://10.0.0.1:7700".to_owned(),
        replica_group: GroupId(1),
        membership: NodeMembership::Active,
        health: NodeHealth::Degraded,
        version: "1.50.0".to_owned(),
        last_task_uid: None,
        incarnation: "a".to_owned(),
        ejected: false,
        changed_at: 1,
        last_seen_at: None,
    }
}

/// An enqueued addition to the index `books`.
pub(crate) fn task(uid: u32) -> TaskRow {
    TaskRow {
        uid: TaskUid(uid),
        batch_uid: None,
        kind: TaskKind::DocumentAdditionOrUpdate,
        visible: true,
        index_uid: Some(index("books")),
        addressed_as: None,
        status: TaskStatus::Enqueued,
        origin: TaskOrigin::Client,
        canceled_by: None,
        details: Json::from_text(r#"{"receivedDocuments":1}"#),
        error: None,
        custom_metadata: None,
        degraded: None,
        enqueued_at: i64::from(uid) * 100,
        started_at: None,
        finished_at: None,
        applied_at: None,
        position: None,
        work: None,
    }
}

/// Such a task that has succeeded.
pub(crate) fn finished_task(uid: u32, finished_at: i64) -> TaskRow {
    TaskRow {
        status: TaskStatus::Succeeded,
        started_at: Some(finished_at - 1),
        finished_at: Some(finished_at),
        ..task(uid)
    }
}

pub(crate) fn leg(task_uid: u32, node: &str, leg: u32, state: NodeTaskState) -> NodeTaskRow {
    NodeTaskRow {
        key: NodeTaskKey {
            task_uid: TaskUid(task_uid),
            node_id: node_id(node),
            leg,
        },
        node_uid: node_uid("books"),
        shards: [Shard(3), Shard(300)].into_iter().collect::<ShardSet>(),
        state,
        node_task_uid: None,
        attempts: 1,
        planned_at: 5,
        sent_at: Some(6),
        error: None,
    }
}

pub(crate) fn stale(node_uid_text: &str, shard: u16, node: &str, freshness: u64) -> StaleRow {
    StaleRow {
        key: StaleKey {
            node_uid: node_uid(node_uid_text),
            shard: Shard(shard),
            node_id: node_id(node),
        },
        since_position: 10,
        reason: StaleReason::Missed,
        task_uid: Some(TaskUid(4)),
        state: StaleState::Stale,
        freshness,
        created_at: 1,
    }
}
