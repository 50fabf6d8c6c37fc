//! Section of vector and hybrid search.

use super::table::Allowed::{Any, Range};
use super::table::section;
use super::value::{Ratio, words};

section! {
    /// Semantic and hybrid search.
    VectorSearch at (vector_search) {
        /// Search by words and by vectors apart, and blend the lists of all shards as one server does. `false`: nodes blend,
        /// each for itself, and the order is not that of one server.
        [runtime]
        enabled: bool = true, Any;
        /// A leg is asked for this many times the hits that it is expected to have. Order does not depend on it; where
        /// vectors are found approximately, more of them are found. `X-Miroir-Over-Fetch` overrides it for one request.
        [runtime]
        over_fetch_factor: u32 = 3, Range(1, 100);
        /// How the two lists of a hybrid search become one.
        [runtime]
        merge_strategy: MergeStrategy = MergeStrategy::Convex, Any;
        /// Part of the vectors where a hybrid search does not say one. A server has 0.5.
        [runtime]
        hybrid_alpha_default: Ratio = Ratio(0.5), Any;
        /// The constant of `rrf`: the larger, the less the first ranks stand out.
        [runtime]
        rrf_k: u32 = 60, Range(1, 1000);
    }
}

words! {
    /// How the two lists of a hybrid search become one.
    MergeStrategy {
        /// By scores, as on one server.
        Convex = "convex",
        /// By ranks (reciprocal rank fusion), which orders hits otherwise than a server.
        Rrf = "rrf",
    }
}
