//! From a configuration to a running process, and from a signal to its end.

use std::collections::HashSet;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures_util::FutureExt;
use miroir_core::id::{GroupId, InvalidNodeId, NodeUid, ShardCount};
use miroir_core::topology::{
    Group, GroupState, Membership, Node, Thresholds, Topology, TopologyError, TopologyParts,
};
use miroir_node::{NodeClient, PoolLimits, Tls, TlsError, TlsFiles};
use miroir_store::table::{
    ClusterKey, NodeHealth, NodeMembership, NodeRow, ReplicaGroupRow, StaleRow, TopologyEpochRow,
};
use miroir_store::{Json, OpenError, Store, StoreError, Transaction};
use rustix::process::Signal;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::app::App;
use crate::capabilities::exact_dictionary::{self, ExactDictionary};
use crate::capabilities::hedging::Hedging;
use crate::capabilities::idempotency::Idempotency;
use crate::capabilities::query_coalescing::Coalescing;
use crate::capabilities::replica_selection::ReplicaSelection;
use crate::capabilities::settings_broadcast::{Drift, SettingsBroadcast};
use crate::capabilities::webhooks::{self, Webhooks};
use crate::catalog::{Catalog, Index};
use crate::clock;
use crate::cluster::Cluster;
use crate::cluster::features;
use crate::cluster::health::{self, HealthBoard};
use crate::cluster::journal::Journal;
use crate::cluster::lanes::{LaneLimits, Lanes};
use crate::cluster::leftovers::Leftovers;
use crate::cluster::repair::Repair;
use crate::cluster::sequencer::Sequencers;
use crate::cluster::staleness::Staleness;
use crate::cluster::touches::Touches;
use crate::cluster::worker::{self, Workers};
use crate::config::Config;
use crate::http::admission::Admission;
use crate::http::body::Buffered;
use crate::http::{
    ConnectionThreads, Edge, Listener, Secure, client_routes, metrics_router, serve,
};
use crate::keys::KeyRing;
use crate::outside::Outside;
use crate::request::announcement::{Unannounced, announce};
use crate::request::export::Exports;
use crate::tasks::{self, OpenTasks, Retention};
use crate::telemetry::metrics::Metrics;

/// Why the process cannot start. Each message says what to do about it.
#[derive(Debug, Error)]
pub(crate) enum StartError {
    #[error(
        "cannot listen on {address}:{port} ({key}): {source}; stop the program that uses it, or choose another port with `--set {key}=<port>`"
    )]
    Listen {
        address: IpAddr,
        port: u16,
        key: &'static str,
        source: io::Error,
    },
    #[error("the task store cannot be opened: {0}")]
    Open(#[from] OpenError),
    #[error("the task store cannot be used: {0}")]
    Store(#[from] StoreError),
    #[error("the topology is not valid: {0}")]
    Topology(#[from] TopologyError),
    #[error("node `{node}`: {source}")]
    Node { node: String, source: InvalidNodeId },
    #[error("{0}")]
    Changed(String),
    #[error("node_master_key holds a character that no HTTP header may carry")]
    NodeKey,
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] TlsError),
    #[error("threads cannot be started: {0}")]
    Threads(io::Error),
    #[error("signals cannot be received: {0}")]
    Signals(io::Error),
}

