//! The second half of every write: durable, sequenced, sent to every copy, judged, acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{IndexUid, NodeId, NodeUid, ShardSet, TaskUid};
use miroir_core::plan::{Degraded, WritePlan};
use miroir_core::quorum::{LegOutcome, Verdict, judge};
use miroir_core::wire::task::{TaskKind, TaskStatus};
use miroir_node::Answer;
use miroir_store::table::{CatalogRow, NodeTaskKey, StaleReason, StaleRow, TaskOrigin, TaskRow};
use miroir_store::{Json, StoreError};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::app::App;
use crate::capabilities::idempotency;
use crate::catalog::{self, Index};
use crate::clock;
use crate::cluster::lanes::{Leg, LegEnd, LegRequest};
use crate::cluster::sequencer::{Head, Turn};
use crate::cluster::touches::Touched;
use crate::config::SettingsStrategy;
use crate::fault::{self, Fault};
use crate::http::reply::{Failure, chain};
use crate::request::announcement::announce;
use crate::request::names::{self, Exchange};
use crate::request::translate::Names;
use crate::tasks::{OpenLeg, OpenTask, Work, broadcast, finish_at_once};

/// One node's part, before it is sent.
pub(crate) struct PlannedLeg {
    pub(crate) node: NodeId,
    /// The shards that this node writes; empty where it only has to know (an index of which it owns no shard).
    pub(crate) shards: ShardSet,
    pub(crate) requests: Vec<LegRequest>,
}

/// A write as data: what clients will see of it, and what the nodes are to be told.
pub(crate) struct Operation {
    pub(crate) index: IndexUid,
    pub(crate) node_uid: NodeUid,
    pub(crate) kind: TaskKind,
    pub(crate) details: Map<String, Value>,
    pub(crate) custom_metadata: Option<String>,
    pub(crate) work: Work,
    pub(crate) plan: WritePlan,
    pub(crate) legs: Vec<PlannedLeg>,
    /// The documents that it changes, for whoever copies them meanwhile.
    pub(crate) touched: Touched,
    pub(crate) catalog: CatalogChange,
    /// Names that no document of the index has had before.
    pub(crate) new_fields: Vec<String>,
    /// What is to follow, as the task that the client sees.
    pub(crate) follower: Option<Follower>,
    /// The index as the operation after this one will find it.
    pub(crate) next: Option<Head>,
}

/// A change of names that waits for a write, which is a part of it. It is durable from the same moment.
#[derive(Clone)]
pub(crate) struct Follower {
    pub(crate) row: TaskRow,
    pub(crate) exchanges: Vec<Exchange>,
}

/// What the catalog learns in the same transaction that makes the task durable.
#[derive(Clone)]
pub(crate) enum CatalogChange {
    None,
    /// The index comes into being.
    Put(Box<CatalogRow>),
    /// The documents tell the primary key. Only that is changed: the rest of the row may be about to change through the end of
    /// another task.
    LearnKey {
        primary_key: String,
        ids_case_folded: bool,
    },
    /// An id among the documents is not its own normalised form. Only that is changed.
    UnfoldIds,
    Delete,
}

/// A write that will take effect.
pub(crate) struct Accepted {
    pub(crate) task: TaskRow,
    /// Value of `X-Miroir-Degraded`.
    pub(crate) degraded: Option<String>,
}

/// Makes a task that is finished the moment it exists: no node is concerned.
pub(crate) async fn conclude(
    app: &App,
    index: Option<IndexUid>,
    kind: TaskKind,
    details: Map<String, Value>,
    custom_metadata: Option<String>,
    error: Option<ApiError>,
) -> Result<Accepted, Failure> {
    let mut row = new_row(index, kind, &details, custom_metadata);
    let error = error.map(|error| Json::of(&error));
    let claim = idempotency::claim();
    let task = app
        .store
        .write(move |tx| {
            row.uid = tx.sequences().next_task_uid()?;
            let batch = tx.sequences().next(miroir_store::table::BATCH_UID)?;
            let details = row.details.clone();
            finish_at_once(&mut row, batch, error, details);
            tx.tasks().insert(&row)?;
            idempotency::store(claim, tx, &row)?;
            Ok(row)
        })
        .await?;
    app.task_ended(task.status);
    Ok(Accepted {
        task,
        degraded: None,
    })
}

