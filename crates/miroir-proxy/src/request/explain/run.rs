//! What an execution did: each leg with its times, and what was left for Miroir itself.

use std::time::Duration;

use miroir_core::id::{NodeId, ShardSet};
use serde::Serialize;

use crate::request::scatter::CallReport;

#[derive(Serialize)]
pub(super) struct RunView {
    /// In the order of their first shards. A leg that stands for a failed one is a leg of its own.
    legs: Vec<LegRun>,
    /// What no leg accounts for: planning, merging, writing the answer.
    merge_ms: f64,
    /// Some hits have ids that are equal to the engine; they stand in the order of their canonical form.
    ambiguous_ids: bool,
}

#[derive(Serialize)]
struct LegRun {
    node: NodeId,
    shards: ShardSet,
    /// Over all its requests.
    ms: f64,
    /// Of its last request; null when there was no answer.
    status: Option<u16>,
    hits: Option<usize>,
    /// Requests beyond the first one.
    refills: usize,
    hedged: bool,
}

impl RunView {
    pub(super) fn new(calls: Vec<CallReport>, total: Duration, ambiguous_ids: bool) -> Self {
        let mut legs: Vec<LegRun> = Vec::new();
        for call in calls {
            let known = legs
                .iter_mut()
                .find(|leg| leg.node == call.node && leg.shards == call.shards);
            match known {
                Some(leg) => {
                    leg.ms += milliseconds(call.took);
                    leg.status = call.status;
                    leg.hits = call.hits;
                    leg.refills += 1;
                }
                None => legs.push(LegRun {
                    node: call.node,
                    shards: call.shards,
                    ms: milliseconds(call.took),
                    status: call.status,
                    hits: call.hits,
                    refills: 0,
                    hedged: false,
                }),
            }
        }
        legs.sort_by(|left, right| {
            (left.shards.first(), &left.node).cmp(&(right.shards.first(), &right.node))
        });
        // Legs run side by side, so that the longest is what was waited for.
        let waited = legs.iter().map(|leg| leg.ms).fold(0.0, f64::max);
        Self {
            legs,
            merge_ms: (milliseconds(total) - waited).max(0.0),
            ambiguous_ids,
        }
    }
}

/// To a thousandth.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