/// Runs the process until it is told to stop. Returns when everything that had begun is finished or durable.
pub(crate) async fn run_until_stopped(config: Config) -> Result<(), StartError> {
    let client_listener = bind(config.server.bind, config.server.port, "server.port").await?;
    let metrics_listener = match config.metrics.enabled {
        true => Some(bind(config.metrics.bind, config.metrics.port, "metrics.port").await?),
        false => None,
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signals)?;
    // Received by nobody: a limit on the size of files must fail the write, as a full disk does, and not end the process.
    let _file_too_large =
        signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map_err(StartError::Signals)?;

    let secure = Secure::of(&config.server.tls)?;
    let store = Store::open_sqlite(&config.task_store.path)?;
    let app = build(config, store).await?;
    tasks::recover(&app).await?;
    for node in app.cluster.node_ids().cloned().collect::<Vec<_>>() {
        app.spawn_worker(health::probe(Arc::clone(&app), node));
    }
    app.spawn_worker(tasks::run_poller(Arc::clone(&app)));
    app.spawn_worker(worker::drive(
        Arc::clone(&app),
        Retention::new(Arc::clone(&app)),
    ));
    // Whether the nodes were told of an index that nobody has seen yet was known to the process before this one.
    for index in app.catalog.all().values().filter(|index| !index.is_ready()) {
        announce(&app, index.node_uid());
    }
    if let Some(secure) = &secure {
        app.spawn_worker(Arc::clone(secure).watch());
    }
    exact_dictionary::start(&app);
    webhooks::start(&app);
    app.spawn_worker(worker::drive(
        Arc::clone(&app),
        features::OnNodes::new(Arc::clone(&app)),
    ));
    app.spawn_worker(worker::drive(
        Arc::clone(&app),
        Drift::new(Arc::clone(&app)),
    ));
    app.spawn_worker(worker::drive(
        Arc::clone(&app),
        Leftovers::new(Arc::clone(&app)),
    ));
    if app.config.rebalancer.auto_rebalance_on_recovery {
        app.spawn_worker(worker::drive(
            Arc::clone(&app),
            Repair::new(Arc::clone(&app)),
        ));
    }

    let grace = app.config.server.shutdown_grace_s.duration();
    let stop_listening = CancellationToken::new();
    let threads = Arc::new(
        ConnectionThreads::start(app.config.server.connection_threads)
            .map_err(StartError::Threads)?,
    );
    for thread in threads.handles() {
        let cluster = Arc::clone(&app.cluster);
        thread.spawn(async move { cluster.warm().await });
    }
    let mut servers = tokio::task::JoinSet::new();
    let edge = Edge::new(Arc::clone(&app), client_routes(Arc::clone(&app)));
    servers.spawn(serve(
        client_listener,
        Some(threads),
        secure,
        move |request| edge.clone().answer(request),
        stop_listening.clone(),
        grace,
    ));
    if let Some(listener) = metrics_listener {
        let router = metrics_router(Arc::clone(&app));
        servers.spawn(serve(
            listener,
            None,
            None,
            move |request| router.clone().oneshot(request).map(|Ok(answer)| answer),
            stop_listening.clone(),
            grace,
        ));
    }
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        address = %app.config.server.bind,
        port = app.config.server.port,
        nodes = app.cluster.topology().nodes().len(),
        "miroir serves"
    );

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("miroir stops: requests in flight are finished first");
    app.is_stopping
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let second_signal = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    tokio::select! {
        () = stop(&app, stop_listening, servers, grace) => tracing::info!("miroir has stopped"),
        () = second_signal => tracing::warn!("miroir stops at once: what was acknowledged is durable"),
    }
    Ok(())
}