/// Makes a task durable whose work is done here, and not by nodes as they are told. Whoever calls begins that work.
pub(crate) async fn record(
    app: &App,
    mut row: TaskRow,
    work: &Work,
) -> Result<TaskRow, StoreError> {
    row.work = Some(Json::of(work));
    let claim = idempotency::claim();
    app.store
        .write(move |tx| {
            row.uid = tx.sequences().next_task_uid()?;
            tx.tasks().insert(&row)?;
            idempotency::store(claim, tx, &row)?;
            Ok(row)
        })
        .await
}

/// Carries a write out. It returns when the client may be answered; legs that are still in flight go on. To be called in a task of
/// its own, so that neither the quorum nor a client that hangs up cuts legs in half.
pub(crate) async fn dispatch(
    app: &Arc<App>,
    mut turn: Turn,
    operation: Operation,
) -> Result<Accepted, Failure> {
    refuse_if_frozen(app, &operation)?;
    refuse_if_full(app, &operation)?;
    fault::point(Fault::WriteSequenced);
    let (uid, task) = persist(app, &operation).await?;
    fault::point(Fault::WriteRecorded);
    if let Some(Follower { exchanges, .. }) = operation.follower.clone() {
        names::follow(app, task.uid, exchanges, uid);
    }
    let is_paced = operation.paced(app).is_some();
    let tag: Arc<str> = app.tag(uid).into();

    if operation.can_be_torn() {
        let legs = operation.legs.iter();
        let legs = legs.map(|leg| (&leg.node, &leg.requests[..]));
        tokio::task::block_in_place(|| app.journal.begin(uid, legs));
    }
    fault::point(Fault::WriteKept);
    remember(app, &operation, uid);
    let created = turn.is_none();
    let Operation {
        index,
        node_uid,
        plan,
        legs,
        touched,
        next,
        ..
    } = operation;
    app.touches.note(&node_uid, touched);
    let mut open = FuturesUnordered::new();
    for leg in legs {
        let end = app.lanes.push(
            &leg.node,
            &node_uid,
            Leg::of_task(uid, leg.requests, Arc::clone(&tag)),
        );
        open.push(async move { (leg.node, end.await.unwrap_or(LegEnd::Missed(None))) });
    }
    *turn = next;
    drop(turn);

    if is_paced {
        app.open_tasks.update(uid, |task| task.acknowledged = true);
        // The lanes note how the legs end.
        return Ok(Accepted {
            task,
            degraded: None,
        });
    }
    let mut outcomes: BTreeMap<NodeId, LegOutcome> = plan
        .legs
        .iter()
        .map(|leg| (leg.node.clone(), LegOutcome::InFlight))
        .collect();
    let mut refusal = None;
    let deadline = Instant::now() + app.config.server.request_timeout_ms.duration();
    let mut answer_at = None;
    let mut changes = app.open_tasks.changes();
    let mut marks = app.staleness.marks();
    let decision = loop {
        changes.mark_unchanged();
        marks.mark_unchanged();
        let is_late = answer_at.is_some_and(|at| at <= Instant::now());
        let decision = decide(app, uid, &node_uid, &plan, &outcomes, is_late);
        match &decision {
            Decision::Answer { .. } | Decision::Refuse { .. } => break decision,
            Decision::Linger => {
                let linger = app.config.scatter.write_linger_ms.duration();
                answer_at.get_or_insert(Instant::now() + linger);
            }
            Decision::Wait => answer_at = None,
        }
        if deadline <= Instant::now() {
            break decision;
        }
        let wake = answer_at.unwrap_or(deadline).min(deadline);
        tokio::select! {
            Some((node, end)) = open.next() => {
                outcomes.insert(node.clone(), note(uid, &node, end, &mut refusal));
            }
            // What earlier writes come to may be what is missing.
            _ = changes.changed(), if open.is_empty() => {}
            // A copy that has become stale is not waited for.
            _ = marks.changed() => {}
            () = tokio::time::sleep_until(wake) => {}
        }
    };

    let result = match decision {
        Decision::Answer { stale, degraded } => {
            fault::point(Fault::WriteJudged);
            let marked = app
                .store
                .write(move |tx| stale.iter().try_for_each(|row| tx.staleness().mark(row)))
                .await;
            fault::point(Fault::WriteAcknowledged);
            marked
                .map(|()| Accepted { task, degraded })
                .map_err(Failure::from)
        }
        Decision::Refuse { shards } => {
            if created {
                announce(app, &node_uid);
            }
            Err(refuse(
                app,
                uid,
                &shards,
                refusal,
                created,
                &Names::new(&node_uid, &index),
            ))
        }
        Decision::Linger | Decision::Wait => Err(Failure::new(
            Code::MiroirNoQuorum,
            format!(
                "The write was sent, but too few copies have confirmed it in time; task {uid} shows what becomes of it."
            ),
        )),
    };
    app.open_tasks.update(uid, |task| task.acknowledged = true);
    if !open.is_empty() {
        app.spawn_story(async move {
            while let Some((node, end)) = open.next().await {
                note(uid, &node, end, &mut None);
            }
        });
    }
    result
}

