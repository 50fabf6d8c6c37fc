//! Sections of what is sent at most once: keyed writes, and settings on their way to the nodes.

use super::table::Allowed::{Any, Range};
use super::table::section;
use super::value::{Seconds, words};

section! {
    /// Writes with an `Idempotency-Key`.
    Idempotency at (idempotency) {
        /// Answer a write that is sent again with the task of the first one. `false`: the header is ignored.
        enabled: bool = true, Any;
        /// How long a key is remembered.
        ttl_seconds: Seconds = Seconds(86_400), Range(60, 2_592_000);
        /// Keys that are remembered, about 100 bytes each and the answer; the oldest are forgotten first.
        [scaled]
        max_cached_keys: usize = 1_000_000, Range(1, 100_000_000);
    }
}

section! {
    /// How changes of settings come to the nodes.
    SettingsBroadcast at (settings_broadcast) {
        /// Whether all nodes are told at once.
        strategy: SettingsStrategy = SettingsStrategy::TwoPhase, Any;
        /// How long a node may take to show the settings that it was given; with `sequential`, to apply them.
        [runtime]
        verify_timeout_s: Seconds = Seconds(60), Range(1, 86_400);
        /// How often nodes are told again, after 1, 2, 4 .. seconds, before a change fails that too few nodes have for every
        /// shard to be covered.
        [runtime]
        max_repair_retries: u32 = 3, Range(0, 100);
        /// Refuse documents while the nodes that have an index's settings do not cover every shard, and the others cannot be
        /// brought in line.
        [runtime]
        freeze_writes_on_unrepairable: bool = true, Any;
    }
}

section! {
    /// Whether the nodes still have the settings that they were given.
    SettingsDriftCheck at (settings_drift_check) {
        /// Time between two looks at the settings of an index on a node.
        [runtime]
        interval_s: Seconds = Seconds(300), Range(5, 86_400);
        /// Tell a node the settings again that it lacks. `false`: it only serves no reads, until
        /// `POST /_miroir/indexes/{uid}/settings/unfreeze`.
        [runtime]
        auto_repair: bool = true, Any;
    }
}

words! {
    /// Whether all nodes are told at once.
    SettingsStrategy {
        /// All at once; committed when the nodes that show it cover every shard.
        TwoPhase = "two_phase",
        /// One after the other; undone when one of them cannot have it.
        Sequential = "sequential",
    }
}
