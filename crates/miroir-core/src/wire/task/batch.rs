//! Batches: what a server did at once, as `GET /batches` shows it.
//!
//! Facts: the server's `meilisearch-types/src/batch_view.rs` and `batches.rs`. Nodes batch as they like; the batches that clients
//! see are Miroir's own tasks, alone or with those that a cancelation ended.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Details, TaskKind, TaskStatus, TaskView};
use crate::wire::time::{Timestamp, iso_duration};

/// A batch as `GET /batches/{uid}` shows it. Members are declared in the order they are shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchView {
    pub uid: u32,
    /// `None` once it is over.
    pub progress: Option<Progress>,
    pub details: Map<String, Value>,
    pub stats: BatchStats,
    pub duration: Option<String>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub batch_strategy: String,
}

/// How many tasks a batch has, by what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchStats {
    pub total_nb_tasks: u32,
    pub status: BTreeMap<TaskStatus, u32>,
    pub types: BTreeMap<TaskKind, u32>,
    pub index_uids: BTreeMap<String, u32>,
    /// How long each step took, as a server writes it (`2.35s`, `38.98µs`); nothing while the batch is worked on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub progress_trace: BTreeMap<&'static str, String>,
}

/// How far a batch is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    pub steps: Vec<Step>,
    pub percentage: f32,
}

/// One level of what is being done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub current_step: &'static str,
    pub finished: u32,
    pub total: u32,
}

/// The only step of a batch that a fleet knows of.
pub const PROCESSING: &str = "processing tasks";

/// The members of details, in the order a batch shows them; those of settings follow.
const ORDER: [&str; 24] = [
    "receivedDocuments",
    "indexedDocuments",
    "editedDocuments",
    "primaryKey",
    "providedIds",
    "deletedDocuments",
    "matchedTasks",
    "canceledTasks",
    "deletedTasks",
    "originalFilter",
    "dumpUid",
    "context",
    "function",
    "swaps",
    "upgradeFrom",
    "upgradeTo",
    "url",
    "apiKey",
    "payloadSize",
    "indexes",
    "oldIndexUid",
    "newIndexUid",
    "preCompactionSize",
    "postCompactionSize",
];

impl BatchView {
    /// The batch of these tasks; at least one, in the order of their uids. `progress` is shown while any of them is not finished.
    pub fn of(uid: u32, tasks: &[TaskView], progress: Option<Progress>) -> Self {
        let mut stats = BatchStats::default();
        for task in tasks {
            stats.total_nb_tasks += 1;
            *stats.status.entry(task.status).or_default() += 1;
            *stats.types.entry(task.kind).or_default() += 1;
            if let Some(index) = &task.index_uid {
                *stats.index_uids.entry(index.clone()).or_default() += 1;
            }
        }
        let is_over = tasks.iter().all(|task| task.status.is_finished());
        let started_at = tasks.iter().filter_map(|task| task.started_at).min();
        let finished_at = tasks.iter().filter_map(|task| task.finished_at).max();
        let finished_at = finished_at.filter(|_| is_over);
        if let Some(took) = duration_of(started_at, finished_at) {
            stats
                .progress_trace
                .insert(PROCESSING, format!("{took:.2?}"));
        }
        Self {
            uid,
            progress: progress.filter(|_| !is_over),
            details: details(tasks, is_over),
            stats,
            duration: iso_duration_of(started_at, finished_at),
            started_at,
            finished_at,
            batch_strategy: strategy(tasks),
        }
    }
}

fn duration_of(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Duration> {
    let nanoseconds = to?.as_nanoseconds() - from?.as_nanoseconds();
    u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
}

fn iso_duration_of(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<String> {
    iso_duration(from?, to?)
}

/// Counts are added up, filters are joined; of anything else the last value stands. A batch that is over leaves out what has no value.
fn details(tasks: &[TaskView], is_over: bool) -> Map<String, Value> {
    let mut merged: Map<String, Value> = Map::new();
    for details in tasks.iter().filter_map(|task| task.details.as_ref()) {
        for (name, value) in members(details) {
            let value = match (merged.get(&name), value) {
                (Some(before), Value::Null) => before.clone(),
                (Some(before), more) => together(&name, before, more),
                (None, value) => value,
            };
            merged.insert(name, value);
        }
    }
    let mut ordered = Map::new();
    for name in ORDER {
        if let Some(value) = merged.shift_remove(name) {
            ordered.insert(name.to_owned(), value);
        }
    }
    ordered.extend(merged);
    if is_over {
        ordered.retain(|_, value| !value.is_null());
    }
    ordered
}

fn together(name: &str, before: &Value, more: Value) -> Value {
    if let (Some(before), Some(more)) = (before.as_u64(), more.as_u64()) {
        return (before + more).into();
    }
    match (before.as_str(), more.as_str()) {
        (Some(before), Some(more)) if name == "originalFilter" => format!("{before}&{more}").into(),
        _ => more,
    }
}

fn members(details: &Details) -> Map<String, Value> {
    match serde_json::to_value(details) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// The words a server has for a batch of one task that goes alone; of several the one that brought them together is named.
fn strategy(tasks: &[TaskView]) -> String {
    let canceled_by = tasks.iter().find_map(|task| task.canceled_by);
    let named = tasks
        .iter()
        .find(|task| Some(task.uid) == canceled_by)
        .or(tasks.first());
    match named {
        Some(task) => format!(
            "created batch containing only task with id {} of type `{}` that cannot be batched with any other task.",
            task.uid, task.kind
        ),
        None => String::new(),
    }
}
