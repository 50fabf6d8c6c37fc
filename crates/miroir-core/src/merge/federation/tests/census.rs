//! What is counted instead of a union.

use super::super::census::Census;
use super::*;

fn census(queries: &[Value]) -> Census {
    let read: Vec<SearchQuery> = queries
        .iter()
        .map(|query| from_value(query.clone()).unwrap())
        .collect();
    Census::of(read.iter())
}

fn filter_of(query: &SearchQuery) -> Option<&str> {
    query.filter.as_ref()?.as_str()
}

#[test]
fn filters_are_one_count_and_words_are_counted_beside_it() {
    let found = census(&[
        json!({"filter": "a = 1", "sort": ["x:asc"]}),
        json!({"q": "sea", "filter": ["c = 1", ["d = 1", "d = 2"]], "showRankingScore": true}),
        json!({"q": " ", "filter": ["b = 1"]}),
        json!({"q": "sea", "sort": ["x:desc"]}),
    ]);
    let filtered = found.filtered.unwrap();
    assert_eq!(filter_of(&filtered), Some("(a = 1) OR (b = 1)"));
    let [words] = &found.worded[..] else {
        panic!("the same words are one count");
    };
    assert_eq!(words.q.as_deref(), Some("sea"));
    assert_eq!(filter_of(words), Some("NOT ((a = 1) OR (b = 1))"));
}

#[test]
fn filters_of_the_same_words_are_joined() {
    let found = census(&[
        json!({"q": "sea", "filter": ["c = 1", ["d = 1", "d = 2"]]}),
        json!({"q": "sea", "filter": "e = 1"}),
        json!({"q": "lake", "filter": ""}),
    ]);
    assert_eq!(found.filtered, None);
    let filters: Vec<_> = found.worded.iter().map(filter_of).collect();
    assert_eq!(
        filters,
        [
            Some("(((c = 1) AND ((d = 1) OR (d = 2))) OR (e = 1))"),
            None
        ]
    );
}

#[test]
fn where_everything_matches_nothing_else_counts() {
    let found = census(&[json!({"q": "sea"}), json!({}), json!({"filter": "a = 1"})]);
    assert_eq!(found.filtered, Some(SearchQuery::default()));
    assert_eq!(found.worded, []);
}

/// Whatever is not negated is near to a vector or far from it, and counts.
#[test]
fn of_a_hybrid_query_only_what_it_negates_counts() {
    let hybrid =
        |q: &str| json!({"q": q, "vector": [1.0], "hybrid": {"embedder": "e"}, "filter": "a = 1"});
    for (q, negated) in [
        ("sea -lake", "-lake"),
        ("-lake,sea", "-lake"),
        ("sea -\"deep lake\" -river", "-\"deep lake\" -river"),
        ("\"sea -lake\" -\"deep", "-\"deep"),
    ] {
        let found = census(&[hybrid(q)]);
        let [words] = &found.worded[..] else {
            panic!("{q}");
        };
        assert_eq!(
            (words.q.as_deref(), filter_of(words)),
            (Some(negated), Some("(a = 1)"))
        );
        assert_eq!(found.filtered, None);
    }
    for q in [
        "sea lake",
        "sea-lake",
        "sea - lake",
        "sea -",
        "\"sea -lake\"",
    ] {
        let found = census(&[hybrid(q)]);
        assert_eq!(filter_of(&found.filtered.unwrap()), Some("a = 1"), "{q}");
    }
}
