//! `POST /dumps` and `POST /snapshots`: one of every node, and a manifest that says which of them belong together and what the fleet
//! knew at that moment: catalog, users' settings, keys, and copies that were stale.
//!
//! Nodes make theirs at the same time, but not in the same instant: what is written meanwhile may be in the one and not in the other.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use http::Method;
use miroir_core::access::Key;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{NodeId, TaskUid};
use miroir_core::wire::task::{TaskKind, TaskStatus};
use miroir_node::{Call, EnqueuedTask, NodeTask};
use miroir_store::table::CatalogRow;
use miroir_store::{Json, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::app::App;
use crate::clock;
use crate::http::reply::{Failure, chain};
use crate::request::dispatch::{Accepted, new_row, record};
use crate::tasks::{Work, finish_now};

/// Between two looks at a node's task.
const PAUSE: Duration = Duration::from_millis(50);
/// After the store took no write.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What is made of every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Backup {
    Dump,
    Snapshot,
}

impl Backup {
    fn kind(self) -> TaskKind {
        match self {
            Backup::Dump => TaskKind::DumpCreation,
            Backup::Snapshot => TaskKind::SnapshotCreation,
        }
    }

    /// Both the route and the folder of the manifests.
    fn plural(self) -> &'static str {
        match self {
            Backup::Dump => "dumps",
            Backup::Snapshot => "snapshots",
        }
    }

    /// What clients see of it.
    fn details(self, uid: Option<&str>) -> Map<String, Value> {
        match self {
            Backup::Dump => Map::from_iter([("dumpUid".to_owned(), json!(uid))]),
            Backup::Snapshot => Map::new(),
        }
    }
}

/// Accepts the request; the work follows.
pub(crate) async fn back_up(app: &Arc<App>, backup: Backup) -> Result<Accepted, Failure> {
    let row = new_row(None, backup.kind(), &backup.details(None), None);
    let task = record(app, row, &Work::BackUp { backup }).await?;
    app.spawn_worker(carry_out(Arc::clone(app), task.uid, backup));
    Ok(Accepted {
        task,
        degraded: None,
    })
}

/// Harmless to repeat after a restart: files of the first try are left over.
pub(crate) async fn carry_out(app: Arc<App>, uid: TaskUid, backup: Backup) {
    let started_at = clock::now_ns();
    let outcome = make(&app, backup).await;
    let (details, error) = match &outcome {
        Ok(name) => (backup.details(Some(name)), None),
        Err(error) => (backup.details(None), Some(error.clone())),
    };
    while let Err(error) = end(&app, uid, started_at, &details, error.clone()).await {
        tracing::warn!(task_uid = uid.0, error = %chain(&error), "a backup cannot be completed yet");
        tokio::time::sleep(STORE_PAUSE).await;
    }
    app.task_ended(match outcome {
        Ok(_) => TaskStatus::Succeeded,
        Err(_) => TaskStatus::Failed,
    });
}

async fn end(
    app: &App,
    uid: TaskUid,
    started_at: i64,
    details: &Map<String, Value>,
    error: Option<Json>,
) -> Result<(), StoreError> {
    let details = Json::of(details);
    app.store
        .write(move |tx| {
            let Some(mut row) = tx.tasks().get(uid)? else {
                return Ok(());
            };
            let batch = tx.sequences().next(miroir_store::table::BATCH_UID)?;
            finish_now(&mut row, batch, error, details, started_at);
            tx.tasks().update(&row)
        })
        .await
}

/// What belongs together. The settings may hold secrets of embedders, as files of nodes do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    version: u32,
    uid: &'a str,
    kind: Backup,
    miroir_version: &'static str,
    created_at: String,
    topology: &'a miroir_core::topology::TopologyParts,
    /// One per node; the file is in the folder that the node's own configuration names.
    files: Vec<NodeFile>,
    indexes: Vec<IndexEntry>,
    /// Without values, which follow from the master key.
    keys: Vec<Key>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeFile {
    node: NodeId,
    node_task: u32,
    /// `None` where the node does not say: a snapshot is called after its database.
    file: Option<String>,
    finished_at: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexEntry {
    uid: String,
    node_uid: String,
    primary_key: Option<String>,
    shards: u16,
    settings: Value,
    created_at: String,
    updated_at: String,
    /// Copies that lacked something: by node, its shards.
    stale: Vec<(NodeId, String)>,
}

/// Returns the name under which the manifest is kept; the error is the client's.
async fn make(app: &App, backup: Backup) -> Result<String, Json> {
    let name = name_of(clock::now().to_string().as_str());
    let nodes: Vec<NodeId> = app.cluster.node_ids().cloned().collect();
    let reachable = app.cluster.reachable();
    if let Some(away) = nodes.iter().find(|node| !reachable.contains(node)) {
        tracing::warn!(node_id = %away, "a backup needs every node");
        return Err(internal(
            "A node cannot be reached; a backup needs all of them.",
        ));
    }
    let files = try_join_all(nodes.iter().map(|node| back_up_node(app, node, backup))).await?;
    let (indexes, keys) = app
        .store
        .read(|tx| Ok((tx.catalog().list()?, tx.keys().list()?)))
        .await
        .map_err(|error| failed(&error))?;
    let manifest = Manifest {
        version: 1,
        uid: &name,
        kind: backup,
        miroir_version: env!("CARGO_PKG_VERSION"),
        created_at: clock::now().to_string(),
        topology: app.cluster.topology().parts(),
        files,
        indexes: indexes.iter().map(|row| entry(app, row)).collect(),
        keys,
    };
    let text = serde_json::to_vec_pretty(&manifest).expect("manifests have string keys");
    let folder = folder(app).join(backup.plural());
    let path = folder.join(format!("{name}.json"));
    let written = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        write(&path, &text)
    });
    match written.await {
        Ok(Ok(())) => Ok(name),
        Ok(Err(error)) => Err(failed(&error)),
        Err(error) => Err(failed(&error)),
    }
}

