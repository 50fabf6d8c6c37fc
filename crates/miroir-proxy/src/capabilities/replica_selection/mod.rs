//! Reads go to the copies whose nodes do well, by what this process has seen of them in the last seconds.
//!
//! A node that does far worse than the others is spared where they can answer. So that it is noticed when it does better, some reads
//! are asked of it as well, on trial: nobody waits for that answer. With another strategy nodes take turns, whatever they do; what is
//! seen of them is kept all the same, because hedging needs it.

mod decide;
mod turns;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use miroir_core::id::NodeId;
use miroir_core::plan::Scores;
use miroir_core::topology::{Health, HealthMap};
use miroir_node::{Answer, NodeError};
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use tokio::time::Instant;

use crate::config::{self, Strategy};
use decide::{Ending, Measure, Samples, median};
use turns::Turns;

/// What is known is put together anew after this time.
const REFRESH: Duration = Duration::from_millis(20);
/// Answers of a node without which its own p95 says too little.
const ENOUGH: u32 = 20;
/// For so long after it has become eligible ...
const FRESH: Duration = Duration::from_secs(10);
/// ... a node has at most so many requests to answer at once.
const FRESH_IN_FLIGHT: u32 = 4;
/// So many late legs in a row, without an answer between them, and a node is spared before its p95 shows why ...
const LATE_IN_A_ROW: u32 = 2;
/// ... by so many points for each: when the whole fleet hesitates, the node that has been silent longest is still the worst.
const LATE_POINTS: f64 = 1_000.0;

/// What kind of work a request is for a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Search,
    Document,
}

const CLASSES: usize = 2;

impl Class {
    /// By the name of the node call. `None`: nothing that a client waits for like that.
    fn of(operation: &str) -> Option<Self> {
        match operation {
            "search" | "facet_search" | "similar" | "multi_search" | "fetch" => Some(Self::Search),
            "documents" => Some(Self::Document),
            _ => None,
        }
    }
}

/// What this process has seen of the nodes.
pub(crate) struct ReplicaSelection {
    options: config::ReplicaSelection,
    /// In the order of their ids.
    nodes: Vec<Node>,
    turns: Turns,
    picture: ArcSwap<Picture>,
    refreshing: Mutex<()>,
    began: Instant,
    explorations: Counter,
}

struct Node {
    id: NodeId,
    in_flight: [AtomicU32; CLASSES],
    samples: [Mutex<Samples>; CLASSES],
    /// Late legs since its last answer.
    late: AtomicU32,
    was_healthy: AtomicBool,
    /// When it became eligible, in milliseconds since the process began.
    eligible: AtomicU64,
}

/// What the samples of all nodes came to a moment ago.
#[derive(Default)]
struct Picture {
    taken: Option<Duration>,
    /// By node.
    measures: [Vec<Measure>; CLASSES],
    median: [Option<Duration>; CLASSES],
}

/// What a read is to know when it is planned.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Choice {
    pub(crate) scores: Scores,
    /// A node that is spared and that this read is to be tried on as well.
    pub(crate) trial: Option<NodeId>,
}

