//! What is known by looking: the fleet, the copies, the open tasks, the process itself. Looked at when somebody scrapes.

use std::collections::{BTreeMap, BTreeSet};

use miroir_core::id::{NodeId, NodeUid, Shard};
use miroir_core::plan::{self, Constraints};
use miroir_core::topology::Health;
use miroir_store::StoreError;
use miroir_store::table::StaleReason;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

use super::labels::Node;
use crate::app::App;
use crate::clock;
use crate::telemetry::pressure;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stale {
    node_id: String,
    reason: &'static str,
}

#[derive(Default)]
pub(super) struct State {
    node_healthy: Family<Node, Gauge>,
    coverage: Gauge,
    degraded: Gauge,
    distribution: Family<Node, Gauge>,
    stale: Family<Stale, Gauge>,
    under_replicated: Gauge,
    epoch: Gauge,
    task_age: Gauge<f64, AtomicU64>,
    tasks: Gauge,
    waiting: Gauge,
    rebalancing: Gauge,
    memory_pressure: Gauge,
    throttled: Counter<f64, AtomicU64>,
    peers: Gauge,
    leader: Gauge,
}

impl State {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let state = Self::default();
        let gauges: [(&str, &str, &Gauge); 10] = [
            (
                "shard_coverage",
                "Shards of indexes with a fresh copy on a node that answers",
                &state.coverage,
            ),
            (
                "degraded_shards_total",
                "Shards of indexes without one; 0 is healthy",
                &state.degraded,
            ),
            (
                "under_replicated_shards",
                "Shards of indexes with a stale copy",
                &state.under_replicated,
            ),
            ("topology_epoch", "The topology in use", &state.epoch),
            (
                "task_registry_size",
                "Tasks that are remembered",
                &state.tasks,
            ),
            (
                "request_queue_depth",
                "Requests that wait for their turn",
                &state.waiting,
            ),
            (
                "rebalance_in_progress",
                "Whether a copy is being made or repaired",
                &state.rebalancing,
            ),
            (
                "memory_pressure",
                "0 below 75 % of the container's limit, 1 above, 2 above 90 %",
                &state.memory_pressure,
            ),
            ("peer_pod_count", "Processes of this cluster", &state.peers),
            (
                "leader",
                "Whether this process leads the cluster",
                &state.leader,
            ),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        let healthy = state.node_healthy.clone();
        registry.register("node_healthy", "Whether the node is well", healthy);
        let distribution = state.distribution.clone();
        registry.register(
            "shard_distribution",
            "Copies that the node owns, of all indexes",
            distribution,
        );
        let stale = state.stale.clone();
        registry.register("stale_replicas", "Copies that serve no reads", stale);
        let age = state.task_age.clone();
        registry.register(
            "task_processing_age_seconds",
            "Age of the oldest task that is not finished",
            age,
        );
        let throttled = state.throttled.clone();
        registry.register(
            "cpu_throttled_seconds",
            "Time that the container's processor limit took",
            throttled,
        );
        // With the store in a file there is one process, which leads.
        state.peers.set(1);
        state.leader.set(1);
        state
    }

    pub(super) async fn look_at(&self, app: &App) -> Result<(), StoreError> {
        let (stale, tasks, oldest) = app
            .store
            .read(|tx| {
                let oldest = tx.tasks().unfinished()?;
                let oldest = oldest.iter().map(|row| row.enqueued_at).min();
                Ok((tx.staleness().all()?, tx.tasks().count()?, oldest))
            })
            .await?;
        self.look_at_fleet(app);
        self.stale.clear();
        for node in app.cluster.node_ids() {
            for reason in StaleReason::ALL {
                let labels = Stale {
                    node_id: node.as_str().to_owned(),
                    reason: reason.as_str(),
                };
                self.stale.get_or_create(&labels).set(0);
            }
        }
        let mut lacking: BTreeSet<(&NodeUid, Shard)> = BTreeSet::new();
        for row in &stale {
            let labels = Stale {
                node_id: row.key.node_id.as_str().to_owned(),
                reason: row.reason.as_str(),
            };
            self.stale.get_or_create(&labels).inc();
            lacking.insert((&row.key.node_uid, row.key.shard));
        }
        self.under_replicated.set(count(lacking.len()));
        self.rebalancing.set(i64::from(!stale.is_empty()));
        self.tasks.set(i64::try_from(tasks).unwrap_or(i64::MAX));
        self.waiting.set(count(app.admission.depth()));
        let age = oldest.map_or(0, |at| (clock::now_ms() - at).max(0));
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of an age")]
        self.task_age.set(age as f64 / 1000.0);
        self.look_at_process();
        Ok(())
    }

    fn look_at_fleet(&self, app: &App) {
        let topology = app.cluster.topology();
        let health = app.cluster.health();
        self.epoch
            .set(i64::try_from(topology.epoch()).unwrap_or(i64::MAX));
        self.node_healthy.clear();
        for node in app.cluster.node_ids() {
            let is_well = health.get(node) == Health::Healthy;
            self.node_healthy
                .get_or_create(&label(node))
                .set(i64::from(is_well));
        }
        let (mut covered, mut uncovered) = (0, 0);
        let mut owned: BTreeMap<&NodeId, usize> =
            app.cluster.node_ids().map(|node| (node, 0)).collect();
        let indexes = app.catalog.all();
        let placements: Vec<_> = indexes
            .values()
            .map(|index| topology.placement(index.shards()))
            .collect();
        for (index, placement) in indexes.values().zip(&placements) {
            let view = app.quiet_view(index.node_uid());
            let everything = Constraints::default();
            let plan = plan::search(&view.cluster(), index.shards(), &everything, 0);
            uncovered += plan.uncovered.len();
            covered += usize::from(index.shards().get()) - plan.uncovered.len();
            for (node, shards) in placement.groups().iter().flat_map(|group| group.nodes()) {
                if let Some(copies) = owned.get_mut(node) {
                    *copies += shards.len();
                }
            }
        }
        self.coverage.set(count(covered));
        self.degraded.set(count(uncovered));
        self.distribution.clear();
        for (node, copies) in owned {
            self.distribution
                .get_or_create(&label(node))
                .set(count(copies));
        }
    }

    fn look_at_process(&self) {
        self.memory_pressure.set(pressure::of_memory());
        let throttled = pressure::throttled();
        let known = self.throttled.get();
        self.throttled.inc_by((throttled - known).max(0.0));
    }
}

fn label(node: &NodeId) -> Node {
    Node {
        node_id: node.as_str().to_owned(),
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
