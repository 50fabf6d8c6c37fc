//! Sections of planning: narrowing a search to the shards that its filter concerns, and explaining plans.

use super::table::Allowed::{Any, Range};
use super::table::section;

section! {
    /// Reads whose filter names primary keys, which concern a few shards only.
    QueryPlanner at (query_planner) {
        /// Ask only the shards that can hold a match. `false`: every shard, always.
        enabled: bool = true, Any;
        /// A filter that names more primary keys is not narrowed.
        max_pk_literals_narrowable: usize = 128, Range(1, 4096);
        /// Log the shards of each plan and the reason at level debug; never the text of a filter.
        log_plans: bool = false, Any;
    }
}

section! {
    /// `POST /indexes/{uid}/explain` and `POST /multi-search/explain`.
    Explain at (explain) {
        /// Whether the routes answer.
        enabled: bool = true, Any;
        /// Most warnings in one answer.
        max_warnings: usize = 20, Range(0, 1000);
        /// Allow `?execute=true`, which also runs the search.
        allow_execute_parameter: bool = true, Any;
    }
}