/// Stop accepting, finish what is in flight, let the writes reach a durable state.
async fn stop(
    app: &App,
    stop_listening: CancellationToken,
    mut servers: tokio::task::JoinSet<()>,
    grace: Duration,
) {
    tokio::time::sleep(app.config.server.shutdown_delay_s.duration()).await;
    stop_listening.cancel();
    while servers.join_next().await.is_some() {}
    app.stories.close();
    let lanes_empty = async {
        while !app.lanes.is_idle() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let finished = async { tokio::join!(app.stories.wait(), lanes_empty) };
    if tokio::time::timeout(grace, finished).await.is_err() {
        tracing::warn!(
            "writes were still on their way when the shutdown grace ended; they are looked up at the next start"
        );
    }
    app.stopping.cancel();
    app.loops.close();
    app.loops.wait().await;
}

async fn bind(address: IpAddr, port: u16, key: &'static str) -> Result<Listener, StartError> {
    Listener::bind(address, port)
        .await
        .map_err(|source| StartError::Listen {
            address,
            port,
            key,
            source,
        })
}

/// Puts the parts together. Opens no socket.
async fn build(config: Config, store: Store) -> Result<Arc<App>, StartError> {
    let topology = topology(&config, &store).await?;
    let limits = PoolLimits {
        max_idle: config.connection_pool_per_node.max_idle,
        max_total: config.connection_pool_per_node.max_total,
        idle_timeout: config.connection_pool_per_node.idle_timeout_s.duration(),
    };
    let tls = tls_to_nodes(&config, &topology)?;
    let key = config.node_master_key.as_ref().map(|key| key.expose());
    let clients = topology
        .nodes()
        .iter()
        .filter(|node| node.membership != Membership::Removed)
        .map(|node| NodeClient::new(node.id.clone(), &node.address, key, limits, &tls))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| StartError::NodeKey)?;
    let thresholds = Thresholds {
        unhealthy: config.health.unhealthy_threshold,
        recovery: config.health.recovery_threshold,
    };
    let repair_bell = Arc::new(Notify::new());
    let leftovers_bell = Arc::new(Notify::new());
    let board = HealthBoard::new(
        thresholds,
        clients.iter().map(|client| client.id().clone()),
        vec![Arc::clone(&repair_bell), Arc::clone(&leftovers_bell)],
    );
    let metrics = Metrics::new(&config, &topology);
    let selection = ReplicaSelection::new(
        config.replica_selection.clone(),
        clients.iter().map(|client| client.id().clone()),
        metrics.selection.explorations.clone(),
    );
    let hedging = Hedging::new(config.hedging.clone(), metrics.hedges.clone());
    let cluster = Arc::new(Cluster::new(
        topology,
        clients,
        board,
        metrics.node_calls.clone(),
        selection,
        config.scatter.node_timeout_ms.duration(),
    ));

    let (rows, fields, stale, settings) = store
        .read(|tx| {
            Ok((
                tx.catalog().list()?,
                tx.index_fields().all()?,
                tx.staleness().all()?,
                tx.settings_copies().all()?,
            ))
        })
        .await?;
    let indexes = rows
        .into_iter()
        .map(Index::from_row)
        .collect::<Result<Vec<_>, _>>()?;
    let stale = without_the_gone(&store, stale, &indexes).await?;
    let shards =
        ShardCount::new(u64::from(config.shards)).expect("the configuration was validated");
    let keys = KeyRing::open(&store, config.master_key.clone()).await?;
    let open_tasks = Arc::new(OpenTasks::new());
    let journal = Arc::new(Journal::beside(&config.task_store.path));
    Ok(Arc::new(App {
        cluster_id: cluster_id(&store).await?,
        lanes: Arc::new(Lanes::new(
            Arc::clone(&cluster),
            Arc::clone(&open_tasks),
            Arc::clone(&journal),
            config.scatter.node_write_timeout_ms.duration(),
            config.scatter.retry_on_timeout,
            LaneLimits {
                legs: config.scatter.max_queued_legs,
                bytes: config.scatter.max_queued_bytes.length(),
            },
        )),
        keys,
        admission: Admission::new(&config.server),
        staleness: Staleness::new(&stale, Arc::clone(&repair_bell)),
        touches: Touches::default(),
        workers: Workers::default(),
        metrics,
        hedging,
        repair_bell,
        leftovers_bell,
        catalog: Catalog::new(indexes, fields),
        sequencers: Sequencers::default(),
        dictionary: ExactDictionary::load(&config.exact_dictionary, &store).await?,
        outside: Outside::new(&config),
        exports: Exports::open(&store).await?,
        webhooks: Webhooks::open(&config, &store).await?,
        settings: SettingsBroadcast::new(settings),
        unannounced: Unannounced::default(),
        buffered: Arc::new(Buffered::for_documents(
            config.server.max_buffered_bytes.length(),
        )),
        buffered_requests: Arc::new(Buffered::for_requests(
            config.server.max_buffered_request_bytes.length(),
        )),
        idempotency: Idempotency::default(),
        coalescing: Coalescing::default(),
        open_tasks,
        journal,
        shards,
        defaults: OnceCell::new(),
        was_covered: AtomicBool::new(false),
        is_stopping: AtomicBool::new(false),
        stopping: CancellationToken::new(),
        stories: TaskTracker::new(),
        loops: TaskTracker::new(),
        cluster,
        store,
        config,
    }))
}

/// The system's certificates are read only if some node has an `https` address.
fn tls_to_nodes(config: &Config, topology: &Topology) -> Result<Tls, TlsError> {
    let is_secure = |node: &Node| node.address.starts_with("https://");
    if !topology.nodes().iter().any(is_secure) {
        return Ok(Tls::none());
    }
    let files = &config.node_tls;
    Tls::load(TlsFiles {
        ca_file: files.ca_file.as_deref(),
        identity: files
            .client_cert_file
            .as_deref()
            .zip(files.client_key_file.as_deref()),
    })
}

/// A mark may have been written just after its index was deleted; nobody else would ever remove it.
async fn without_the_gone(
    store: &Store,
    stale: Vec<StaleRow>,
    indexes: &[Index],
) -> Result<Vec<StaleRow>, StoreError> {
    let known: HashSet<&NodeUid> = indexes.iter().map(Index::node_uid).collect();
    let (kept, gone): (Vec<_>, Vec<_>) = stale
        .into_iter()
        .partition(|row| known.contains(&row.key.node_uid));
    if !gone.is_empty() {
        let forget = move |tx: &mut dyn Transaction| {
            gone.iter()
                .try_for_each(|row| tx.staleness().forget_index(&row.key.node_uid).map(drop))
        };
        store.write(forget).await?;
    }
    Ok(kept)
}