fn entry(app: &App, row: &CatalogRow) -> IndexEntry {
    let stale = app.staleness.of(&row.current_node_uid);
    let copies = app.cluster.node_ids().filter_map(|node| {
        let shards = stale.of(node)?;
        Some((node.clone(), shards.to_string()))
    });
    IndexEntry {
        uid: row.uid.to_string(),
        node_uid: row.current_node_uid.to_string(),
        primary_key: row.primary_key.clone(),
        shards: row.shards.get(),
        settings: row.user_settings.parse().unwrap_or(Value::Null),
        created_at: row.created_at.clone(),
        updated_at: row.updated_at.clone(),
        stale: copies.collect(),
    }
}

/// Readable by nobody else, and whole or not there.
fn write(path: &std::path::Path, text: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("part");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

/// Where manifests lie: next to the store unless the configuration says otherwise.
fn folder(app: &App) -> PathBuf {
    let configured = app.config.backups.folder.clone();
    configured.unwrap_or_else(|| {
        let beside = app.config.task_store.path.parent();
        beside.map(PathBuf::from).unwrap_or_default()
    })
}

/// The digits of an RFC 3339 moment, as a server names dumps: `20261121-093954317`.
fn name_of(moment: &str) -> String {
    let digits: String = moment
        .chars()
        .filter(char::is_ascii_digit)
        .take(17)
        .collect();
    let (day, time) = digits.split_at(digits.len().min(8));
    format!("{day}-{time}")
}

/// Asks one node, and waits for its task.
async fn back_up_node(app: &App, node: &NodeId, backup: Backup) -> Result<NodeFile, Json> {
    let unreachable = || internal("A node could not be reached during the backup.");
    let deadline = Instant::now() + app.config.scatter.node_timeout_ms.duration();
    let call = Call::write(Method::POST, format!("/{}", backup.plural()), deadline);
    let answer = app.cluster.call(node, call).await;
    let answer = answer.map_err(|_| unreachable())?;
    let Ok(EnqueuedTask { task_uid }) = answer.json() else {
        let text = std::str::from_utf8(&answer.body).ok();
        let text = text.filter(|_| answer.error_code().is_some());
        return Err(text.map_or_else(
            || internal("A node does not offer to make a backup."),
            Json::from_text,
        ));
    };
    while app.cluster.may_write(node) {
        let answer = app.cluster.read(node, &format!("/tasks/{task_uid}")).await;
        let task = answer
            .ok()
            .and_then(|answer| answer.json::<NodeTask>().ok());
        match task {
            Some(task) if task.succeeded() => {
                return Ok(NodeFile {
                    node: node.clone(),
                    node_task: task_uid,
                    file: dump_file(&task),
                    finished_at: task.finished_at,
                });
            }
            Some(task) if task.is_finished() => {
                let error = task.error.map(|error| Json::from_text(error.get()));
                return Err(error.unwrap_or_else(|| internal("A node's backup was canceled.")));
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
    Err(unreachable())
}

fn dump_file(task: &NodeTask) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Details {
        dump_uid: Option<String>,
    }
    let details: Details = serde_json::from_str(task.details.as_ref()?.get()).ok()?;
    Some(format!("{}.dump", details.dump_uid?))
}

fn internal(message: &'static str) -> Json {
    Json::of(&ApiError::new(Code::Internal, message))
}

/// The client learns no detail.
fn failed(error: &(dyn std::error::Error + 'static)) -> Json {
    tracing::warn!(error = %chain(error), "a backup failed");
    internal("The manifest of the backup could not be written.")
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn names_are_those_of_a_server() {
        assert_eq!(
            name_of("2026-11-21T09:39:54.317262497Z"),
            "20261121-093954317"
        );
    }
}
