//! A short run of every target: fixed cases, no clock.

use super::{Limit, Target, run};

/// A run without findings, of which so many in a hundred cases tell something.
fn is_clean(target: Target, telling: u64) {
    let report = run(target, 1, Limit::Iterations(3000));
    assert!(report.findings.is_empty(), "{report}");
    assert!(
        report.telling * 100 >= telling * report.iterations,
        "{report}"
    );
}

#[test]
fn filters_lose_no_document() {
    is_clean(Target::Filter, 20);
}

#[test]
fn slices_are_those_of_serde_json() {
    is_clean(Target::Raw, 10);
}

#[test]
fn pages_are_those_of_the_whole() {
    is_clean(Target::Merge, 60);
}
