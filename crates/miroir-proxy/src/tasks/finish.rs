//! The end of a task: what its legs mean together, made durable and visible in one step.

use std::collections::BTreeMap;
use std::sync::Arc;

use miroir_core::error::{ApiError, Code};
use miroir_core::id::{NodeId, NodeUid, ShardSet, TaskUid};
use miroir_core::settings::UserSettings;
use miroir_core::topology::StaleMap;
use miroir_core::wire::task::TaskStatus;
use miroir_store::table::{
    CatalogRow, NodeTaskState, SettingsCopyRow, SettingsState, StaleReason, StaleRow, TaskRow,
};
use miroir_store::{Json, StoreError, Transaction};
use serde_json::json;

use crate::app::App;
use crate::catalog::{self, Index};
use crate::clock;
use crate::cluster::lanes::Leg;
use crate::fault::{self, Fault};
use crate::http::reply::chain;
use crate::request::editions::without_guard;
use crate::request::indexes::{deletion_requests, settings_fingerprint};
use crate::request::translate::Names;
use crate::tasks::learned::learn_fields;
use crate::tasks::outcome::{Composite, LegReport, LegResult, Standing, compose};
use crate::tasks::settled::settle;
use crate::tasks::{Broadcast, OpenLeg, OpenTask, Work};

/// Ends a task all of whose legs have ended. When something it needs (a node, the store) does not answer, the task stays open and
/// the next round tries again.
pub(super) async fn finish(app: &Arc<App>, task: OpenTask) {
    let uid = task.uid;
    if let Err(error) = try_finish(app, task).await {
        tracing::warn!(task_uid = uid.0, error = %chain(&*error), "task cannot be completed yet");
    }
}

type Trouble = Box<dyn std::error::Error + Send + Sync>;

