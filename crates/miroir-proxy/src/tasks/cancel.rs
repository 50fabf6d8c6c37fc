//! `POST /tasks/cancel`: nodes are told to drop what they have of a task, as long as no copy has applied it; exports end where they are.
//!
//! Nodes cancel one by one, so one of them may apply a change that the others drop. The task then follows the copies that applied it,
//! as after any other disagreement: the others are stale, and healed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use miroir_core::access::Access;
use miroir_core::id::{NodeId, TaskUid};
use miroir_core::wire::task::{TaskKind, TaskStatus};
use miroir_node::Call;
use miroir_store::table::{TaskListFilter, TaskRow};
use miroir_store::{Json, StoreError};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::clock;
use crate::http::reply::chain;
use crate::request::dispatch::new_row;
use crate::tasks::select::matched;
use crate::tasks::{OpenTask, Work, finish_at_once};

/// Uids of one request to a node: the address stays far below every limit.
const TASKS_PER_CALL: usize = 200;
/// After the store took no write.
const PAUSE: Duration = Duration::from_secs(1);

/// Cancels what the filter selects. The task is durable when this returns; the rest goes on in the background. `query` is the text
/// that the client filtered with.
pub(crate) async fn cancel(
    app: &Arc<App>,
    filter: TaskListFilter,
    access: Access,
    query: &str,
) -> Result<TaskRow, StoreError> {
    let original_filter = format!("?{query}");
    let row = app
        .store
        .write(move |tx| {
            let matched = matched(tx, &filter, &access)?;
            let unfinished = tx.tasks().unfinished()?;
            let unfinished = unfinished.iter().map(|row| row.uid);
            let tasks = unfinished
                .filter(|uid| matched.binary_search(uid).is_ok())
                .collect();
            let details = Map::from_iter([
                ("matchedTasks".to_owned(), json!(matched.len())),
                ("canceledTasks".to_owned(), Value::Null),
                ("originalFilter".to_owned(), json!(original_filter)),
            ]);
            let mut row = new_row(None, TaskKind::TaskCancelation, &details, None);
            row.uid = tx.sequences().next_task_uid()?;
            row.work = Some(Json::of(&Work::CancelTasks { tasks }));
            tx.tasks().insert(&row)?;
            Ok(row)
        })
        .await?;
    if let Some(Work::CancelTasks { tasks }) = row.work.as_ref().and_then(|work| work.parse().ok())
    {
        app.spawn_worker(carry_out(Arc::clone(app), row.uid, tasks));
    }
    Ok(row)
}

/// Tells the nodes, waits for the end of what was canceled, and ends the cancelation. Harmless to repeat after a restart.
pub(super) async fn carry_out(app: Arc<App>, uid: TaskUid, tasks: Vec<TaskUid>) {
    let started_at = clock::now_ns();
    // A request that is on its way might be missed by its node's cancelation.
    let limit = app.config.server.request_timeout_ms.duration();
    let in_flight = |task: &OpenTask| task.is_cancelable() && !task.is_sent();
    let _ = timeout(limit, app.open_tasks.until_none(&tasks, in_flight)).await;

    let mut by_node: BTreeMap<NodeId, Vec<u32>> = BTreeMap::new();
    let mut canceled = Vec::new();
    let mut exports = Vec::new();
    for task in tasks {
        exports.extend(app.exports.cancel(task, uid));
        let legs = app.open_tasks.update(task, |task| task.cancel(uid));
        let Some(legs) = legs.flatten() else { continue };
        canceled.push(task);
        for (node, node_task) in legs {
            by_node.entry(node).or_default().push(node_task);
        }
    }
    join_all(by_node.iter().map(|(node, tasks)| tell(&app, node, tasks))).await;
    app.open_tasks.until_none(&canceled, |_| true).await;
    for ended in exports {
        ended.cancelled().await;
    }
    while let Err(error) = end(&app, uid, started_at).await {
        tracing::warn!(task_uid = uid.0, error = %chain(&error), "a cancelation cannot be completed yet");
        tokio::time::sleep(PAUSE).await;
    }
    app.task_ended(TaskStatus::Succeeded);
}

/// What a node does not hear of goes on there.
async fn tell(app: &App, node: &NodeId, tasks: &[u32]) {
    for tasks in tasks.chunks(TASKS_PER_CALL) {
        let list: Vec<String> = tasks.iter().map(u32::to_string).collect();
        let path = format!("/tasks/cancel?uids={}", list.join(","));
        let deadline = Instant::now() + app.config.scatter.node_timeout_ms.duration();
        match app
            .cluster
            .call(node, Call::write(Method::POST, path, deadline))
            .await
        {
            Ok(answer) if answer.is_success() => {}
            Ok(answer) => {
                tracing::warn!(node_id = %node, status = answer.status.as_u16(), "node does not cancel tasks")
            }
            Err(error) => {
                tracing::warn!(node_id = %node, error = %chain(&error), "node cannot be told to cancel tasks")
            }
        }
    }
}

/// A cancelation and what it ended are one batch, with one beginning and one end.
async fn end(app: &App, uid: TaskUid, started_at: i64) -> Result<(), StoreError> {
    let finished_at = clock::now_ns();
    app.store
        .write(move |tx| {
            let Some(mut row) = tx.tasks().get(uid)? else {
                return Ok(());
            };
            let batch = tx.sequences().next(miroir_store::table::BATCH_UID)?;
            let started_at = started_at.max(row.enqueued_at);
            let finished_at = finished_at.max(started_at);
            let mine = TaskListFilter {
                canceled_by: Some([uid].into()),
                include_hidden: true,
                ..TaskListFilter::default()
            };
            let canceled = tx.tasks().matching(&mine)?;
            for uid in &canceled {
                let Some(mut row) = tx.tasks().get(*uid)? else {
                    continue;
                };
                row.batch_uid = u32::try_from(batch).ok();
                row.started_at = Some(started_at);
                row.finished_at = Some(finished_at);
                tx.tasks().update(&row)?;
            }
            let mut details: Map<String, Value> = row.details.parse()?;
            details.insert("canceledTasks".to_owned(), json!(canceled.len()));
            finish_at_once(&mut row, batch, None, Json::of(&details));
            row.started_at = Some(started_at);
            row.finished_at = Some(finished_at);
            tx.tasks().update(&row)
        })
        .await
}