impl ReplicaSelection {
    pub(crate) fn new(
        options: config::ReplicaSelection,
        nodes: impl IntoIterator<Item = NodeId>,
        explorations: Counter,
    ) -> Self {
        let half_life = options.ewma_half_life_ms.duration();
        let turns = match options.strategy {
            Strategy::Adaptive => Turns::new(options.turn_length),
            Strategy::RoundRobin | Strategy::Random => Turns::new(1),
        };
        let mut nodes: Vec<Node> = nodes
            .into_iter()
            .map(|id| Node {
                id,
                in_flight: Default::default(),
                samples: std::array::from_fn(|_| Mutex::new(Samples::new(half_life))),
                late: AtomicU32::new(0),
                was_healthy: AtomicBool::new(false),
                eligible: AtomicU64::new(0),
            })
            .collect();
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            options,
            nodes,
            turns,
            picture: ArcSwap::default(),
            refreshing: Mutex::default(),
            began: Instant::now(),
            explorations,
        }
    }

    /// Time as this counts it.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whose turn it is, for a read that begins now: numbers that follow each other, or chance.
    pub(crate) fn turn(&self) -> u64 {
        match self.options.strategy {
            Strategy::Random => rand::random(),
            Strategy::Adaptive | Strategy::RoundRobin => self.turns.take(self.is_busy()),
        }
    }

    /// The same for the next read, which does not begin yet.
    pub(crate) fn next_turn(&self) -> u64 {
        self.turns.peek(self.is_busy())
    }

    fn is_busy(&self) -> bool {
        let mut counts = self.nodes.iter().flat_map(|node| &node.in_flight);
        counts.any(|count| count.load(Ordering::Relaxed) > 0)
    }

    /// For a read that begins now. `dice`: chance, from 0 to 1.
    pub(crate) fn choose(
        &self,
        class: Class,
        health: &HealthMap,
        now: Duration,
        dice: f32,
    ) -> Choice {
        // Hedging needs what is usual, whatever the strategy.
        let scores = self.scores(class, health, now);
        if self.options.strategy != Strategy::Adaptive {
            return Choice::default();
        }
        let epsilon = self.options.exploration_epsilon.0;
        if dice >= epsilon {
            return Choice {
                scores,
                trial: None,
            };
        }
        self.explorations.inc();
        let sick: Vec<&NodeId> = scores.outliers().collect();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a short list"
        )]
        let place = (dice / epsilon * sick.len() as f32) as usize;
        match sick.get(place) {
            Some(node) => Choice {
                trial: Some((*node).clone()),
                scores,
            },
            // Nobody is spared: nodes take turns.
            None => Choice::default(),
        }
    }

    /// Of the healthy nodes; lower is better.
    pub(crate) fn scores(&self, class: Class, health: &HealthMap, now: Duration) -> Scores {
        let picture = self.picture(health, now);
        let healthy = self.nodes.iter().enumerate();
        let healthy = healthy.filter(|(_, node)| health.get(&node.id) == Health::Healthy);
        let scores = healthy.map(|(at, node)| {
            let score = self.score(node, &picture, class, at, now);
            (node.id.clone(), score)
        });
        Scores::new(scores.collect())
    }

    fn score(&self, node: &Node, picture: &Picture, class: Class, at: usize, now: Duration) -> f64 {
        let in_flight = node.in_flight[class as usize].load(Ordering::Relaxed);
        let eligible = Duration::from_millis(node.eligible.load(Ordering::Relaxed));
        let is_fresh = now.saturating_sub(eligible) < FRESH;
        if is_fresh && in_flight >= FRESH_IN_FLIGHT {
            return f64::INFINITY;
        }
        let late = match node.late.load(Ordering::Relaxed) {
            0..LATE_IN_A_ROW => 0.0,
            late => LATE_POINTS * f64::from(late),
        };
        let measure = picture.measures[class as usize]
            .get(at)
            .copied()
            .unwrap_or_default();
        let p95 = measure.p95.or(picture.median[class as usize]);
        let milliseconds = p95.unwrap_or_default().as_secs_f64() * 1e3;
        let options = &self.options;
        late + options.latency_weight.0 * milliseconds
            + options.inflight_weight.0 * f64::from(in_flight)
            + options.error_weight.0 * measure.error_percent
    }

    /// What is usual for the node; of the fleet, where too little is known of the node. `None`: nothing is known.
    pub(crate) fn p95(&self, node: &NodeId, class: Class) -> Option<Duration> {
        let picture = self.picture.load();
        let measures = &picture.measures[class as usize];
        let own = self.find(node).and_then(|at| measures.get(at));
        own.filter(|measure| measure.samples >= ENOUGH)
            .and_then(|measure| measure.p95)
            .or(picture.median[class as usize])
    }

    /// What is usual in the fleet.
    pub(crate) fn median(&self, class: Class) -> Option<Duration> {
        self.picture.load().median[class as usize]
    }

    /// A leg to the node is late.
    pub(crate) fn late(&self, node: &NodeId) {
        if let Some(at) = self.find(node) {
            self.nodes[at].late.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A request to a node begins. Dropping what this returns without an ending gives the request up.
    pub(crate) fn begin(&self, node: &NodeId, operation: &str) -> Option<UnderWay<'_>> {
        let class = Class::of(operation)?;
        let node = &self.nodes[self.find(node)?];
        node.in_flight[class as usize].fetch_add(1, Ordering::Relaxed);
        Some(UnderWay {
            selection: self,
            node,
            class,
            begun: self.now(),
            is_over: false,
        })
    }

    fn find(&self, node: &NodeId) -> Option<usize> {
        self.nodes.binary_search_by(|known| known.id.cmp(node)).ok()
    }

    fn picture(&self, health: &HealthMap, now: Duration) -> Arc<Picture> {
        let picture = self.picture.load_full();
        let is_new = |taken: Duration| now.saturating_sub(taken) < REFRESH;
        if picture.taken.is_some_and(is_new) {
            return picture;
        }
        let Some(_alone) = self.refreshing.try_lock() else {
            return picture;
        };
        for node in &self.nodes {
            self.meet(node, health.get(&node.id) == Health::Healthy, now);
        }
        let measures: [Vec<Measure>; CLASSES] = std::array::from_fn(|class| {
            let nodes = self.nodes.iter();
            nodes
                .map(|node| node.samples[class].lock().measure(now))
                .collect()
        });
        let median = std::array::from_fn(|class| {
            median(
                measures[class]
                    .iter()
                    .filter_map(|measure| measure.p95)
                    .collect(),
            )
        });
        let picture = Arc::new(Picture {
            taken: Some(now),
            measures,
            median,
        });
        self.picture.store(Arc::clone(&picture));
        picture
    }

    /// A node that has just become eligible begins anew, as one that does as well as the others.
    fn meet(&self, node: &Node, is_healthy: bool, now: Duration) {
        if node.was_healthy.swap(is_healthy, Ordering::Relaxed) || !is_healthy {
            return;
        }
        let milliseconds = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        node.eligible.store(milliseconds, Ordering::Relaxed);
        node.late.store(0, Ordering::Relaxed);
        for samples in &node.samples {
            *samples.lock() = Samples::new(self.options.ewma_half_life_ms.duration());
        }
    }
}

