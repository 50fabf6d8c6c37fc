//! `/tasks` and `/batches`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Path;
use http::StatusCode;
use miroir_core::error::{ApiError, TaskSelection};
use miroir_core::wire::task::{
    TaskFilter, TaskKind, TaskList, TaskListParameters, TaskPage, TaskSelectionParameters,
};
use miroir_core::wire::time::iso_duration;
use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Reply, ok};
use crate::queue::state::State;
use crate::queue::task::{Content, Task};

pub(super) async fn list(call: Call) -> Reply {
    let wanted: TaskList = call.parameters::<TaskListParameters>()?.into();
    let state = call.app.queue.state();
    let matching = || {
        let tasks = state.tasks.values();
        tasks.filter(|task| wanted.filter.matches(&task.facts()))
    };
    let total = matching().count() as u64;
    let shown = matching()
        .filter(|task| wanted.filter.shows(task.content.kind()) && wanted.reaches(task.uid));
    let room = wanted.limit as usize + 1;
    let results: Vec<&Arc<Task>> = if wanted.reverse {
        shown.take(room).collect()
    } else {
        shown.rev().take(room).collect()
    };
    let page = TaskPage::new(results, wanted.limit, total, |task| task.uid);
    ok(&TaskPage {
        results: page.results.iter().map(|task| task.view()).collect(),
        total: page.total,
        limit: page.limit,
        from: page.from,
        next: page.next,
    })
}

pub(super) async fn get(Path(uid): Path<String>, call: Call) -> Reply {
    let number: u32 = uid.parse().map_err(|_| ApiError::invalid_task_uid(&uid))?;
    let state = call.app.queue.state();
    let task = state.tasks.get(&number);
    let task = task.ok_or_else(|| ApiError::task_not_found(number))?;
    ok(&task.view())
}

pub(super) async fn cancel(call: Call) -> Reply {
    let filter = selection(&call, TaskSelection::Cancel)?;
    let content = Content::TaskCancelation {
        query: format!("?{}", call.query),
        tasks: select(&call.app.queue.state(), &filter),
    };
    call.enqueue_with(StatusCode::OK, content, None).await
}

pub(super) async fn delete(call: Call) -> Reply {
    let filter = selection(&call, TaskSelection::Delete)?;
    let content = Content::TaskDeletion {
        query: format!("?{}", call.query),
        tasks: select(&call.app.queue.state(), &filter),
    };
    call.enqueue_with(StatusCode::OK, content, None).await
}

fn selection(call: &Call, selection: TaskSelection) -> Result<TaskFilter, ApiError> {
    call.parameters::<TaskSelectionParameters>()?
        .select(selection)
}

fn select(state: &State, filter: &TaskFilter) -> Vec<u32> {
    let tasks = state.tasks.values();
    let selected = tasks.filter(|task| filter.matches(&task.facts()));
    selected.map(|task| task.uid).collect()
}

pub(super) async fn list_batches(call: Call) -> Reply {
    let wanted: TaskList = call.parameters::<TaskListParameters>()?.into();
    let state = call.app.queue.state();
    let batches = batches(&state);
    let matching = || {
        batches.iter().filter(|(_, tasks)| {
            let mut tasks = tasks.iter();
            tasks.any(|task| wanted.filter.matches(&task.facts()))
        })
    };
    let total = matching().count() as u64;
    let shown = matching().filter(|(uid, _)| wanted.reaches(**uid));
    let room = wanted.limit as usize + 1;
    let results: Vec<_> = if wanted.reverse {
        shown.take(room).collect()
    } else {
        shown.rev().take(room).collect()
    };
    let page = TaskPage::new(results, wanted.limit, total, |(uid, _)| **uid);
    ok(&TaskPage {
        results: page
            .results
            .iter()
            .map(|(uid, tasks)| batch_view(**uid, tasks))
            .collect(),
        total: page.total,
        limit: page.limit,
        from: page.from,
        next: page.next,
    })
}

pub(super) async fn get_batch(Path(uid): Path<String>, call: Call) -> Reply {
    let number: u32 = uid.parse().map_err(|_| ApiError::invalid_batch_uid(&uid))?;
    let state = call.app.queue.state();
    let batches = batches(&state);
    let tasks = batches.get(&number);
    let tasks = tasks.ok_or_else(|| ApiError::batch_not_found(number))?;
    ok(&batch_view(number, tasks))
}

/// Tasks by the batch they were done in.
fn batches(state: &State) -> BTreeMap<u32, Vec<&Task>> {
    let mut batches: BTreeMap<u32, Vec<&Task>> = BTreeMap::new();
    for task in state.tasks.values() {
        if let Some(batch) = task.batch {
            batches.entry(batch).or_default().push(task);
        }
    }
    batches
}

/// What is known of a batch afterwards: counts and times. Progress and the reason it ended are not recorded.
fn batch_view(uid: u32, tasks: &[&Task]) -> Value {
    let mut statuses: BTreeMap<&str, u32> = BTreeMap::new();
    let mut kinds: BTreeMap<TaskKind, u32> = BTreeMap::new();
    let mut indexes: BTreeMap<&str, u32> = BTreeMap::new();
    for task in tasks {
        *statuses.entry(task.status.name()).or_default() += 1;
        *kinds.entry(task.content.kind()).or_default() += 1;
        if let Some(index) = task.content.index() {
            *indexes.entry(index).or_default() += 1;
        }
    }
    let kinds: BTreeMap<&str, u32> = kinds
        .iter()
        .map(|(kind, count)| (kind.name(), *count))
        .collect();
    let started = tasks.iter().filter_map(|task| task.started_at).min();
    let finished = tasks.iter().map(|task| task.finished_at).min().flatten();
    let duration = started.zip(finished);
    let details = match tasks {
        [task] => task.details.clone(),
        tasks => summed(tasks),
    };
    json!({
        "uid": uid,
        "progress": null,
        "details": details,
        "stats": {
            "totalNbTasks": tasks.len(),
            "status": statuses,
            "types": kinds,
            "indexUids": indexes,
        },
        "duration": duration.and_then(|(start, end)| iso_duration(start, end)),
        "startedAt": started,
        "finishedAt": finished,
        "batchStrategy": "unspecified",
    })
}

/// The counts of several tasks' details, added up.
fn summed(tasks: &[&Task]) -> Value {
    let mut sum = serde_json::Map::new();
    for (name, value) in tasks
        .iter()
        .filter_map(|task| task.details.as_object())
        .flatten()
    {
        let Some(number) = value.as_u64() else {
            continue;
        };
        let before = sum.get(name).and_then(Value::as_u64).unwrap_or(0);
        sum.insert(name.clone(), (before + number).into());
    }
    Value::Object(sum)
}
