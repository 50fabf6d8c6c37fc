//! `DELETE /tasks`: finished tasks are forgotten.
//!
//! A server comes to it when what it works on has ended. So here tasks that are selected and in hand are waited for, and
//! forgotten too; those that wait behind them stay.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use miroir_core::access::Access;
use miroir_core::id::TaskUid;
use miroir_core::wire::task::{TaskKind, TaskStatus};
use miroir_store::table::{TaskListFilter, TaskRow};
use miroir_store::{Json, StoreError, Transaction};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::clock;
use crate::http::reply::chain;
use crate::request::dispatch::new_row;
use crate::tasks::select::matched;
use crate::tasks::{Work, finish_at_once, finish_now};

/// After the store took no write.
const PAUSE: Duration = Duration::from_secs(1);

/// Forgets what the filter selects. The task is durable when this returns; the rest may go on in the background. `query` is the
/// text that the client filtered with.
pub(crate) async fn remove(
    app: &Arc<App>,
    filter: TaskListFilter,
    access: Access,
    query: &str,
) -> Result<TaskRow, StoreError> {
    let original_filter = format!("?{query}");
    let story = Arc::clone(app);
    let (row, awaited) = app
        .store
        .write(move |tx| {
            let matched = matched(tx, &filter, &access)?;
            let awaited = story.open_tasks.in_hand(&matched);
            let mut details = Map::from_iter([
                ("matchedTasks".to_owned(), json!(matched.len())),
                ("deletedTasks".to_owned(), Value::Null),
                ("originalFilter".to_owned(), json!(original_filter)),
            ]);
            let mut row = new_row(None, TaskKind::TaskDeletion, &details, None);
            row.uid = tx.sequences().next_task_uid()?;
            if awaited.is_empty() {
                let deleted = delete_finished(tx, &matched)?;
                details.insert("deletedTasks".to_owned(), json!(deleted));
                let batch = tx.sequences().next(miroir_store::table::BATCH_UID)?;
                finish_at_once(&mut row, batch, None, Json::of(&details));
            } else {
                let awaited = awaited.clone();
                row.work = Some(Json::of(&Work::RemoveTasks { matched, awaited }));
            }
            tx.tasks().insert(&row)?;
            Ok((row, awaited))
        })
        .await?;
    match row.work.as_ref().and_then(|work| work.parse().ok()) {
        Some(Work::RemoveTasks { matched, .. }) => {
            app.spawn_worker(carry_out(Arc::clone(app), row.uid, matched, awaited));
        }
        _ => app.task_ended(row.status),
    }
    Ok(row)
}

/// Waits for the end of what is in hand, and forgets. Harmless to repeat after a restart.
pub(super) async fn carry_out(
    app: Arc<App>,
    uid: TaskUid,
    matched: Vec<TaskUid>,
    awaited: Vec<TaskUid>,
) {
    app.open_tasks.until_none(&awaited, |_| true).await;
    let started_at = clock::now_ns();
    loop {
        let matched = matched.clone();
        let written = app
            .store
            .write(move |tx| {
                let Some(mut row) = tx.tasks().get(uid)? else {
                    return Ok(());
                };
                let deleted = delete_finished(tx, &matched)?;
                let mut details: Map<String, Value> = row.details.parse()?;
                details.insert("deletedTasks".to_owned(), json!(deleted));
                let batch = tx.sequences().next(miroir_store::table::BATCH_UID)?;
                finish_now(&mut row, batch, None, Json::of(&details), started_at);
                tx.tasks().update(&row)
            })
            .await;
        match written {
            Ok(()) => break,
            Err(error) => {
                tracing::warn!(task_uid = uid.0, error = %chain(&error), "tasks cannot be forgotten yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    app.task_ended(TaskStatus::Succeeded);
}

fn delete_finished(tx: &mut dyn Transaction, matched: &[TaskUid]) -> Result<usize, StoreError> {
    let unfinished: BTreeSet<TaskUid> =
        tx.tasks().unfinished()?.iter().map(|row| row.uid).collect();
    let mut finished = matched.to_vec();
    finished.retain(|uid| !unfinished.contains(uid));
    tx.tasks().delete(&finished)
}
