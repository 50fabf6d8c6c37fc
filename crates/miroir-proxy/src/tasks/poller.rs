//! Follows the nodes' tasks: one loop per node, so that a node that does not answer delays nobody else's tasks, and one loop that
//! ends the tasks whose legs have ended.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use miroir_core::id::{NodeId, ShardSet};
use miroir_core::topology::StaleMap;
use miroir_core::wire::time::Timestamp;
use miroir_node::{Call, NodeTask};
use miroir_store::Json;
use miroir_store::table::NodeTaskState;
use serde::Deserialize;
use tokio::time::{Instant, timeout, timeout_at};

use crate::app::App;
use crate::capabilities::settings_broadcast;
use crate::fault::{self, Fault};
use crate::tasks::finish::finish;
use crate::tasks::{Broadcast, OpenLeg, OpenTask, Work};

/// A client that waits for its task asks every 50 ms; the first look comes sooner.
const FIRST_DELAY: Duration = Duration::from_millis(10);
const LONGEST_DELAY: Duration = Duration::from_secs(1);
/// Between two looks passes this part of the time that nothing has changed: an end is noticed that much too late at most, however
/// long the node works.
const DELAY_PART: u32 = 32;
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Uids of one request: the address stays far below every limit.
const TASKS_PER_CALL: usize = 200;

/// Runs until the process stops.
pub(crate) async fn run(app: Arc<App>) {
    let nodes: Vec<NodeId> = app.cluster.node_ids().cloned().collect();
    for node in nodes {
        app.spawn_worker(follow(Arc::clone(&app), node));
    }
    let mut changes = app.open_tasks.changes();
    loop {
        fence_stragglers(&app);
        for task in app.open_tasks.finished() {
            if task.broadcast == Some(Broadcast::Proposed) {
                // It takes its time, and nobody else is to wait for it.
                app.open_tasks
                    .update(task.uid, |task| task.broadcast = Some(Broadcast::Verifying));
                app.spawn_worker(settings_broadcast::conclude(Arc::clone(&app), task));
            } else {
                finish(&app, task).await;
            }
        }
        // Without a change there is still the grace of stragglers, and ends that could not be completed, to look after.
        let _ = timeout(LONGEST_DELAY, changes.changed()).await;
    }
}

/// Asks one node for the tasks that are awaited there.
async fn follow(app: Arc<App>, node: NodeId) {
    let mut changes = app.open_tasks.changes();
    let mut asked = BTreeSet::new();
    let mut since = Instant::now();
    loop {
        changes.mark_unchanged();
        let awaited = app.open_tasks.awaited_on(&node);
        if awaited.is_empty() {
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        }
        if awaited != asked {
            since = Instant::now();
        }
        let delay = (since.elapsed() / DELAY_PART).clamp(FIRST_DELAY, LONGEST_DELAY);
        let next_look = Instant::now() + delay;
        // A task that is new to this node is worth a look of its own, whatever the delay has grown to.
        while let Ok(Ok(())) = timeout_at(next_look, changes.changed()).await {
            if delay > FIRST_DELAY && !app.open_tasks.awaited_on(&node).is_subset(&awaited) {
                tokio::time::sleep(FIRST_DELAY).await;
                break;
            }
        }
        let uids: Vec<u32> = awaited.iter().copied().collect();
        for uids in uids.chunks(TASKS_PER_CALL) {
            look(&app, &node, uids).await;
        }
        asked = awaited;
    }
}