/// A random name for this cluster, made once.
async fn cluster_id(store: &Store) -> Result<String, StoreError> {
    let id = store
        .write(|tx| {
            if let Some(id) = tx.cluster().get(ClusterKey::ClusterId)? {
                return Ok(id);
            }
            let id = uuid::Uuid::new_v4().simple().to_string().into_bytes();
            tx.cluster().put(ClusterKey::ClusterId, &id)?;
            tx.cluster()
                .put(ClusterKey::CreatedAt, &clock::now_ms().to_le_bytes())?;
            Ok(id)
        })
        .await?;
    Ok(String::from_utf8_lossy(&id).into_owned())
}

/// The stored topology; on the first start the configured one, which is stored.
async fn topology(config: &Config, store: &Store) -> Result<Topology, StartError> {
    let configured = configured(config)?;
    let stored = store.read(|tx| tx.topology_epochs().latest()).await?;
    let Some(stored) = stored else {
        let topology = Topology::new(configured)?;
        publish(store, topology.parts(), "first start").await?;
        return Ok(topology);
    };
    let mut parts: TopologyParts = stored.snapshot.parse()?;
    if parts.replication_factor != configured.replication_factor {
        return Err(StartError::Changed(format!(
            "replication_factor is {}, but this cluster holds {} copies of every shard: set it back, this version cannot change it",
            configured.replication_factor, parts.replication_factor
        )));
    }
    let mut moved = false;
    for node in &configured.nodes {
        match parts.nodes.iter_mut().find(|known| known.id == node.id) {
            Some(known) if known.replica_group != node.replica_group => {
                return Err(StartError::Changed(format!(
                    "node `{}` is configured for replica group {}, but belongs to group {}: set it back, a node cannot change its group",
                    node.id, node.replica_group, known.replica_group
                )));
            }
            Some(known) if known.address != node.address => {
                tracing::info!(node_id = %node.id, from = known.address, to = node.address, "address of a node changes");
                known.address.clone_from(&node.address);
                moved = true;
            }
            Some(_) => {}
            None => {
                tracing::warn!(node_id = %node.id, "node is new in the configuration and is not used: nodes cannot join a cluster in this version")
            }
        }
    }
    for known in &parts.nodes {
        if configured.nodes.iter().all(|node| node.id != known.id) {
            tracing::warn!(node_id = %known.id, "node is missing in the configuration and stays a member");
        }
    }
    if moved {
        parts.epoch += 1;
    }
    let topology = Topology::new(parts)?;
    if moved {
        publish(store, topology.parts(), "address of a node changed").await?;
    }
    Ok(topology)
}

fn configured(config: &Config) -> Result<TopologyParts, StartError> {
    let nodes = config
        .nodes
        .iter()
        .map(|entry| {
            let id = entry.id.parse().map_err(|source| StartError::Node {
                node: entry.id.clone(),
                source,
            })?;
            Ok(Node {
                id,
                address: entry.address.clone(),
                replica_group: GroupId(entry.replica_group),
                membership: Membership::Active,
                leftovers: false,
            })
        })
        .collect::<Result<_, StartError>>()?;
    let groups = (0..config.replica_groups)
        .map(|id| Group {
            id: GroupId(id),
            state: GroupState::Active,
        })
        .collect();
    Ok(TopologyParts {
        epoch: 1,
        replication_factor: config.replication_factor,
        groups,
        nodes,
    })
}

async fn publish(
    store: &Store,
    parts: &TopologyParts,
    reason: &'static str,
) -> Result<(), StoreError> {
    let parts = parts.clone();
    store
        .write(move |tx| {
            let now = clock::now_ms();
            for group in &parts.groups {
                let state = miroir_store::table::GroupState::Active;
                tx.replica_groups().put(&ReplicaGroupRow {
                    id: group.id,
                    state,
                    changed_at: now,
                })?;
            }
            for node in &parts.nodes {
                let known = tx.nodes().get(&node.id)?;
                let row = NodeRow {
                    id: node.id.clone(),
                    address: node.address.clone(),
                    replica_group: node.replica_group,
                    membership: NodeMembership::Active,
                    health: NodeHealth::Healthy,
                    version: known
                        .as_ref()
                        .map(|row| row.version.clone())
                        .unwrap_or_default(),
                    last_task_uid: known.as_ref().and_then(|row| row.last_task_uid),
                    incarnation: known
                        .as_ref()
                        .map(|row| row.incarnation.clone())
                        .unwrap_or_default(),
                    ejected: false,
                    changed_at: now,
                    last_seen_at: known.as_ref().and_then(|row| row.last_seen_at),
                };
                match known {
                    Some(_) => tx.nodes().update(&row)?,
                    None => tx.nodes().insert(&row)?,
                }
            }
            tx.topology_epochs().append(&TopologyEpochRow {
                epoch: parts.epoch,
                snapshot: Json::of(&parts),
                reason: reason.to_owned(),
                created_at: now,
                active_at: Some(now),
            })
        })
        .await
}