impl Operation {
    /// Whether some copies could have their documents of it while those of other shards have none: unless every copy gets all
    /// of them, in one request. What is no document is told again from the catalog.
    fn can_be_torn(&self) -> bool {
        let mut sent = self.legs.iter().map(|leg| {
            let pieces = leg.requests.iter().filter(|request| request.tagged).count();
            (pieces, &leg.shards)
        });
        let first = sent.next();
        let is_whole = first.is_some_and(|first| first.0 == 1 && sent.all(|other| other == first));
        self.work.writes_documents() && !is_whole
    }

    /// How long each node may take, where the nodes are given it one after the other.
    fn paced(&self, app: &App) -> Option<Duration> {
        let settings = &app.config.settings_broadcast;
        let is_paced = matches!(self.work, Work::Settings { .. })
            && matches!(self.catalog, CatalogChange::None)
            && settings.strategy == SettingsStrategy::Sequential;
        is_paced.then(|| settings.verify_timeout_s.duration())
    }
}

/// While too few nodes have an index's settings it takes no documents; what may bring the nodes in line goes on.
fn refuse_if_frozen(app: &App, operation: &Operation) -> Result<(), Failure> {
    let writes = operation.work.writes_documents();
    let index = app.catalog.find(&operation.index);
    match index.and_then(|index| index.row.frozen_reason.clone()) {
        Some(reason) if writes => Err(Failure::new(
            Code::MiroirIndexFrozen,
            format!(
                "Index `{}` takes no writes at present: {reason}. Nothing was changed. Retry later.",
                operation.index
            ),
        )),
        _ => Ok(()),
    }
}

/// Too many nodes are behind for the write to be acknowledged in time: the client had better wait than the process.
fn refuse_if_full(app: &App, operation: &Operation) -> Result<(), Failure> {
    let mut is_full = false;
    let outcomes = operation.plan.legs.iter().map(|leg| {
        let outcome = match app.lanes.is_filling(&leg.node, &operation.node_uid) {
            true => LegOutcome::Missed,
            false => LegOutcome::Acknowledged,
        };
        is_full |= outcome == LegOutcome::Missed;
        (leg.node.clone(), outcome)
    });
    let outcomes: BTreeMap<NodeId, LegOutcome> = outcomes.collect();
    if !is_full {
        return Ok(());
    }
    let in_sync = operation
        .plan
        .without(&app.staleness.of(&operation.node_uid));
    let min_copies = usize::from(app.config.scatter.min_copies);
    match judge(&in_sync, &outcomes, app.quorum_rule(), min_copies) {
        Verdict::Refused { shards, .. } => Err(Failure::new(
            Code::MiroirSequencerUnavailable,
            format!(
                "The nodes of shards {shards} are behind with earlier writes; nothing was sent. Retry later."
            ),
        )),
        Verdict::Acknowledged { .. } | Verdict::Pending => Ok(()),
    }
}