async fn look(app: &App, node: &NodeId, uids: &[u32]) {
    #[derive(Deserialize)]
    struct Page {
        results: Vec<NodeTask>,
    }
    let list: Vec<String> = uids.iter().map(u32::to_string).collect();
    let path = format!("/tasks?limit={}&uids={}", uids.len(), list.join(","));
    let Ok(answer) = app
        .cluster
        .call(node, Call::get(path, Instant::now() + CALL_TIMEOUT))
        .await
    else {
        return;
    };
    let Ok(page) = answer.json::<Page>() else {
        tracing::warn!(node_id = %node, status = answer.status.as_u16(), "node does not show its tasks");
        return;
    };
    let mut found: HashMap<u32, NodeTask> = page
        .results
        .into_iter()
        .map(|task| (task.uid, task))
        .collect();
    app.open_tasks.each(|task| {
        for leg in &mut task.legs {
            if leg.key.node_id == *node
                && leg.state == NodeTaskState::Acked
                && let Some(node_task) = leg.node_task.and_then(|uid| found.remove(&uid))
            {
                observe(leg, &node_task, &task.work);
            }
        }
    });
    app.open_tasks.ring();
}

/// Takes over what the node says of a leg.
fn observe(leg: &mut OpenLeg, task: &NodeTask, work: &Work) {
    let time = |text: &Option<String>| {
        let time: Timestamp = text.as_deref()?.parse().ok()?;
        i64::try_from(time.as_nanoseconds()).ok()
    };
    leg.started_at = time(&task.started_at);
    leg.finished_at = time(&task.finished_at);
    if !task.is_finished() {
        return;
    }
    fault::point(Fault::NodeTaskEnded);
    leg.details = task
        .details
        .as_ref()
        .and_then(|details| serde_json::from_str(details.get()).ok());
    if task.succeeded() || is_already_so(task, work) {
        leg.state = NodeTaskState::Succeeded;
    } else if task.is_canceled() {
        leg.state = NodeTaskState::Skipped;
    } else {
        leg.state = NodeTaskState::Failed;
        leg.error = task
            .error
            .as_ref()
            .map(|error| Json::from_text(error.get()));
    }
}

/// Node uids are never reused: an index that is there already is the one that was to be created, and one that is gone the one that was
/// to be deleted, sent twice.
fn is_already_so(task: &NodeTask, work: &Work) -> bool {
    #[derive(Deserialize)]
    struct Error {
        code: String,
    }
    let code = match work {
        Work::DeleteIndex { .. } => "index_not_found",
        _ => "index_already_exists",
    };
    let error = task.error.as_ref();
    let error = error.and_then(|error| serde_json::from_str::<Error>(error.get()).ok());
    error.is_some_and(|error| error.code == code)
}

/// A copy that lags behind the others of its shards for too long is given up: its shards become stale, the task can end. One whose
/// node is silent, so that nobody knows whether it has the write, is given up at once. A copy that no fresh one can stand in for is
/// waited for as long as it takes.
fn fence_stragglers(app: &App) {
    let grace = app.config.scatter.straggler_grace_s.duration();
    let all_stale = app.staleness.all();
    app.open_tasks.each(|task| {
        let stale = all_stale.get(&task.node_uid).map(|stale| &**stale);
        if !task.acknowledged || !is_covered(task, stale) {
            return;
        }
        let since = *task.covered_since.get_or_insert_with(Instant::now);
        let is_late = since.elapsed() >= grace;
        for leg in task.legs.iter_mut() {
            if leg.state == NodeTaskState::Unknown || (is_late && !leg.state.is_finished()) {
                tracing::warn!(node_id = %leg.key.node_id, task_uid = task.uid.0, "copy lags behind and is given up");
                leg.state = NodeTaskState::Skipped;
            }
        }
    });
}

/// Every shard of the task has been applied by some fresh copy.
fn is_covered(task: &OpenTask, stale: Option<&StaleMap>) -> bool {
    let mut open = false;
    let mut wanted = ShardSet::new();
    let mut applied = ShardSet::new();
    for leg in &task.legs {
        open |= !leg.state.is_finished();
        wanted.extend(leg.shards.iter());
        if leg.state == NodeTaskState::Succeeded {
            let stale = stale.and_then(|stale| stale.of(&leg.key.node_id));
            applied.extend(&match stale {
                Some(stale) => leg.shards.difference(stale),
                None => leg.shards.clone(),
            });
        }
    }
    open && wanted.is_subset(&applied)
}