async fn try_finish(app: &Arc<App>, task: OpenTask) -> Result<(), Trouble> {
    let reports = reports(&task);
    let doubtful = match reports
        .iter()
        .all(|report| report.result == LegResult::Applied)
    {
        true => StaleMap::new(),
        false => app.open_tasks.doubtful(&task.node_uid, task.uid),
    };
    let composite = compose(
        &reports,
        &Standing {
            stale: &app.staleness.of(&task.node_uid),
            doubtful: &doubtful,
        },
    );
    let mut index = app.catalog.of_node_uid(&task.node_uid);
    let verified = match &task.broadcast {
        Some(Broadcast::Verified(verified)) => verified.as_ref(),
        _ => None,
    };
    if composite.is_undecided && verified.is_none() {
        return Ok(());
    }
    let names = Names::new(&task.node_uid, &task.index);
    let ending = match (verified, ending(&task, &composite, &names)) {
        (Some(verified), _) if verified.commits => Ending::Succeeded,
        (Some(_), Ending::Succeeded) => Ending::Failed(unverified()),
        (_, ending) => ending,
    };
    let succeeded = ending == Ending::Succeeded;
    let judged_with = app.open_tasks.uids_on(&task.node_uid);
    let is_unborn = index.as_ref().is_some_and(|index| !index.is_ready());
    let creation_failed = is_unborn && undoes_creation(app, &task, !succeeded);
    if !creation_failed && let Some(found) = &index {
        index = complete_index(app, found, &task, succeeded)
            .await?
            .map(Arc::new);
    }

    let details = details(app, &task, succeeded);
    let ended = ending.status();
    let sets_key = succeeded && matches!(task.work, Work::SetPrimaryKey { .. });
    let (started_at, finished_at) = times(&task);
    let stale = match verified {
        // Nodes without the settings are kept out of reads as a whole, and are soon told them again.
        Some(_) => Vec::new(),
        None => match fence(app, &task, &reports, &doubtful, &composite) {
            Some(stale) => stale,
            None => return Ok(()),
        },
    };
    let copies = match (verified, &index) {
        (Some(verified), Some(index)) => {
            let row = &index.row;
            let (version, fingerprint) = (row.settings_version, &row.settings_fingerprint);
            verified.rows(app, &task.node_uid, version, fingerprint)
        }
        _ => Vec::new(),
    };
    let lag = copies
        .iter()
        .any(|copy| copy.state != SettingsState::InLine);
    // No read is planned on them from now on; the others follow when the commit is durable.
    let is_barred = |copy: &&SettingsCopyRow| copy.state != SettingsState::InLine;
    app.settings
        .record(copies.iter().filter(is_barred).cloned());
    let legs: Vec<_> = task
        .legs
        .iter()
        .map(|leg| leg.row(&task.node_uid, clock::now_ms()))
        .collect();
    let uid = task.uid;
    let recorded = copies.clone();
    let row = index.as_ref().map(|index| index.row.clone());
    let node_uid = task.node_uid.clone();
    fault::point(Fault::TaskJudged);
    let is_over = app
        .store
        .write(move |tx| {
            if creation_failed && is_built_on(tx, &judged_with, &node_uid)? {
                return Ok(false);
            }
            for row in &stale {
                tx.staleness().mark(row)?;
            }
            for leg in &legs {
                tx.node_tasks().upsert(leg)?;
            }
            for copy in &copies {
                tx.settings_copies().put(copy)?;
            }
            if creation_failed {
                catalog::forget(tx, &node_uid)?;
            } else if let Some(done) = &row
                && let Some(mut row) = tx.catalog().by_node_uid(&node_uid)?
            {
                take_over(&mut row, done, sets_key);
                tx.catalog().put(&row)?;
            }
            let Some(mut row) = tx.tasks().get(uid)? else {
                return Ok(true);
            };
            let started_at = started_at.max(row.enqueued_at);
            end(&mut row, ending, details, started_at, finished_at);
            tx.tasks().update(&row)?;
            Ok(true)
        })
        .await?;
    if !is_over {
        return Ok(());
    }
    fault::point(Fault::TaskEnded);

    app.settings.record(recorded);
    if creation_failed {
        app.catalog.remove(&task.index);
        app.dictionary.forget(&task.node_uid);
        app.settings.forget(&task.node_uid);
    } else if let Some(index) = index {
        app.catalog
            .amend(&task.node_uid, |row| take_over(row, &index.row, sets_key));
    }
    app.open_tasks.close(task.uid);
    app.task_ended(ended);
    // Whoever changes the name of an index holds its turn until the tasks have ended, so nothing here waits for turns.
    if creation_failed {
        let app = Arc::clone(app);
        app.clone()
            .spawn_worker(async move { undo_creation(&app, &task).await });
    } else if task.work.proposed_settings().is_some() {
        let app = Arc::clone(app);
        app.clone()
            .spawn_worker(async move { settle(&app, &task, ended, lag).await });
    } else if matches!(task.work, Work::EditDocuments) {
        let nodes = task.applied_on();
        app.spawn_worker(learn_fields(Arc::clone(app), task.node_uid, nodes));
    }
    Ok(())
}

/// What the end of a task decides of an index's row. The rest may have been changed by a write since the row was read.
fn take_over(row: &mut CatalogRow, done: &CatalogRow, sets_key: bool) {
    row.user_settings.clone_from(&done.user_settings);
    row.settings_version = done.settings_version;
    row.settings_fingerprint
        .clone_from(&done.settings_fingerprint);
    row.settings_view.clone_from(&done.settings_view);
    row.updated_at.clone_from(&done.updated_at);
    if sets_key || row.primary_key.is_none() {
        row.primary_key.clone_from(&done.primary_key);
    }
}