/// A request that a node has not answered yet.
pub(crate) struct UnderWay<'a> {
    selection: &'a ReplicaSelection,
    node: &'a Node,
    class: Class,
    begun: Duration,
    is_over: bool,
}

impl UnderWay<'_> {
    pub(crate) fn end(self, result: &Result<Answer, NodeError>) {
        let took = self.selection.now().saturating_sub(self.begun);
        let ending = match result {
            Ok(answer) if answer.status == http::StatusCode::SERVICE_UNAVAILABLE => {
                Ending::Overloaded(took)
            }
            Ok(answer) if answer.status.is_server_error() => Ending::Failed(took),
            Ok(_) => Ending::Answered(took),
            Err(error) if error.is_unreachable() => Ending::Refused,
            Err(_) => Ending::Failed(took),
        };
        self.note(ending);
    }

    fn note(mut self, ending: Ending) {
        self.is_over = true;
        if matches!(ending, Ending::Answered(_) | Ending::Overloaded(_)) {
            self.node.late.store(0, Ordering::Relaxed);
        }
        let samples = &self.node.samples[self.class as usize];
        samples.lock().note(self.selection.now(), ending);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.node.in_flight[self.class as usize].fetch_sub(1, Ordering::Relaxed);
        if !self.is_over {
            let now = self.selection.now();
            let ending = Ending::GivenUp(now.saturating_sub(self.begun));
            let samples = &self.node.samples[self.class as usize];
            samples.lock().note(now, ending);
        }
    }
}
