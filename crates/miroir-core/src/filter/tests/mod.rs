//! What filters narrow to, form by form, and that no text is too much for the reader. That no candidate is missing is what the fuzz
//! target `filter` is for.

mod forms;
mod literals;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The candidates in an index whose primary key is `id`.
fn read(filter: Value, ids_case_folded: bool) -> Candidates {
    let facts = Facts {
        primary_key: Some("id"),
        ids_case_folded,
        max_candidates: 128,
    };
    candidates(Some(&filter), &facts)
}

/// `Ok`: the candidates; `Err`: why there may be any.
fn ids(filter: impl Into<Value>) -> Result<Vec<String>, Why> {
    match read(filter.into(), true) {
        Candidates::Ids(ids) => Ok(ids.into_iter().collect()),
        Candidates::Any(why) => Err(why),
    }
}

fn found(ids: &[&str]) -> Result<Vec<String>, Why> {
    Ok(ids.iter().map(|id| (*id).to_owned()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Text that looks like a filter, but was not made by a grammar.
    #[test]
    fn nothing_is_too_odd_to_read(
        parts in prop::collection::vec(prop::sample::select(&[
            "id", "=", "(", ")", "[", "]", ",", "'", "\"", "\\", " ", "IN", "NOT", "AND", "OR", "TO", "EXISTS", "IS",
            "NULL", "CONTAINS", "STARTS WITH", "_geoRadius", "_vectors", ".", "1", "a\u{301}", "\u{a0}", "_geoPolygon([",
        ][..]), 0..40)
    ) {
        let text = parts.concat();
        let _ = ids(text.as_str());
        let _ = ids(json!([text, [text, "id = 1"]]));
        let _ = attributes(Some(&json!(text)));
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let nested = |open: &str, times: usize, close: &str| {
        ids(format!(
            "{}id = 1{}",
            open.repeat(times),
            close.repeat(times)
        ))
    };
    assert_eq!(nested("(", 100, ")"), found(&["1"]));
    assert_eq!(nested("(", 100_000, ")"), Err(Why::NotUnderstood));
    assert_eq!(nested("NOT ", 25_000, ""), Err(Why::NotUnderstood));
    let long = format!("id = 1 AND title = '{}'", "x".repeat(MAX_BYTES));
    assert_eq!(ids(long), Err(Why::NotUnderstood));
}
