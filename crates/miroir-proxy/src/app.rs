//! The composition root: everything the process consists of, one field each, and its life from start to stop.

mod start;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use miroir_core::error::{ApiError, Code};
use miroir_core::id::{NodeId, NodeUid, ShardCount, TaskUid};
use miroir_core::plan;
use miroir_core::quorum;
use miroir_core::topology::{HealthMap, StaleMap, Topology};
use miroir_core::wire::task::TaskStatus;
use miroir_store::table::StaleReason;
use miroir_store::{Store, StoreError};
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::capabilities::exact_dictionary::ExactDictionary;
use crate::capabilities::hedging::Hedging;
use crate::capabilities::idempotency::{self, Idempotency};
use crate::capabilities::query_coalescing::Coalescing;
use crate::capabilities::replica_selection::{Choice, Class};
use crate::capabilities::settings_broadcast::{SettingsBroadcast, Standing, terms};
use crate::capabilities::webhooks::Webhooks;
use crate::catalog::Catalog;
use crate::cluster::Cluster;
use crate::cluster::defaults::{self, NodeDefaults};
use crate::cluster::journal::Journal;
use crate::cluster::lanes::Lanes;
use crate::cluster::sequencer::Sequencers;
use crate::cluster::staleness::Staleness;
use crate::cluster::touches::Touches;
use crate::cluster::worker::Workers;
use crate::config::{Config, WriteQuorum};
use crate::http::admission::Admission;
use crate::http::body::Buffered;
use crate::http::reply::Failure;
use crate::keys::KeyRing;
use crate::outside::Outside;
use crate::request::announcement::Unannounced;
use crate::request::export::Exports;
use crate::tasks::OpenTasks;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::request;

pub(crate) use start::run_until_stopped;

/// One process of Miroir.
pub(crate) struct App {
    pub(crate) config: Config,
    /// What survives a restart.
    pub(crate) store: Store,
    /// Nodes, their health and the connections to them.
    pub(crate) cluster: Arc<Cluster>,
    /// Copies that serve no reads.
    pub(crate) staleness: Staleness,
    /// Who may come in.
    pub(crate) keys: KeyRing,
    /// How many at once.
    pub(crate) admission: Admission,
    /// The indexes as clients see them.
    pub(crate) catalog: Catalog,
    /// Who may decide what happens next to an index.
    pub(crate) sequencers: Sequencers,
    /// Writes on their way to each node.
    pub(crate) lanes: Arc<Lanes>,
    /// Indexes whose words every node is to know.
    pub(crate) dictionary: ExactDictionary,
    /// How calls leave to addresses that clients name.
    pub(crate) outside: Outside,
    /// Indexes on their way to other servers.
    pub(crate) exports: Exports,
    /// Who is told of finished tasks.
    pub(crate) webhooks: Webhooks,
    /// Which nodes have the settings of an index.
    pub(crate) settings: SettingsBroadcast,
    /// Indexes that nodes may lack.
    pub(crate) unannounced: Unannounced,
    /// Bodies of documents, until the last node has them.
    pub(crate) buffered: Arc<Buffered>,
    /// Bodies of all other requests.
    pub(crate) buffered_requests: Arc<Buffered>,
    /// Writes that clients may send twice.
    pub(crate) idempotency: Idempotency,
    /// Searches that others may wait for too.
    pub(crate) coalescing: Coalescing,
    /// What is on its way to nodes, in case the process does not live to see it arrive.
    pub(crate) journal: Arc<Journal>,
    /// Tasks that are not finished.
    pub(crate) open_tasks: Arc<OpenTasks>,
    /// Documents that are written while they are being copied.
    pub(crate) touches: Touches,
    /// The background loops that report how they are.
    pub(crate) workers: Workers,
    /// What is counted, and the scrape of it.
    pub(crate) metrics: Metrics,
    /// Legs of reads that are late.
    pub(crate) hedging: Hedging,
    /// Rung when there may be something to repair.
    pub(crate) repair_bell: Arc<Notify>,
    /// Wakes the worker that deletes what nodes have of indexes that have gone.
    pub(crate) leftovers_bell: Arc<Notify>,
    /// `S` of indexes created from now on.
    pub(crate) shards: ShardCount,
    /// What a fresh index has on these nodes, once one has been asked.
    defaults: OnceCell<NodeDefaults>,
    /// Makes tags of writes unique among all clusters that ever used these nodes.
    cluster_id: String,
    /// Every shard has been covered once; see `admin::ready`.
    pub(crate) was_covered: AtomicBool,
    /// The process was told to stop; it still serves.
    pub(crate) is_stopping: AtomicBool,
    /// Cancelled when the background loops are to end.
    pub(crate) stopping: CancellationToken,
    /// Write stories; the process waits for them before it ends.
    stories: TaskTracker,
    /// Background loops; they end with the process.
    loops: TaskTracker,
}