/// What may be done with a write that has been sent.
enum Decision {
    /// The client is answered once these marks are durable; they are in force already.
    Answer {
        stale: Vec<StaleRow>,
        degraded: Option<String>,
    },
    Refuse {
        shards: ShardSet,
    },
    /// Enough copies have it; the others are given a moment.
    Linger,
    /// Too few copies have it, or it is not known yet whether those that have it are in sync.
    Wait,
}

/// Judges by the copies that are in sync now, and fences those that missed the write in the same step.
fn decide(
    app: &App,
    uid: TaskUid,
    node_uid: &NodeUid,
    plan: &WritePlan,
    outcomes: &BTreeMap<NodeId, LegOutcome>,
    is_late: bool,
) -> Decision {
    let min_copies = usize::from(app.config.scatter.min_copies);
    let verdict = |plan: &WritePlan| judge(plan, outcomes, app.quorum_rule(), min_copies);
    let _nobody_else = app.staleness.judge();
    let in_sync = plan.without(&app.staleness.of(node_uid));
    let hopeful = match verdict(&in_sync) {
        Verdict::Refused { shards, .. } => return Decision::Refuse { shards },
        Verdict::Pending => return Decision::Wait,
        Verdict::Acknowledged { in_flight, .. } if !in_flight.is_empty() && !is_late => {
            return Decision::Linger;
        }
        hopeful @ Verdict::Acknowledged { .. } => hopeful,
    };
    let all_have_it = outcomes
        .values()
        .all(|outcome| *outcome == LegOutcome::Acknowledged);
    // Copies that an earlier write may still fence cannot vouch for this one.
    let sure = match all_have_it {
        true => hopeful,
        false => verdict(&in_sync.without(&app.open_tasks.doubtful(node_uid, uid))),
    };
    match sure {
        Verdict::Acknowledged {
            missed, degraded, ..
        } => {
            if let Some(Degraded::Write { groups, .. }) = &degraded {
                app.metrics.work.quorum_missed(groups);
            }
            Decision::Answer {
                // Copies of an index that has gone since are never read and never repaired.
                stale: match app.catalog.knows(node_uid) {
                    true => app
                        .staleness
                        .mark(node_uid, &missed, StaleReason::Missed, Some(uid)),
                    false => Vec::new(),
                },
                degraded: degraded.map(|degraded| degraded.to_string()),
            }
        }
        Verdict::Refused { .. } | Verdict::Pending => Decision::Wait,
    }
}

/// A task that has just been asked for; its uid is given when it is inserted.
pub(crate) fn new_row(
    index: Option<IndexUid>,
    kind: TaskKind,
    details: &Map<String, Value>,
    custom_metadata: Option<String>,
) -> TaskRow {
    TaskRow {
        uid: TaskUid(0),
        batch_uid: None,
        kind,
        visible: true,
        index_uid: index,
        addressed_as: None,
        status: TaskStatus::Enqueued,
        origin: TaskOrigin::Client,
        canceled_by: None,
        details: Json::of(details),
        error: None,
        custom_metadata,
        degraded: None,
        enqueued_at: clock::now_ns(),
        started_at: None,
        finished_at: None,
        applied_at: None,
        position: None,
        work: None,
    }
}

