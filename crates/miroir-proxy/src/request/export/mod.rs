//! `POST /export`: indexes are copied to another server, each document from one copy of its shard: first the index, then its settings,
//! then the documents, by shard and inside a shard by primary key.
//!
//! As on a server, the task ends when the other server has accepted everything; what it makes of it is told by its own tasks. After
//! a restart of the process the export begins anew, which replaces documents by themselves.

mod source;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use miroir_core::error::{ApiError, Code};
use miroir_core::id::{IndexUid, TaskUid};
use miroir_core::wire::export::{
    ExportIndexes, ExportRequest, ExportRules, PayloadSize, export_details,
};
use miroir_core::wire::task::{TaskKind, TaskStatus};
use miroir_store::table::{BATCH_UID, TaskRow};
use miroir_store::{Json, Store, StoreError};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::source::Source;
use self::target::Target;
use crate::app::App;
use crate::catalog::Index;
use crate::clock;
use crate::http::reply::{Failure, chain};
use crate::request::dispatch::{new_row, record};
use crate::seal::{Purpose, Seal};
use crate::tasks::{Work, cancel_now, finish_now};

/// After the store took no write.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Bytes of documents in one request, unless the client says otherwise.
const PAYLOAD: u64 = 20 * 1024 * 1024;

/// What is to be done, as it is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Export {
    /// Whose the sealed key is.
    id: Uuid,
    url: String,
    /// The key of the other server.
    api_key_sealed: Option<Vec<u8>>,
    payload_size: Option<PayloadSize>,
    indexes: ExportIndexes,
    /// Indexes that the other server did not have: they get the settings, also if the export begins anew.
    made: BTreeSet<IndexUid>,
}

/// The exports that are under way.
pub(crate) struct Exports {
    seal: Seal,
    under_way: Mutex<BTreeMap<TaskUid, UnderWay>>,
}

#[derive(Default)]
struct UnderWay {
    canceled_by: Option<TaskUid>,
    stop: CancellationToken,
    ended: CancellationToken,
}

/// Why an export does not succeed.
#[derive(Debug)]
enum Stopped {
    Canceled,
    Failed(ApiError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        tracing::warn!(error = %chain(&error), "an export cannot be remembered");
        failed("The task store cannot be used right now.".to_owned())
    }
}

/// What a server calls a failure that is neither the client's nor its own.
fn failed(message: String) -> Stopped {
    Stopped::Failed(ApiError::new(Code::Internal, message))
}

impl Exports {
    pub(crate) async fn open(store: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            seal: Seal::of(store, Purpose::ExportKey).await?,
            under_way: Mutex::default(),
        })
    }

    /// Stops an export; what is returned is canceled when the task has ended. `None` if this is none that could be stopped.
    pub(crate) fn cancel(&self, uid: TaskUid, by: TaskUid) -> Option<CancellationToken> {
        let mut under_way = self.under_way.lock();
        let export = under_way.get_mut(&uid)?;
        export.canceled_by = Some(by);
        export.stop.cancel();
        Some(export.ended.clone())
    }

    fn enter(&self, uid: TaskUid) -> CancellationToken {
        let mut under_way = self.under_way.lock();
        under_way.entry(uid).or_default().stop.clone()
    }

    /// From here on it is too late to cancel it.
    fn leave(&self, uid: TaskUid) -> UnderWay {
        self.under_way.lock().remove(&uid).unwrap_or_default()
    }
}

/// Accepts the request; the work follows.
pub(crate) async fn export(app: &Arc<App>, request: ExportRequest) -> Result<TaskRow, Failure> {
    let id = Uuid::new_v4();
    let key = request.api_key.as_deref();
    let indexes = request.indexes.unwrap_or_default();
    let details = export_details(&request.url, key, request.payload_size, &indexes);
    let export = Export {
        id,
        api_key_sealed: key.map(|key| app.exports.seal.close(id, key.as_bytes())),
        url: request.url,
        payload_size: request.payload_size,
        indexes,
        made: BTreeSet::new(),
    };
    let row = new_row(None, TaskKind::Export, &details, None);
    let work = Work::Export {
        export: export.clone(),
    };
    let task = record(app, row, &work).await?;
    begin(app, task.uid, export);
    Ok(task)
}

/// Carries an export out; also after a restart.
pub(crate) fn begin(app: &Arc<App>, uid: TaskUid, export: Export) {
    let stop = app.exports.enter(uid);
    app.spawn_worker(carry_out(Arc::clone(app), uid, export, stop));
}

