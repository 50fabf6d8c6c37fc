//! `POST /indexes/{uid}/compact`: one node after the other, so that only one copy of a shard is slow at a time.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{IndexUid, NodeId, NodeUid, TaskUid};
use miroir_core::size::{binary_size, read_binary_size};
use miroir_core::wire::task::{TaskKind, TaskStatus};
use miroir_node::{Answer, Call, EnqueuedTask, NodeTask};
use miroir_store::{Json, StoreError};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::app::App;
use crate::clock;
use crate::http::reply::{Failure, chain};
use crate::request::dispatch::{Accepted, conclude, new_row, record};
use crate::request::translate::Names;
use crate::tasks::{Work, finish_now};

/// Between two looks at a node's task.
const PAUSE: Duration = Duration::from_millis(50);
/// After the store took no write.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// The sizes of an index before and after, as a node tells them to people.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sizes {
    pre_compaction_size: String,
    post_compaction_size: String,
}

/// Compacts the index on every node that can be reached. It waits for no turn: nothing that clients see changes.
pub(crate) async fn compact(app: &Arc<App>, uid: IndexUid) -> Result<Accepted, Failure> {
    let kind = TaskKind::IndexCompaction;
    let details = Map::new();
    let Some(index) = app.catalog.get(&uid) else {
        let error = Some(ApiError::index_not_found(&uid));
        return conclude(app, Some(uid), kind, details, None, error).await;
    };
    let node_uid = index.node_uid().clone();
    let work = Work::Compact {
        node_uid: node_uid.clone(),
    };
    let task = record(app, new_row(Some(uid), kind, &details, None), &work).await?;
    app.spawn_worker(carry_out(Arc::clone(app), task.uid, node_uid));
    Ok(Accepted {
        task,
        degraded: None,
    })
}

/// Harmless to repeat after a restart. A node that cannot be reached has no task of it, and is left out.
pub(crate) async fn carry_out(app: Arc<App>, uid: TaskUid, node_uid: NodeUid) {
    let started_at = clock::now_ns();
    let mut sizes = Vec::new();
    let mut error = None;
    for node in app.cluster.reachable() {
        match compact_on(&app, &node, &node_uid).await {
            Ok(found) => sizes.extend(found),
            Err(refused) => {
                error = Some(refused);
                break;
            }
        }
    }
    while let Err(error) = end(&app, uid, &node_uid, started_at, &sizes, error.clone()).await {
        tracing::warn!(task_uid = uid.0, error = %chain(&error), "a compaction cannot be completed yet");
        tokio::time::sleep(STORE_PAUSE).await;
    }
    app.task_ended(match error {
        Some(_) => TaskStatus::Failed,
        None => TaskStatus::Succeeded,
    });
}

/// The error, if there is one, in the node's words.
async fn compact_on(app: &App, node: &NodeId, index: &NodeUid) -> Result<Option<Sizes>, Json> {
    let path = format!("/indexes/{index}/compact");
    let deadline = Instant::now() + app.config.scatter.node_timeout_ms.duration();
    let call = Call::write(Method::POST, path, deadline);
    let Ok(answer) = app.cluster.call(node, call).await else {
        return Ok(None);
    };
    if !answer.is_success() {
        return Err(refusal(&answer));
    }
    let Ok(EnqueuedTask { task_uid }) = answer.json() else {
        return Ok(None);
    };
    while app.cluster.may_write(node) {
        let answer = app.cluster.read(node, &format!("/tasks/{task_uid}")).await;
        let task = answer
            .ok()
            .and_then(|answer| answer.json::<NodeTask>().ok());
        match task {
            Some(task) if task.succeeded() => {
                let details = task.details.as_ref().map(|details| details.get());
                return Ok(details.and_then(|details| serde_json::from_str(details).ok()));
            }
            Some(task) if task.is_finished() => {
                return match task.error {
                    Some(error) => Err(Json::from_text(error.get())),
                    None => Ok(None),
                };
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
    Ok(None)
}

fn refusal(answer: &Answer) -> Json {
    match (answer.error_code(), std::str::from_utf8(&answer.body)) {
        (Some(_), Ok(text)) => Json::from_text(text),
        _ => Json::of(&ApiError::new(
            Code::Internal,
            "A node does not offer to compact an index.",
        )),
    }
}

async fn end(
    app: &App,
    uid: TaskUid,
    node_uid: &NodeUid,
    started_at: i64,
    sizes: &[Sizes],
    error: Option<Json>,
) -> Result<(), StoreError> {
    let details = details(sizes, error.is_some());
    let node_uid = node_uid.clone();
    app.store
        .write(move |tx| {
            let Some(mut row) = tx.tasks().get(uid)? else {
                return Ok(());
            };
            let error = error.as_ref().zip(row.index_uid.as_ref());
            let error = error.map(|(error, index)| {
                Json::from_text(Names::new(&node_uid, index).clean(error.as_str()))
            });
            let batch = tx.sequences().next(miroir_store::table::BATCH_UID)?;
            finish_now(&mut row, batch, error, Json::of(&details), started_at);
            tx.tasks().update(&row)
        })
        .await
}

/// What all nodes together had and have.
fn details(sizes: &[Sizes], has_failed: bool) -> Map<String, Value> {
    let sum = |of: fn(&Sizes) -> &str| match sizes {
        [one] => of(one).to_owned(),
        _ => sum_of(sizes.iter().map(of)),
    };
    if has_failed {
        return Map::new();
    }
    Map::from_iter([
        (
            "preCompactionSize".to_owned(),
            json!(sum(|sizes| &sizes.pre_compaction_size)),
        ),
        (
            "postCompactionSize".to_owned(),
            json!(sum(|sizes| &sizes.post_compaction_size)),
        ),
    ])
}

/// What cannot be read counts nothing.
fn sum_of<'a>(sizes: impl Iterator<Item = &'a str>) -> String {
    binary_size(sizes.filter_map(read_binary_size).sum())
}

#[cfg(test)]
mod tests {
    use super::sum_of;

    #[test]
    fn sizes_for_people_can_be_added() {
        let sum = |sizes: &[&str]| sum_of(sizes.iter().copied());
        assert_eq!(sum(&["72 KiB", "44 KiB"]), "116 KiB");
        assert_eq!(sum(&["1023 KiB", "513 KiB"]), "1.5 MiB");
        assert_eq!(sum(&["4 KiB", "what"]), "4 KiB");
        assert_eq!(sum(&[]), "0 B");
    }
}
