//! The budget of a merge in allocations. The only test of its process: everything that the process allocates is counted.

#[path = "../benches/sample/mod.rs"]
mod sample;

use std::alloc::System;

use miroir_core::merge::IndexView;
use miroir_core::wire::search::SearchQuery;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// For a page of 20 hits out of four answers of 20: a few for each answer and for the page, and one for a hit of each answer at most.
const BUDGET: usize = 120;

#[test]
fn a_merge_of_four_answers_stays_within_its_budget() {
    let bodies = sample::answers(4, 20, 560);
    let query = SearchQuery {
        q: Some("q".to_owned()),
        limit: 20,
        ..SearchQuery::default()
    };
    let view = IndexView {
        primary_key: Some("id".to_owned()),
        ..IndexView::default()
    };
    let length = sample::merge(&bodies, &query, &view);
    let region = Region::new(ALLOCATOR);
    assert_eq!(sample::merge(&bodies, &query, &view), length);
    let counted = region.change();
    let made = counted.allocations + counted.reallocations;
    assert!(made <= BUDGET, "{made} allocations: {counted:?}");
}