async fn carry_out(app: Arc<App>, uid: TaskUid, export: Export, stop: CancellationToken) {
    let started_at = clock::now_ns();
    let outcome = tokio::select! {
        outcome = copy_all(&app, uid, export, started_at) => outcome,
        () = stop.cancelled() => Err(Stopped::Canceled),
    };
    let under_way = app.exports.leave(uid);
    let outcome = match (&outcome, under_way.canceled_by) {
        // It may have come to its end at the same moment.
        (Err(Stopped::Canceled), Some(by)) => Outcome::Canceled(by),
        (Err(Stopped::Failed(error)), _) => Outcome::Failed(Json::of(error)),
        (Ok(indexes), _) => Outcome::Exported(indexes.clone()),
        (Err(Stopped::Canceled), None) => return,
    };
    while let Err(error) = end(&app, uid, started_at, outcome.clone()).await {
        tracing::warn!(task_uid = uid.0, error = %chain(&error), "an export cannot be completed yet");
        tokio::time::sleep(STORE_PAUSE).await;
    }
    app.task_ended(match outcome {
        Outcome::Exported(_) => TaskStatus::Succeeded,
        Outcome::Failed(_) => TaskStatus::Failed,
        Outcome::Canceled(_) => TaskStatus::Canceled,
    });
    under_way.ended.cancel();
}

#[derive(Clone)]
enum Outcome {
    /// By index: what was exported of it.
    Exported(Map<String, Value>),
    Failed(Json),
    Canceled(TaskUid),
}

async fn end(app: &App, uid: TaskUid, started_at: i64, outcome: Outcome) -> Result<(), StoreError> {
    app.store
        .write(move |tx| {
            let Some(mut row) = tx.tasks().get(uid)? else {
                return Ok(());
            };
            let batch = match row.batch_uid {
                Some(batch) => batch.into(),
                None => tx.sequences().next(BATCH_UID)?,
            };
            let mut details: Map<String, Value> = row.details.parse()?;
            match outcome {
                Outcome::Exported(indexes) => {
                    details.insert("indexes".to_owned(), Value::Object(indexes));
                    finish_now(&mut row, batch, None, Json::of(&details), started_at);
                }
                Outcome::Failed(error) => {
                    finish_now(&mut row, batch, Some(error), Json::of(&details), started_at);
                }
                Outcome::Canceled(by) => cancel_now(&mut row, batch, by, started_at),
            }
            tx.tasks().update(&row)
        })
        .await
}

/// Returns what was exported of which index.
async fn copy_all(
    app: &Arc<App>,
    uid: TaskUid,
    mut export: Export,
    started_at: i64,
) -> Result<Map<String, Value>, Stopped> {
    app.store
        .write(move |tx| {
            let Some(mut row) = tx.tasks().get(uid)? else {
                return Ok(());
            };
            if row.batch_uid.is_none() {
                row.batch_uid = u32::try_from(tx.sequences().next(BATCH_UID)?).ok();
            }
            row.status = TaskStatus::Processing;
            row.started_at = Some(started_at.max(row.enqueued_at));
            tx.tasks().update(&row)
        })
        .await?;
    let mut exported = Map::new();
    let indexes = app.catalog.all();
    let ready = indexes.values().filter(|index| index.is_ready());
    let wanted: Vec<(Arc<Index>, ExportRules)> = ready
        .filter_map(|index| {
            let rules = export.indexes.rules_of(index.row.uid.as_str())?;
            Some((Arc::clone(index), rules.clone()))
        })
        .collect();
    if wanted.is_empty() {
        return Ok(exported);
    }
    let key = export
        .api_key_sealed
        .as_ref()
        .and_then(|sealed| app.exports.seal.open(export.id, sealed));
    let target = Target::new(app, &export.url, key).await?;
    for (index, rules) in wanted {
        let source = Source::new(app, &index, rules.filter.as_ref());
        source.check_filter().await?;
        let has_index = target.has_index(&index).await?;
        if !has_index && export.made.insert(index.row.uid.clone()) {
            remember(app, uid, &export).await?;
        }
        let is_new = export.made.contains(&index.row.uid);
        if !has_index {
            target.make_index(&index).await?;
        } else if rules.override_settings {
            target.set_primary_key(&index).await?;
        }
        if is_new || rules.override_settings {
            target
                .set_settings(&index, &source::settings(&index))
                .await?;
        }
        let most = export.payload_size.map_or(PAYLOAD, |size| size.0);
        let matched = source.copy(&target, most).await?;
        exported.insert(index.row.uid.to_string(), rules.view(Some(matched)));
    }
    Ok(exported)
}

/// What is about to be made is durable before it is made.
async fn remember(app: &App, uid: TaskUid, export: &Export) -> Result<(), StoreError> {
    let work = Json::of(&Work::Export {
        export: export.clone(),
    });
    app.store
        .write(move |tx| match tx.tasks().get(uid)? {
            Some(mut row) => {
                row.work = Some(work);
                tx.tasks().update(&row)
            }
            None => Ok(()),
        })
        .await
}