/// Task, legs and catalog are durable before any node hears of the write. Refused if the index has gone since the turn was taken:
/// the end of its creation waits for no turn. Returns the task's uid, and the task that the client sees.
async fn persist(app: &App, operation: &Operation) -> Result<(TaskUid, TaskRow), Failure> {
    let mut row = new_row(
        Some(operation.index.clone()),
        operation.kind,
        &operation.details,
        operation.custom_metadata.clone(),
    );
    let follower = operation.follower.clone();
    row.visible = follower.is_none();
    row.work = Some(Json::of(&operation.work));
    let node_uid = operation.node_uid.clone();
    let index = operation.index.clone();
    let legs = open_legs(&operation.legs, TaskUid(0));
    let catalog = operation.catalog.clone();
    let new_fields = operation.new_fields.clone();
    let claim = idempotency::claim();
    let recorded = app
        .store
        .write(move |tx| {
            let creates = matches!(catalog, CatalogChange::Put(_));
            if !creates && tx.catalog().by_node_uid(&node_uid)?.is_none() {
                return Ok(None);
            }
            row.uid = tx.sequences().next_task_uid()?;
            row.batch_uid =
                u32::try_from(tx.sequences().next(miroir_store::table::BATCH_UID)?).ok();
            row.position = Some(u64::from(row.uid.0));
            tx.tasks().insert(&row)?;
            let shown = match follower {
                None => row.clone(),
                Some(follower) => {
                    let mut shown = follower.row;
                    shown.uid = tx.sequences().next_task_uid()?;
                    shown.work = Some(Json::of(&Work::ExchangeNames {
                        exchanges: follower.exchanges,
                        refused: None,
                        part: Some(row.uid),
                    }));
                    tx.tasks().insert(&shown)?;
                    shown
                }
            };
            // The request is remembered with the task that its client sees.
            idempotency::store(claim, tx, &shown)?;
            for mut leg in legs {
                leg.key.task_uid = row.uid;
                tx.node_tasks()
                    .upsert(&leg.row(&node_uid, clock::now_ms()))?;
            }
            if !new_fields.is_empty() {
                tx.index_fields().append(&node_uid, &new_fields)?;
            }
            match catalog {
                CatalogChange::None => {}
                CatalogChange::Put(row) => tx.catalog().put(&row)?,
                CatalogChange::LearnKey {
                    primary_key,
                    ids_case_folded,
                } => {
                    if let Some(mut row) = tx.catalog().by_node_uid(&node_uid)? {
                        learn_key(&mut row, &primary_key, ids_case_folded);
                        tx.catalog().put(&row)?;
                    }
                }
                CatalogChange::UnfoldIds => tx.catalog().unfold_ids(&index)?,
                CatalogChange::Delete => catalog::forget(tx, &node_uid)?,
            }
            Ok(Some((row.uid, shown)))
        })
        .await?;
    recorded.ok_or_else(|| {
        Failure::new(
            Code::MiroirSequencerUnavailable,
            "The index could not be created, as has just turned out; nothing was changed. Send the request again.",
        )
    })
}

fn learn_key(row: &mut CatalogRow, primary_key: &str, ids_case_folded: bool) {
    row.primary_key = Some(primary_key.to_owned());
    row.ids_case_folded &= ids_case_folded;
}

fn open_legs(legs: &[PlannedLeg], task_uid: TaskUid) -> Vec<OpenLeg> {
    let requests = legs.iter().flat_map(|leg| {
        let last = leg.requests.len() - 1;
        // A long body goes out as several requests: each of them answers for the shards.
        (0..=last).map(move |position| {
            (
                leg,
                position,
                position == last || leg.requests[position].tagged,
            )
        })
    });
    requests
        .map(|(leg, position, is_essential)| {
            let number = u32::try_from(position).expect("a leg has a handful of requests");
            let key = NodeTaskKey {
                task_uid,
                node_id: leg.node.clone(),
                leg: number,
            };
            OpenLeg::planned(
                key,
                if is_essential {
                    leg.shards.clone()
                } else {
                    ShardSet::new()
                },
            )
        })
        .collect()
}

