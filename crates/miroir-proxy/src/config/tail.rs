//! Sections of slow and sick nodes: which of equal copies are asked, and what becomes of a leg that is late.

use super::table::Allowed::{Any, Range};
use super::table::section;
use super::value::{Factor, Millis, Ratio, words};

section! {
    /// Which of equally good copies a read asks.
    ReplicaSelection at (replica_selection) {
        /// How the nodes of a read are chosen among the smallest sets that cover it.
        strategy: Strategy = Strategy::Adaptive, Any;
        /// Weight of a millisecond of a node's p95.
        latency_weight: Factor = Factor(1.0), Range(0, 1000);
        /// Weight of a request of this process that the node has not answered yet.
        inflight_weight: Factor = Factor(2.0), Range(0, 1000);
        /// Weight of one percent of errors.
        error_weight: Factor = Factor(10.0), Range(0, 1000);
        /// After this time an observation counts half; after twice this time not at all.
        ewma_half_life_ms: Millis = Millis(5000), Range(100, 600_000);
        /// Part of the reads that look how the nodes do that would not be asked; at most 0.5.
        exploration_epsilon: Ratio = Ratio(0.05), Any;
        /// With `adaptive`, so many reads that come one after the other ask the same copies, which have warm caches for them.
        /// Reads that overlap take turns.
        turn_length: u32 = 20, Range(1, 1_000_000);
    }
}

section! {
    /// A late leg of a read is asked of other copies as well, and the first answer counts.
    Hedging at (hedging) {
        /// Whether late legs are hedged.
        enabled: bool = true, Any;
        /// A leg is late after the p95 of its node times this.
        p95_trigger_multiplier: Factor = Factor(1.2), Range(1, 100);
        /// But not before this time has passed.
        min_trigger_ms: Millis = Millis(15), Range(0, 60_000);
        /// Most hedges of one search; 0 is none.
        max_hedges_per_query: u32 = 2, Range(0, 1000);
        /// Also ask another replica group, where the own one has no other copy.
        cross_group_fallback: bool = true, Any;
        /// Most hedges of the process over 10 s, as a part of its legs; 50 are always allowed.
        max_hedge_ratio: Ratio = Ratio(0.5), Any;
    }
}

words! {
    /// How the nodes of a read are chosen.
    Strategy {
        /// By what they have answered lately.
        Adaptive = "adaptive",
        /// In turn.
        RoundRobin = "round_robin",
        /// By chance.
        Random = "random",
    }
}
