//! After a restart: what had begun is found out on the nodes, and what never arrived is sent.
//!
//! A request of documents that may have arrived is looked up by its tag. One that never did is sent from the journal; if that has
//! nothing of it, it is missed, which fences its copies if another copy has the write, and fails the task if none has. Requests that are harmless to
//! repeat (indexes, settings, and what prepares a node for documents) are made again from the catalog and the task's own record,
//! before anything new gets into the lanes: a document that arrived first would make nodes create the index without its overlay.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use miroir_core::id::{IndexUid, NodeId, TaskUid};
use miroir_store::StoreError;
use miroir_store::table::{NodeTaskRow, NodeTaskState, TaskRow};

use crate::app::App;
use crate::cluster::journal::Unsent;
use crate::cluster::lanes::{Leg, LegEnd, LegRequest, Lookup, find_out, request_tag};
use crate::cluster::sequencer::Turn;
use crate::fault::{self, Fault};
use crate::http::reply::chain;
use crate::request::{backups, compaction, export, names, replay};
use crate::tasks::cancel::carry_out;
use crate::tasks::{OpenLeg, OpenTask, Work, broadcast, removal};

const PAUSE: Duration = Duration::from_millis(20);

/// Opens the unfinished tasks of the store again.
pub(crate) async fn recover(app: &Arc<App>) -> Result<(), StoreError> {
    let tasks = app.store.read(|tx| tx.tasks().unfinished()).await?;
    app.journal
        .keep_only(&tasks.iter().map(|row| row.uid).collect());
    if tasks.is_empty() {
        return Ok(());
    }
    tracing::info!(
        tasks = tasks.len(),
        "tasks that were not finished are followed again"
    );
    // Until everything that had begun is on its way again, nothing new gets between.
    let mut turns: BTreeMap<IndexUid, Turn> = BTreeMap::new();
    let mut reopened = Vec::new();
    for row in tasks {
        let uid = row.uid;
        if let Some(work) = own_work(&row)? {
            go_on(app, uid, work, &mut turns).await;
            continue;
        }
        let rows = app
            .store
            .read(move |tx| tx.node_tasks().for_task(uid))
            .await?;
        let Some(task) = reopen(&row, &rows)? else {
            tracing::error!(
                task_uid = uid.0,
                "task has no record of its work and stays as it is"
            );
            continue;
        };
        app.open_tasks.open(task.clone());
        if !turns.contains_key(&task.index) {
            let turn = app.sequencers.turn(&task.index, &app.catalog).await;
            turns.insert(task.index.clone(), turn);
        }
        // What comes after an unfinished task finds what it makes of the index.
        if let Some(Some(head)) = turns.get_mut(&task.index).map(|turn| turn.as_mut())
            && head.node_uid == task.node_uid
        {
            task.work.advance(head);
        }
        reopened.push(task);
    }
    let app = Arc::clone(app);
    app.clone().spawn_worker(async move {
        app.cluster.health_board().met_all().await;
        for task in &reopened {
            fault::point(Fault::TaskResumed);
            resume(&app, task).await;
        }
        drop(turns);
    });
    Ok(())
}

/// The work of a task that has no legs, if this is one.
fn own_work(row: &TaskRow) -> Result<Option<Work>, StoreError> {
    let work: Option<Work> = row.work.as_ref().map(|work| work.parse()).transpose()?;
    let is_own = |work: &Work| {
        matches!(
            work,
            Work::CancelTasks { .. }
                | Work::RemoveTasks { .. }
                | Work::ExchangeNames { .. }
                | Work::Compact { .. }
                | Work::BackUp { .. }
                | Work::Export { .. }
        )
    };
    Ok(work.filter(is_own))
}

/// Begins the work of a task without legs anew. Names are held from here on, as they were.
async fn go_on(app: &Arc<App>, uid: TaskUid, work: Work, held: &mut BTreeMap<IndexUid, Turn>) {
    match work {
        Work::CancelTasks { tasks } => {
            app.spawn_worker(carry_out(Arc::clone(app), uid, tasks));
        }
        Work::RemoveTasks { matched, awaited } => {
            app.spawn_worker(removal::carry_out(Arc::clone(app), uid, matched, awaited));
        }
        Work::Compact { node_uid } => {
            app.spawn_worker(compaction::carry_out(Arc::clone(app), uid, node_uid));
        }
        Work::BackUp { backup } => {
            app.spawn_worker(backups::carry_out(Arc::clone(app), uid, backup));
        }
        Work::Export { export } => export::begin(app, uid, export),
        Work::ExchangeNames {
            exchanges,
            refused,
            part,
        } => {
            let mut turns = names::Turns::new();
            for name in exchanges.iter().flat_map(|exchange| {
                let (left, right) = &exchange.indexes;
                [left, right]
            }) {
                let turn = match held.remove(name) {
                    Some(turn) => turn,
                    None => app.sequencers.turn(name, &app.catalog).await,
                };
                turns.insert(name.clone(), turn);
            }
            let app = Arc::clone(app);
            app.clone().spawn_worker(names::carry_out(
                app,
                uid,
                exchanges,
                (refused, part),
                turns,
            ));
        }
        _ => {}
    }
}