/// Fences the copies that differ before the task can be seen as succeeded: no reader may meet a copy that lacks it. `None` when
/// somebody else has fenced a copy in between that this end relies on; the next round judges anew.
fn fence(
    app: &App,
    task: &OpenTask,
    reports: &[LegReport],
    doubtful: &StaleMap,
    judged: &Composite,
) -> Option<Vec<StaleRow>> {
    let _nobody_else = app.staleness.judge();
    // Copies of an index that has gone are never read and never repaired.
    if !app.catalog.knows(&task.node_uid) {
        return Some(Vec::new());
    }
    let standing = Standing {
        stale: &app.staleness.of(&task.node_uid),
        doubtful,
    };
    (compose(reports, &standing) == *judged).then(|| {
        app.staleness.mark(
            &task.node_uid,
            &judged.stale,
            StaleReason::Diverged,
            Some(task.uid),
        )
    })
}

/// Whether a write that relies on the index has been accepted since the tasks on it were judged: the next round judges with it.
fn is_built_on(
    tx: &mut dyn Transaction,
    judged: &[TaskUid],
    node_uid: &NodeUid,
) -> Result<bool, StoreError> {
    let legs = tx.node_tasks().unfinished()?;
    Ok(legs
        .iter()
        .any(|leg| leg.node_uid == *node_uid && !judged.contains(&leg.key.task_uid)))
}

/// Whether the index, which no client has seen yet, goes away with the end of this task. One that a later write builds on stays.
fn undoes_creation(app: &App, task: &OpenTask, failed: bool) -> bool {
    let was_to_create = match task.work {
        Work::CreateIndex => failed,
        Work::Refuse { created, .. } => created,
        _ => false,
    };
    // Else nothing of it has come into being anywhere.
    was_to_create && app.open_tasks.is_alone(task) || app.open_tasks.came_to_nothing(&task.node_uid)
}

/// An index that could not be created everywhere is created nowhere.
async fn undo_creation(app: &App, task: &OpenTask) {
    let mut turn = app.sequencers.turn(&task.index, &app.catalog).await;
    if turn
        .as_ref()
        .is_some_and(|head| head.node_uid == task.node_uid)
    {
        *turn = None;
    }
    for node in app.cluster.node_ids() {
        let leg = Leg::of_process(deletion_requests(&task.node_uid), app.tag(task.uid).into());
        // Nobody waits for it: a node uid is never used again, so what a silent node keeps harms nobody.
        drop(app.lanes.push(node, &task.node_uid, leg));
    }
}

/// Ends a row that has no legs: Miroir itself knows the outcome.
pub(crate) fn finish_at_once(row: &mut TaskRow, batch: u64, error: Option<Json>, details: Json) {
    row.batch_uid = u32::try_from(batch).ok();
    let at = row.enqueued_at;
    let ending = error.map_or(Ending::Succeeded, Ending::Failed);
    end(row, ending, details, at, at);
}

/// The same for one that Miroir has worked on since `started_at` (nanoseconds), and that ends now.
pub(crate) fn finish_now(
    row: &mut TaskRow,
    batch: u64,
    error: Option<Json>,
    details: Json,
    started_at: i64,
) {
    row.batch_uid = u32::try_from(batch).ok();
    let ending = error.map_or(Ending::Succeeded, Ending::Failed);
    let started_at = started_at.max(row.enqueued_at);
    end(row, ending, details, started_at, clock::now_ns());
}

/// The same for one that was canceled; its details stay as they are.
pub(crate) fn cancel_now(row: &mut TaskRow, batch: u64, by: TaskUid, started_at: i64) {
    row.batch_uid = u32::try_from(batch).ok();
    let started_at = started_at.max(row.enqueued_at);
    let details = row.details.clone();
    end(
        row,
        Ending::Canceled(by),
        details,
        started_at,
        clock::now_ns(),
    );
}

/// What a task comes to.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Succeeded,
    Failed(Json),
    Canceled(TaskUid),
}

impl Ending {
    fn status(&self) -> TaskStatus {
        match self {
            Ending::Succeeded => TaskStatus::Succeeded,
            Ending::Failed(_) => TaskStatus::Failed,
            Ending::Canceled(_) => TaskStatus::Canceled,
        }
    }
}

