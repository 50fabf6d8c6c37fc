//! Sections of the traffic to nodes: health probes, scattered requests, copies between nodes.

use super::table::Allowed::{Any, Range};
use super::table::{Allowed, section};
use super::value::{ByteSize, Factor, Millis, Seconds, words};

section! {
    /// Health probes.
    Health at (health) {
        /// Time between probes of a node.
        interval_ms: Millis = Millis(5000), Range(200, 60_000);
        /// Deadline of one probe; at most `interval_ms`.
        timeout_ms: Millis = Millis(2000), Range(50, 60_000);
        /// Consecutive failures before the health of a node drops.
        unhealthy_threshold: u32 = 3, Range(1, 20);
        /// Consecutive successes before it rises.
        recovery_threshold: u32 = 2, Range(1, 20);
    }
}

section! {
    /// Requests to nodes.
    Scatter at (scatter) {
        /// Deadline of one read leg; at most `server.request_timeout_ms`.
        [runtime]
        node_timeout_ms: Millis = Millis(5000), Range(50, 600_000);
        /// Deadline of one write leg until the node has enqueued it.
        [runtime]
        node_write_timeout_ms: Millis = Millis(30_000), Range(1000, 600_000);
        /// After quorum, how long the answer waits for the other legs, so that the degraded header is accurate.
        [runtime]
        write_linger_ms: Millis = Millis(200), Range(0, 10_000);
        /// After the task of a shard has finished on another replica, how long a lagging replica holds the client task
        /// open before it is marked stale.
        [runtime]
        straggler_grace_s: Seconds = Seconds(60), Range(1, 3600);
        /// A write leg larger than this is sent as several consecutive node tasks; equal to the payload limit of the
        /// nodes.
        node_max_body_bytes: ByteSize = ByteSize(100_000_000), Allowed::AtLeast(65_536);
        /// Write legs that wait for one node and index; a node that falls further behind misses writes, and is repaired. Clients get
        /// 503 when so few copies are less than half as far behind that a write could not be acknowledged.
        max_queued_legs: usize = 2000, Range(2, 1_000_000);
        /// The same in bytes of their bodies.
        max_queued_bytes: ByteSize = ByteSize(268_435_456), Allowed::AtLeast(65_536);
        /// On a write timeout find out on the node whether the write arrived, and resend only if it did not. `false`:
        /// do not resend, mark stale.
        [runtime]
        retry_on_timeout: bool = true, Any;
        /// What a read does that cannot cover every shard.
        [runtime]
        unavailable_shard_policy: UnavailableShardPolicy = UnavailableShardPolicy::Partial, Any;
        /// Which copies count for the quorum of a write.
        [runtime]
        write_quorum: WriteQuorum = WriteQuorum::InSync, Any;
        /// Fewest acknowledgements per group and shard; at most `replication_factor`.
        [runtime]
        min_copies: u16 = 1, Range(1, 16);
    }
}

section! {
    /// Copies of documents from node to node.
    Rebalancer at (rebalancer) {
        /// Repair the stale copies of a node that has returned without being asked.
        auto_rebalance_on_recovery: bool = true, Any;
        /// Documents per batch of a copy; fewer where they are large.
        migration_batch_size: usize = 1000, Range(1, 10_000);
        /// A copy rests this many times as long as its last step took; 0 is never.
        throttle_factor: Factor = Factor(1.0), Range(0, 100);
        /// Longest time for which the writes of an index may be held while the last documents are compared.
        cutover_hold_ms: Millis = Millis(2000), Range(0, 10_000);
    }
}

words! {
    /// What a read does that cannot cover every shard.
    UnavailableShardPolicy {
        /// Answer with what there is and say so in the header.
        Partial = "partial",
        /// Answer with an error.
        Error = "error",
    }
}

words! {
    /// Which copies count for the quorum of a write.
    WriteQuorum {
        /// The copies that are in sync.
        InSync = "in_sync",
        /// All of them.
        Strict = "strict",
    }
}
