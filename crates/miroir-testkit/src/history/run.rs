//! Makes a history with real processes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::client::{INDEX, SETTINGS, Session, Shared, basis, ended, settings_of, state_of};
use super::plan::{self, Action};
use super::{History, State, Violation, check};
use crate::client::{Client, ClientError};
use crate::cluster::{Cluster, ClusterBuilder, ClusterError};
use crate::copies;
use crate::process::ProcessError;

const CLIENTS: usize = 8;
/// How long a slow node stands still before it works for a quarter of that.
const PULSE: Duration = Duration::from_millis(16);
/// How long a fleet whose processes all run again may take to be as if nothing had happened.
const HEALING_TIMEOUT: Duration = Duration::from_secs(240);

/// What a run is.
#[derive(Debug, Clone)]
pub struct Options {
    /// Decides the plan of faults and what the clients do.
    pub seed: u64,
    /// Of all clients together.
    pub operations: usize,
    /// Nodes in total.
    pub nodes: u16,
    /// Groups among which they are dealt.
    pub replica_groups: u16,
    /// Copies of a shard in one group.
    pub replication_factor: u16,
    /// Whether one client also changes settings and makes the index anew.
    pub changes_index: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Writes that were accepted.
    pub accepted: usize,
    /// Events of documents that were read or written.
    pub events: usize,
    /// Faults.
    pub faults: usize,
    /// From the first operation to the last answer.
    pub took: Duration,
    /// From the end of the last fault to equal copies everywhere.
    pub healed_after: Duration,
    /// What must not be.
    pub violations: Vec<Violation>,
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The fleet could not be started or controlled.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A process could not be started or controlled.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A node or the proxy did not answer while nothing was wrong.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The fleet does not become whole again.
    #[error("the fleet does not heal: {0}")]
    NeverHeals(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events of documents, {} accepted writes, {} faults in {:.1} s, healed after {:.1} s, {} violations",
            self.events,
            self.accepted,
            self.faults,
            self.took.as_secs_f64(),
            self.healed_after.as_secs_f64(),
            self.violations.len()
        )
    }
}

/// The fleet of a run: patient enough for a loaded machine, impatient enough that a frozen node does not stop everything.
fn fleet(options: &Options) -> ClusterBuilder {
    Cluster::builder()
        .nodes(options.nodes)
        .replica_groups(options.replica_groups)
        .rf(options.replication_factor)
        .shards(16)
        .config("scatter.node_timeout_ms", 1000)
        .config("scatter.node_write_timeout_ms", 1000)
        .config("scatter.straggler_grace_s", 2)
        .config("server.request_timeout_ms", 4000)
        .config("rebalancer.throttle_factor", 0)
}

/// Starts a fleet, writes and reads under faults, lets it heal, and judges.
pub async fn run(options: &Options) -> Result<Outcome, HistoryError> {
    let mut cluster = fleet(options).start().await?;
    prepare(&cluster.client()).await?;
    let shared = Arc::new(Shared::default());
    let begun = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let client = cluster
            .client()
            .with_fresh_connections()
            .with_timeout(Duration::from_secs(5));
        let random = StdRng::seed_from_u64(options.seed.wrapping_mul(31) + number as u64);
        let session = Session::new(number, client, random, Arc::clone(&shared));
        let session = session.changing_index(options.changes_index && number == 0);
        clients.spawn(session.work(options.operations));
    }
    let plan = plan::draw(options.seed, options.operations, usize::from(options.nodes));
    let faults = plan.len();
    let mut slow = BTreeSet::new();
    for step in plan {
        while shared.operations.load(Ordering::Relaxed) < step.at.min(options.operations) {
            for node in &slow {
                cluster.node(*node).freeze()?;
            }
            tokio::time::sleep(PULSE).await;
            for node in &slow {
                cluster.node(*node).thaw()?;
            }
            tokio::time::sleep(PULSE / 4).await;
        }
        match step.action {
            Action::Slow(node) => {
                slow.insert(node);
            }
            Action::Hasten(node) => {
                slow.remove(&node);
            }
            action => act(&mut cluster, action).await?,
        }
    }
    while clients.join_next().await.is_some() {}
    let took = begun.elapsed();
    let healing = Instant::now();
    heal(&mut cluster, &shared).await?;
    let healed_after = healing.elapsed();
    let history = finish(&cluster, &shared).await?;
    Ok(Outcome {
        accepted: history.accepted.len(),
        events: history.events.values().map(Vec::len).sum(),
        faults,
        took,
        healed_after,
        violations: check(&history),
    })
}

