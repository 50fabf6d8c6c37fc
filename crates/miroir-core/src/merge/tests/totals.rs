//! What has to be counted besides a list, and how the counts come together.

use super::*;
use crate::merge::totals::{Counting, Union};
use crate::wire::deserialize::from_json;

fn hit(id: u32, group: &str) -> String {
    format!(
        r#"{{"id":{id},"group":{group},"_rankingScoreDetails":{{"id:asc":{{"order":0,"value":{id}.0}}}}}}"#
    )
}

/// What two legs with these hits have to be asked, and the filters for each of them.
fn counting(query: &str, legs_of: [&[String]; 2]) -> (Counting, Vec<String>) {
    let query: SearchQuery = from_json(query.as_bytes()).unwrap();
    let bodies = legs_of.map(|hits| answer_body(hits, 50, ""));
    let legs = legs(&bodies, usize::MAX);
    let window = Window::of(&query, &view());
    let order =
        crate::merge::order::merge(&legs, &Wanted::of(&query, &view(), window.end)).unwrap();
    let counting = Counting::of(&query, &view(), &legs, &order, window.end).unwrap();
    let filter = |leg| match &counting {
        Counting::Shown(kept) => kept.hits_filter(leg),
        Counting::WithoutDuplicates(kept) | Counting::Values(kept) => {
            kept.remainder_filter(leg, None)
        }
        Counting::Without(kept) => kept.rest_filter(leg).unwrap_or_default(),
        Counting::List | Counting::WithoutThreshold => String::new(),
    };
    let filters = (0..2).map(filter).collect();
    (counting, filters)
}

#[test]
fn a_threshold_is_forgotten_when_the_page_is_full() {
    let hits = [hit(1, "null"), hit(2, "null")];
    let of = |query: &str| counting(query, [&hits, &[hit(3, "null")]]).0;
    assert_eq!(of(r#"{"limit":3}"#), Counting::List);
    let full = r#"{"rankingScoreThreshold":0.5,"limit":3}"#;
    assert_eq!(of(full), Counting::WithoutThreshold);
    let not_full = r#"{"rankingScoreThreshold":0.5,"limit":4}"#;
    assert_eq!(of(not_full), Counting::List);
    let paged = r#"{"rankingScoreThreshold":0.5,"hitsPerPage":3}"#;
    assert_eq!(of(paged), Counting::List);
    let nothing = r#"{"rankingScoreThreshold":0.5,"limit":0}"#;
    assert_eq!(of(nothing), Counting::List);
}

#[test]
fn hits_take_their_duplicates_out_of_the_count() {
    let first = [hit(1, r#""a\"b""#), hit(4, "7.0")];
    let second = [hit(2, "null"), hit(3, r#"["C\\d","a\"B"]"#)];
    let of = |query: &str| counting(query, [&first, &second]);
    let (full, filters) = of(r#"{"distinct":"group","limit":2}"#);
    assert!(matches!(full, Counting::WithoutDuplicates(_)));
    assert_eq!(
        filters,
        [
            r#"("group" NOT IN ["a\"b"] OR "id" IN ["1"])"#,
            r#"("group" NOT IN ["a\"b"] OR "id" IN ["2"])"#
        ]
    );
    let (all, filters) = of(r#"{"distinct":"group","limit":20}"#);
    assert!(matches!(all, Counting::Shown(_)));
    assert_eq!(filters, [r#""id" IN ["1", "4"]"#, r#""id" IN ["2"]"#]);
    let (paged, _) = of(r#"{"distinct":"group","hitsPerPage":1}"#);
    assert!(matches!(paged, Counting::Values(_)));
    assert_eq!(of(r#"{"distinct":"group","limit":0}"#).0, Counting::List);
}

#[test]
fn values_of_several_legs_count_once() {
    let answer = |total: u64, values: &str| {
        let facets = format!(r#","facetDistribution":{{"group":{{{values}}}}},"facetStats":{{}}"#);
        SearchAnswer::parse(answer_body(&[], total, &facets).into()).unwrap()
    };
    let legs = [
        answer(10, r#""Red":4,"blue":3"#),
        answer(5, r#""red":1,"green":4"#),
        answer(2, ""),
    ];
    let union = Union::of(&legs, "group", 3).unwrap().unwrap();
    assert_eq!(union.total, 3 + 3 + 2);
    assert_eq!(Union::of(&legs, "group", 2).unwrap(), None);
    let several = [answer(1, r#""a":1,"b":1"#)];
    assert_eq!(Union::of(&several, "group", 3).unwrap(), None);
}