fn end(row: &mut TaskRow, ending: Ending, details: Json, started_at: i64, finished_at: i64) {
    row.status = ending.status();
    match ending {
        Ending::Succeeded => {}
        Ending::Failed(error) => row.error = Some(error),
        Ending::Canceled(by) => row.canceled_by = Some(by),
    }
    row.details = details;
    row.started_at = Some(started_at);
    row.finished_at = Some(finished_at.max(started_at));
    row.applied_at = Some(finished_at / 1_000_000);
}

/// One report per node: its last word on the shards that it was to write.
fn reports(task: &OpenTask) -> Vec<LegReport> {
    let mut by_node: BTreeMap<&NodeId, LegReport> = BTreeMap::new();
    for leg in task.legs.iter().filter(|leg| !leg.shards.is_empty()) {
        let result = match (leg.state, &leg.error) {
            (NodeTaskState::Succeeded, _) => LegResult::Applied,
            (NodeTaskState::Failed, Some(error)) => LegResult::Failed(error.clone()),
            _ => LegResult::Missed,
        };
        let node = &leg.key.node_id;
        let report = by_node.entry(node).or_insert_with(|| LegReport {
            node: node.clone(),
            shards: ShardSet::new(),
            result: LegResult::Applied,
        });
        report.shards.extend(leg.shards.iter());
        if report.result == LegResult::Applied {
            report.result = result;
        }
    }
    by_node.into_values().collect()
}

fn ending(task: &OpenTask, composite: &Composite, names: &Names) -> Ending {
    if let Work::FailWith { error } | Work::Refuse { error, .. } = &task.work {
        return Ending::Failed(Json::of(error));
    }
    let Some(failed) = &composite.failed else {
        return Ending::Succeeded;
    };
    match error_of_a_twin(task).or(failed.as_ref()) {
        Some(error) => {
            let text = names.clean(error.as_str());
            Ending::Failed(Json::from_text(match task.work {
                Work::EditDocuments => without_guard(&text),
                _ => text,
            }))
        }
        None => task.canceled_by.map_or_else(interrupted, Ending::Canceled),
    }
}

fn interrupted() -> Ending {
    Ending::Failed(Json::of(&ApiError::new(
        Code::Internal,
        "The task was interrupted before any node had received it. Send it again.",
    )))
}

/// Of a write by a filter the twin is told too. If it fails as well, its error is the one without anything of Miroir's.
fn error_of_a_twin(task: &OpenTask) -> Option<&Json> {
    let mut asked = task.legs.iter().filter(|leg| leg.shards.is_empty());
    match task.work {
        Work::DeleteDocuments { .. } | Work::EditDocuments => {
            asked.find_map(|leg| leg.error.as_ref())
        }
        _ => None,
    }
}

/// Every node says that it has applied the change, and too few show it.
fn unverified() -> Json {
    Json::of(&miroir_core::error::ApiError::new(
        miroir_core::error::Code::Internal,
        "The settings could not be brought to enough nodes; those that had them get the ones before. Send them again.",
    ))
}

/// Brings the catalog's picture of the index up to date: committed settings, primary key, and what clients read back.
async fn complete_index(
    app: &Arc<App>,
    index: &Index,
    task: &OpenTask,
    succeeded: bool,
) -> Result<Option<Index>, Trouble> {
    let mut row = index.row.clone();
    let mut read_back = !index.is_ready();
    match &task.work {
        Work::Settings { settings } if succeeded => {
            row.user_settings = Json::of(settings);
            row.settings_version += 1;
            let settings: UserSettings = row.user_settings.parse()?;
            row.settings_fingerprint = settings_fingerprint(&settings);
            read_back = true;
        }
        Work::SetPrimaryKey { primary_key, .. } if succeeded => {
            row.primary_key = Some(primary_key.clone())
        }
        Work::DeleteIndex { .. } => return Ok(None),
        _ => {}
    }
    if read_back {
        let mut nodes = task.reached_on();
        if let Some(Broadcast::Verified(Some(verified))) = &task.broadcast {
            let others = verified.in_line.iter().filter(|node| !nodes.contains(node));
            nodes.extend(others.cloned().collect::<Vec<_>>());
        }
        row.settings_view = Some(read_settings(app, &task.node_uid, &nodes).await?);
    }
    row.updated_at = clock::now().to_string();
    Ok(Some(Index::from_row(row)?))
}

