//! Reads that several nodes answer.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// What scattering costs.
pub(crate) struct Reads {
    fan_out: Histogram,
    partial: Counter,
    retries: Counter,
    refills: Counter,
    merge: Histogram,
}

impl Reads {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let reads = Self {
            fan_out: Histogram::new([1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0]),
            partial: Counter::default(),
            retries: Counter::default(),
            refills: Counter::default(),
            merge: Histogram::new([
                0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005,
                0.01, 0.025, 0.05, 0.1, 1.0,
            ]),
        };
        let fan_out = reads.fan_out.clone();
        registry.register("scatter_fan_out_size", "Legs of a search", fan_out);
        let partial = reads.partial.clone();
        registry.register(
            "scatter_partial_responses",
            "Answers that lack shards",
            partial,
        );
        let retries = reads.retries.clone();
        registry.register(
            "scatter_retries",
            "Legs asked again of another copy",
            retries,
        );
        let refills = reads.refills.clone();
        registry.register(
            "scatter_refills",
            "Legs asked again because their first page ran dry",
            refills,
        );
        let merge = reads.merge.clone();
        registry.register("merge_duration_seconds", "Merging the answers", merge);
        reads
    }

    pub(crate) fn scattered(&self, legs: usize) {
        #[expect(clippy::cast_precision_loss, reason = "as many as nodes at most")]
        self.fan_out.observe(legs as f64);
    }

    pub(crate) fn answered_in_part(&self) {
        self.partial.inc();
    }

    pub(crate) fn retried(&self, legs: usize) {
        self.retries.inc_by(legs as u64);
    }

    pub(crate) fn refilled(&self, legs: usize) {
        self.refills.inc_by(legs as u64);
    }

    pub(crate) fn merged(&self, duration: Duration) {
        self.merge.observe(duration.as_secs_f64());
    }
}
