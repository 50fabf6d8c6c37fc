//! Nodes that are slow or sick: which copies reads ask, and legs that were asked twice.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use miroir_core::plan::Scores;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::labels::Node;
use super::seconds;
use crate::config::{Config, Strategy};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// Legs that were asked twice.
#[derive(Clone)]
pub(crate) struct Hedges {
    fired: Family<Outcome, Counter>,
    savings: Histogram,
    pub(crate) exhausted: Counter,
}

impl Hedges {
    pub(super) fn new(registry: &mut Registry, config: &Config) -> Self {
        let hedges = Self {
            fired: Family::default(),
            savings: seconds(),
            exhausted: Counter::default(),
        };
        for outcome in ["winner", "loser"] {
            drop(hedges.fired.get_or_create(&Outcome { outcome }));
        }
        if config.hedging.enabled {
            let fired = hedges.fired.clone();
            registry.register("hedge_fired", "Legs that were asked twice", fired);
            let savings = hedges.savings.clone();
            registry.register(
                "hedge_latency_savings_seconds",
                "Time that late legs had left when another copy had answered: saved at most",
                savings,
            );
            let exhausted = hedges.exhausted.clone();
            registry.register(
                "hedge_budget_exhausted",
                "Late legs that were not asked twice, because too many had been",
                exhausted,
            );
        }
        hedges
    }

    /// The hedge answered first, `left` before the late leg would have been lost.
    pub(crate) fn won(&self, left: Duration) {
        let outcome = "winner";
        self.fired.get_or_create(&Outcome { outcome }).inc();
        self.savings.observe(left.as_secs_f64());
    }

    pub(crate) fn lost(&self) {
        let outcome = "loser";
        self.fired.get_or_create(&Outcome { outcome }).inc();
    }
}

/// How nodes are chosen.
#[derive(Clone)]
pub(crate) struct Selection {
    scores: Family<Node, Gauge<f64, AtomicU64>>,
    pub(crate) explorations: Counter,
}

impl Selection {
    pub(super) fn new(registry: &mut Registry, config: &Config) -> Self {
        let selection = Self {
            scores: Family::default(),
            explorations: Counter::default(),
        };
        if config.replica_selection.strategy == Strategy::Adaptive {
            let scores = selection.scores.clone();
            registry.register(
                "replica_selection_score",
                "How the node does at searches; lower is better",
                scores,
            );
            let explorations = selection.explorations.clone();
            registry.register(
                "replica_selection_exploration",
                "Reads that looked how nodes do that would not be asked",
                explorations,
            );
        }
        selection
    }

    /// Of the nodes that are healthy.
    pub(super) fn show(&self, scores: &Scores) {
        self.scores.clear();
        for (node, score) in scores.iter() {
            let node_id = node.as_str().to_owned();
            self.scores.get_or_create(&Node { node_id }).set(score);
        }
    }
}