/// The settings as a server shows them: those of a twin, on a node that has applied the task.
async fn read_settings(app: &App, node_uid: &NodeUid, nodes: &[NodeId]) -> Result<Json, Trouble> {
    let path = format!("/indexes/{}/settings", node_uid.twin());
    let mut last = None;
    for node in nodes {
        match app.cluster.read(node, &path).await {
            Ok(answer) if answer.is_success() => {
                return Ok(Json::from_text(std::str::from_utf8(&answer.body)?));
            }
            Ok(answer) => last = Some(format!("node `{node}` answered {}", answer.status).into()),
            Err(error) => last = Some(Trouble::from(error)),
        }
    }
    Err(last.unwrap_or_else(|| "no node has applied the task".into()))
}

/// The counts that were open are known now; those of a failed task are 0, whatever some shards have done (reference 3.3).
fn details(app: &App, task: &OpenTask, succeeded: bool) -> Json {
    let mut details = task.details.clone();
    for (name, value) in &mut details {
        if !value.is_null() || !COUNTS.contains(&name.as_str()) {
            continue;
        }
        let count = match &task.work {
            // What a server says of an edition that failed.
            Work::EditDocuments if !succeeded && name == "deletedDocuments" => continue,
            _ if !succeeded => 0,
            Work::Documents { indexed } => *indexed,
            _ => sum_of_copies(app, task, name),
        };
        *value = json!(count);
    }
    Json::of(&details)
}

const COUNTS: [&str; 3] = ["indexedDocuments", "deletedDocuments", "editedDocuments"];

/// The sum of a count over one fresh copy of each shard: that of a group whose copies are all fresh and have applied the task, divided
/// by their number; failing that, of legs that do not overlap, which may be too few.
fn sum_of_copies(app: &App, task: &OpenTask, name: &str) -> u64 {
    let topology = app.cluster.topology();
    let count = |leg: &OpenLeg| {
        leg.details
            .as_ref()
            .and_then(|details| details.get(name)?.as_u64())
            .unwrap_or(0)
            .saturating_sub(task.work.lexicon_documents_on(&leg.key.node_id))
    };
    let stale = app.staleness.of(&task.node_uid);
    let has_applied = |leg: &OpenLeg| {
        let stale = stale.of(&leg.key.node_id);
        leg.state == NodeTaskState::Succeeded
            && stale.is_none_or(|stale| stale.is_disjoint(&leg.shards))
    };
    let essential = || task.legs.iter().filter(|leg| !leg.shards.is_empty());
    for group in topology.groups() {
        let is_member = |leg: &&OpenLeg| {
            topology
                .node(&leg.key.node_id)
                .is_some_and(|node| node.replica_group == group.id)
        };
        let legs: Vec<&OpenLeg> = essential().filter(is_member).collect();
        if !legs.is_empty() && legs.iter().all(|leg| has_applied(leg)) {
            let nodes = topology
                .nodes()
                .iter()
                .filter(|node| node.replica_group == group.id)
                .count();
            let copies = usize::from(topology.replication_factor()).min(nodes).max(1) as u64;
            return legs.into_iter().map(count).sum::<u64>() / copies;
        }
    }
    let mut counted = ShardSet::new();
    let mut sum = 0;
    for leg in essential().filter(|leg| has_applied(leg)) {
        if leg.shards.is_disjoint(&counted) {
            counted.extend(leg.shards.iter());
            sum += count(leg);
        }
    }
    sum
}

fn times(task: &OpenTask) -> (i64, i64) {
    let now = clock::now_ns();
    let started = task.legs.iter().filter_map(|leg| leg.started_at).min();
    let finished = task.legs.iter().filter_map(|leg| leg.finished_at).max();
    (started.unwrap_or(now), finished.unwrap_or(now))
}