fn reopen(row: &TaskRow, legs: &[NodeTaskRow]) -> Result<Option<OpenTask>, StoreError> {
    let (Some(work), Some(index), Some(first)) = (&row.work, &row.index_uid, legs.first()) else {
        return Ok(None);
    };
    let legs = legs.iter().map(|leg| OpenLeg {
        key: leg.key.clone(),
        shards: leg.shards.clone(),
        state: leg.state,
        node_task: leg.node_task_uid,
        error: leg.error.clone(),
        details: None,
        started_at: None,
        finished_at: None,
    });
    let work = work.parse()?;
    let broadcast = broadcast(&work);
    Ok(Some(OpenTask {
        uid: row.uid,
        index: index.clone(),
        node_uid: first.node_uid.clone(),
        work,
        details: row.details.parse()?,
        legs: legs.collect(),
        acknowledged: false,
        covered_since: None,
        broadcast,
        paced: None,
        canceled_by: None,
    }))
}

/// Brings every leg to where the poller can follow it.
async fn resume(app: &Arc<App>, task: &OpenTask) {
    let uid = task.uid;
    let mut by_node: BTreeMap<NodeId, Vec<OpenLeg>> = BTreeMap::new();
    for leg in &task.legs {
        by_node
            .entry(leg.key.node_id.clone())
            .or_default()
            .push(leg.clone());
    }
    let writes_documents = task.work.writes_documents();
    let mut unsent = Unsent::new();
    if writes_documents {
        unsent = tokio::task::block_in_place(|| app.journal.unsent(uid));
    }
    let is_known = |leg: &OpenLeg| unsent.contains_key(&leg.key.node_id) || !leg.shards.is_empty();
    let repeated = if writes_documents && task.legs.iter().all(is_known) {
        Vec::new()
    } else {
        repeated(app, task).await
    };
    for (node, legs) in by_node {
        let is_open = |leg: &&OpenLeg| leg.node_task.is_none() && !leg.state.is_finished();
        if let Some(requests) = unsent.remove(&node) {
            let leg = Leg {
                resumed: true,
                ..Leg::of_task(uid, requests, app.tag(uid).into())
            };
            // The lane notes how it ends.
            drop(app.lanes.push(&node, &task.node_uid, leg));
            continue;
        }
        let (prepares, writes): (Vec<_>, Vec<_>) = legs
            .iter()
            .filter(is_open)
            .partition(|leg| leg.shards.is_empty());
        if writes_documents {
            if !prepares.is_empty() {
                prepare_again(app, task, &node, &repeated);
            }
            writes.into_iter().for_each(|leg| look_up(app, task, leg));
        } else if repeated.is_empty() {
            app.open_tasks
                .update(uid, |task| task.sent(&node, &LegEnd::Missed(None)));
        } else if !prepares.is_empty() || !writes.is_empty() {
            // An index that exists was not to be created: its legs are the last of the requests.
            let skipped = repeated.len().saturating_sub(legs.len());
            let leg = Leg::of_task(uid, repeated[skipped..].to_vec(), app.tag(uid).into());
            // The lane notes how it ends.
            drop(app.lanes.push(&node, &task.node_uid, leg));
        }
    }
    app.open_tasks.update(uid, |task| task.acknowledged = true);
}

/// What every node is told again.
async fn repeated(app: &Arc<App>, task: &OpenTask) -> Vec<LegRequest> {
    let defaults = loop {
        match app.node_defaults().await {
            Ok(defaults) => break defaults,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    };
    replay::requests(app, task, &defaults).unwrap_or_else(|error| {
        let task_uid = task.uid.0;
        tracing::error!(task_uid, error = %chain(&*error), "task cannot be repeated");
        Vec::new()
    })
}

/// Makes the requests again that prepare a node for documents.
fn prepare_again(app: &Arc<App>, task: &OpenTask, node: &NodeId, requests: &[LegRequest]) {
    let leg = Leg::of_process(requests.to_vec(), app.tag(task.uid).into());
    let end = app.lanes.push(node, &task.node_uid, leg);
    let (app, uid, node) = (Arc::clone(app), task.uid, node.clone());
    app.clone().spawn_worker(async move {
        let end = end.await.unwrap_or(LegEnd::Missed(None));
        app.open_tasks
            .update(uid, |task| task.prepared(&node, &end));
    });
}

/// Finds out whether a node got one request's documents. A node that does not answer is asked again until it does or the process
/// stops.
fn look_up(app: &Arc<App>, task: &OpenTask, leg: &OpenLeg) {
    let position = usize::try_from(leg.key.leg).expect("a leg has a handful of requests");
    let tag = request_tag(&app.tag(task.uid), position);
    let (app, key, uid) = (Arc::clone(app), leg.key.clone(), task.uid);
    let node_uid = task.node_uid.clone();
    app.clone().spawn_worker(async move {
        let never = |_: &Lookup| false;
        let arrived = match find_out(&app.cluster, &key.node_id, &node_uid, &tag, never).await {
            Lookup::Found(task) => Some(task.uid),
            Lookup::Absent | Lookup::Gone | Lookup::Unknown => None,
        };
        app.open_tasks.update(uid, |task| {
            for leg in task.legs.iter_mut().filter(|leg| leg.key == key) {
                leg.node_task = arrived;
                leg.state = match arrived {
                    Some(_) => NodeTaskState::Acked,
                    None => NodeTaskState::Skipped,
                };
            }
        });
    });
}
