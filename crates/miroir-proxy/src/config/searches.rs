//! Sections of reads that are more than one search.

use super::table::Allowed::{Any, Range};
use super::table::section;
use super::value::Millis;

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
