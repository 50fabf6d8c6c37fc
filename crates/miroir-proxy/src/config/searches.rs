//! Sections of reads that are more than one search.

use super::table::Allowed::{Any, Range};
use super::table::section;
use super::value::Millis;

section! {
    /// Identical searches at the same time.
    QueryCoalescing at (query_coalescing) {
        /// Answer identical searches of the same client key by one scatter.
        enabled: bool = true, Any;
        /// A scatter that began longer ago than this is not joined any more.
        window_ms: Millis = Millis(50), Range(0, 1000);
        /// Requests that one scatter answers; a further one begins another.
        [scaled]
        max_subscribers: usize = 1000, Range(1, 100_000);
        /// Scatters that can be joined at once; further ones are alone.
        [scaled]
        max_pending_queries: usize = 10_000, Range(1, 1_000_000);
    }
}

section! {
    /// Several searches in one request.
    MultiSearch at (multi_search) {
        /// Queries of a batch run side by side. `false`: one after another, as on a server.
        enabled: bool = true, Any;
        /// Queries that run at once; a larger batch runs in waves and is never refused.
        [runtime]
        max_queries_per_batch: u32 = 100, Range(1, 1000);
        /// Deadline of a batch; `server.request_timeout_ms` holds as well.
        [runtime]
        total_timeout_ms: Millis = Millis(30_000), Range(100, 600_000);
        /// Deadline of one query of a batch.
        [runtime]
        per_query_timeout_ms: Millis = Millis(30_000), Range(100, 600_000);
    }
}