/// The same in memory, before the first leg can end.
fn remember(app: &App, operation: &Operation, uid: TaskUid) {
    app.catalog
        .extend_fields(&operation.node_uid, &operation.new_fields);
    match &operation.catalog {
        CatalogChange::None => {}
        CatalogChange::Put(row) => match Index::from_row(CatalogRow::clone(row)) {
            Ok(index) => app.catalog.put(index),
            Err(error) => {
                tracing::error!(error = %chain(&error), "catalog row cannot be read back")
            }
        },
        CatalogChange::LearnKey {
            primary_key,
            ids_case_folded,
        } => app.catalog.amend(&operation.node_uid, |row| {
            learn_key(row, primary_key, *ids_case_folded);
        }),
        CatalogChange::UnfoldIds => app.catalog.unfold_ids(&operation.index),
        CatalogChange::Delete => {
            app.catalog.remove(&operation.index);
            let _nobody_else = app.staleness.judge();
            app.staleness.forget_index(&operation.node_uid);
            app.settings.forget(&operation.node_uid);
            app.dictionary.forget(&operation.node_uid);
        }
    }
    app.open_tasks.open(OpenTask {
        uid,
        index: operation.index.clone(),
        node_uid: operation.node_uid.clone(),
        work: operation.work.clone(),
        details: operation.details.clone(),
        legs: open_legs(&operation.legs, uid),
        acknowledged: false,
        covered_since: None,
        broadcast: broadcast(&operation.work),
        paced: operation.paced(app),
        canceled_by: None,
    });
}

/// What the end of one leg means for the quorum. The lane has told the open task.
fn note(uid: TaskUid, node: &NodeId, end: LegEnd, refusal: &mut Option<Answer>) -> LegOutcome {
    match end {
        LegEnd::Enqueued(_) => LegOutcome::Acknowledged,
        LegEnd::Refused(answer) => {
            tracing::warn!(node_id = %node, task_uid = uid.0, status = answer.status.as_u16(), "node refuses a write");
            refusal.get_or_insert(answer);
            LegOutcome::Missed
        }
        LegEnd::Missed(error) => {
            let error = error.map(|error| chain(&error));
            tracing::warn!(node_id = %node, task_uid = uid.0, error, "node misses a write");
            LegOutcome::Missed
        }
        LegEnd::Unknown(_) => {
            tracing::warn!(node_id = %node, task_uid = uid.0, "nobody knows whether the node has a write");
            LegOutcome::Missed
        }
    }
}

/// The task ends as failed. Copies that took it all the same make the others of their shards stale when it ends.
fn refuse(
    app: &App,
    uid: TaskUid,
    shards: &ShardSet,
    refusal: Option<Answer>,
    created: bool,
    names: &Names,
) -> Failure {
    let error = ApiError::new(
        Code::MiroirNoQuorum,
        format!(
            "Too few copies of shards {shards} can be reached to accept the write. Retry when the nodes are back."
        ),
    );
    let task_error = match &refusal {
        Some(answer) => {
            serde_json::from_slice(&answer.body).unwrap_or_else(|_| serde_json::json!(error))
        }
        None => serde_json::json!(error),
    };
    app.open_tasks.update(uid, |task| {
        task.work = Work::Refuse {
            error: task_error,
            created,
            settings: task.work.proposed_settings().cloned(),
        }
    });
    match refusal {
        Some(answer) => names.relay(answer),
        None => error.into(),
    }
}

/// How long a client is made to wait for a turn is bounded by its own deadline.
pub(crate) async fn within<T>(
    limit: Duration,
    turn: impl Future<Output = T>,
) -> Result<T, Failure> {
    tokio::time::timeout(limit, turn).await.map_err(|_| {
        Failure::new(
            Code::MiroirSequencerUnavailable,
            "Writes to this index are queued for longer than a request may take; nothing was sent. Retry later.",
        )
    })
}