impl App {
    /// What a search sees of the fleet, taken once.
    pub(crate) fn view(&self, index: &NodeUid) -> ClusterView<'_> {
        self.view_of(index, Class::Search)
    }

    /// The same for another class of reads.
    pub(crate) fn view_of(&self, index: &NodeUid, class: Class) -> ClusterView<'_> {
        self.view_by(index, class, rand::random())
    }

    /// What a search sees that is not one of those that explore.
    pub(crate) fn usual_view(&self, index: &NodeUid) -> ClusterView<'_> {
        self.view_by(index, Class::Search, 1.0)
    }

    fn view_by(&self, index: &NodeUid, class: Class, dice: f32) -> ClusterView<'_> {
        let mut view = self.quiet_view(index);
        let selection = self.cluster.selection();
        view.choice = selection.choose(class, &view.health, selection.now(), dice);
        view
    }

    /// What any read sees of the fleet, of which nobody says how its nodes do: nodes without the index's settings look as if they had
    /// none of its documents.
    pub(crate) fn quiet_view(&self, index: &NodeUid) -> ClusterView<'_> {
        let mut view = self.write_view(index);
        let standing = self.settings_standing(index);
        let mut mixed = false;
        let mut excluded = BTreeSet::new();
        if !standing.is_settled()
            && let Some(shards) = self.catalog.of_node_uid(index).map(|index| index.shards())
        {
            (excluded, mixed) = standing.excluded(view.topology, shards, &view.stale);
            let stale = Arc::make_mut(&mut view.stale);
            for node in &excluded {
                stale.mark(node.clone(), &shards.all());
            }
        }
        terms::note(index, excluded, mixed);
        view
    }

    /// What is known of the nodes' settings of an index.
    pub(crate) fn settings_standing(&self, index: &NodeUid) -> Standing {
        Standing {
            barred: self.settings.barred(index),
            changing: self.open_tasks.changing_settings_of(index),
        }
    }

    /// What a write sees of the fleet.
    pub(crate) fn write_view(&self, index: &NodeUid) -> ClusterView<'_> {
        ClusterView {
            index: index.clone(),
            topology: self.cluster.topology(),
            health: self.cluster.health(),
            stale: self.staleness.of(index),
            has_lexicon: self.dictionary.hides_in(index),
            choice: Choice::default(),
        }
    }

    /// How the nodes do at the moment.
    pub(crate) fn scores(&self, class: Class) -> plan::Scores {
        let selection = self.cluster.selection();
        selection.scores(class, &self.cluster.health(), selection.now())
    }

    /// A number for a read that begins now, by which reads take turns on groups and nodes.
    pub(crate) fn next_rotation(&self) -> u64 {
        self.cluster.selection().turn()
    }

    /// The number that the next read would have.
    pub(crate) fn peek_rotation(&self) -> u64 {
        self.cluster.selection().next_turn()
    }

    /// The tag that a write's requests carry to the nodes.
    pub(crate) fn tag(&self, task: TaskUid) -> String {
        format!("miroir-{}-{task}", self.cluster_id)
    }

    /// The tag of a write that is no client's; `name` is unique.
    pub(crate) fn own_tag(&self, name: &str) -> Arc<str> {
        format!("miroir-{}-{name}", self.cluster_id).into()
    }

    /// A name that no client knows.
    pub(crate) fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    pub(crate) fn quorum_rule(&self) -> quorum::WriteQuorum {
        match self.config.scatter.write_quorum {
            WriteQuorum::InSync => quorum::WriteQuorum::InSync,
            WriteQuorum::Strict => quorum::WriteQuorum::Strict,
        }
    }

    /// What a fresh index has on these nodes; asks one of them the first time.
    pub(crate) async fn node_defaults(&self) -> Result<NodeDefaults, Failure> {
        let asked = self
            .defaults
            .get_or_try_init(|| defaults::ask(&self.cluster))
            .await;
        asked.cloned().map_err(|error| {
            let answer = ApiError::new(
                Code::MiroirNoQuorum,
                "No node can be reached to prepare an index; nothing was changed. Retry when the nodes are back.",
            );
            Failure::caused(answer, error)
        })
    }

    /// A task has come to its end, and the store knows it.
    pub(crate) fn task_ended(&self, status: TaskStatus) {
        self.metrics.work.task_ended(status);
        self.webhooks.bell.notify_one();
    }

    /// Runs a write's second half so that a client that hangs up does not cut it short.
    pub(crate) fn spawn_story<T: Send + 'static>(
        &self,
        story: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.stories
            .spawn(request::carry(idempotency::carry(story)))
    }

    /// Runs a background loop until the process stops.
    pub(crate) fn spawn_worker(&self, worker: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stopping.clone();
        self.loops.spawn(async move {
            tokio::select! {
                () = worker => {}
                () = stopped.cancelled() => {}
            }
        });
    }

    /// The node's data is not what it was: no copy on it may be read until it has been compared. Durable when this returns.
    pub(crate) async fn distrust(&self, node: &NodeId) -> Result<(), StoreError> {
        self.dictionary.distrust(&self.store, node).await;
        let mut rows = Vec::new();
        for index in self.catalog.all().values() {
            let placement = self.cluster.topology().placement(index.shards());
            let owned = placement
                .groups()
                .iter()
                .flat_map(|group| group.nodes())
                .find(|(owner, _)| *owner == node);
            let Some((_, shards)) = owned else { continue };
            let copies = [(node.clone(), shards.clone())];
            let _nobody_else = self.staleness.judge();
            rows.extend(self.staleness.mark(
                index.node_uid(),
                &copies,
                StaleReason::NodeReset,
                None,
            ));
        }
        self.open_tasks.each(|task| task.lost_on(node));
        self.store
            .write(move |tx| rows.iter().try_for_each(|row| tx.staleness().mark(row)))
            .await
    }
}

/// What a request sees of the fleet. Requests keep the view they began with.
pub(crate) struct ClusterView<'a> {
    pub(crate) index: NodeUid,
    topology: &'a Topology,
    health: Arc<HealthMap>,
    stale: Arc<StaleMap>,
    has_lexicon: bool,
    choice: Choice,
}

impl ClusterView<'_> {
    pub(crate) fn cluster(&self) -> plan::Cluster<'_> {
        plan::Cluster {
            topology: self.topology,
            health: &self.health,
            stale: &self.stale,
            has_lexicon: self.has_lexicon,
            scores: &self.choice.scores,
        }
    }

    /// A node that the read is to be tried on as well.
    pub(crate) fn trial(&self) -> Option<&NodeId> {
        self.choice.trial.as_ref()
    }

    pub(crate) fn stale(&self) -> &StaleMap {
        &self.stale
    }
}