async fn prepare(client: &Client) -> Result<(), HistoryError> {
    let index = json!({ "uid": INDEX, "primaryKey": "id" });
    for answer in [
        client.post("/indexes", &index).await?,
        client
            .patch(&format!("/indexes/{INDEX}/settings"), &basis())
            .await?,
    ] {
        if let Some(task) = answer.task_uid() {
            client.wait_task(task).await?;
        }
    }
    Ok(())
}

async fn act(cluster: &mut Cluster, action: Action) -> Result<(), ProcessError> {
    match action {
        Action::Kill(node) => cluster.node(node).kill(),
        Action::Restart(node) => cluster.node(node).restart().await,
        Action::Freeze(node) => cluster.node(node).freeze(),
        Action::Thaw(node) => cluster.node(node).thaw(),
        Action::KillProxy => cluster.proxy().respawn(),
        Action::FreezeProxy => cluster.proxy().freeze(),
        Action::ThawProxy => cluster.proxy().thaw(),
        Action::Slow(_) | Action::Hasten(_) => Ok(()),
    }
}

/// Waits until every task has ended and no copy is stale.
async fn heal(cluster: &mut Cluster, shared: &Shared) -> Result<(), HistoryError> {
    cluster.proxy().wait_ready().await?;
    let client = cluster.client().with_fresh_connections();
    let admin = cluster.admin().with_fresh_connections();
    let deadline = Instant::now() + HEALING_TIMEOUT;
    let pending: Vec<u64> = shared.record().pending.keys().copied().collect();
    for task in pending {
        let succeeded = loop {
            match ended(&client, task).await {
                Some(succeeded) => break succeeded,
                None if Instant::now() >= deadline => {
                    return Err(not_healed(cluster, format!("task {task} does not end")));
                }
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        shared.record().settle(task, succeeded);
    }
    loop {
        let topology = admin.get("/_miroir/topology").await?.json()?;
        let open = client
            .get("/tasks?statuses=enqueued,processing&limit=1")
            .await?
            .json()?;
        if is_whole(&topology) && open["total"] == 0 {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let stale = admin.get("/_miroir/antientropy/status").await?.text();
            let workers = admin.get("/_miroir/workers").await?.text();
            let reason = format!("{open} {topology} {stale} {workers}");
            return Err(not_healed(cluster, reason));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn not_healed(cluster: &mut Cluster, reason: String) -> HistoryError {
    let log = cluster.proxy().log_end();
    HistoryError::NeverHeals(format!("{reason}\n{log}"))
}

fn is_whole(topology: &Value) -> bool {
    topology["nodes"].as_array().is_some_and(|nodes| {
        nodes
            .iter()
            .all(|node| node["status"] == "healthy" && node["stale_shards"] == 0)
    })
}

async fn finish(cluster: &Cluster, shared: &Shared) -> Result<History, HistoryError> {
    let copies = copies::read(cluster, INDEX, "id").await?;
    let mut shown = Vec::new();
    for node in cluster.nodes() {
        let path = format!("/indexes/{}/settings", copies.node_uid);
        shown.push(settings_of(&node.client().get(&path).await?.json()?));
    }
    let settings = shown.first().cloned().flatten();
    let mut record = shared.record();
    let mut differences = std::mem::take(&mut record.surprises);
    if shown.iter().any(|other| *other != settings) {
        differences.push(format!("the nodes have different settings: {shown:?}"));
    }
    differences.extend(copies.differences);
    let mut finally: BTreeMap<String, State> = copies
        .content
        .iter()
        .map(|(id, document)| (id.clone(), state_of(document)))
        .collect();
    finally.extend(settings.map(|settings| (SETTINGS.to_owned(), settings)));
    Ok(History {
        events: std::mem::take(&mut record.events),
        accepted: std::mem::take(&mut record.accepted),
        finally,
        differences,
    })
}
