//! Refusals as a real server worded them, from the recording, and the cases that it does not have.

use serde_json::{Value, json};

use super::{Compatible, Queried};
use crate::error::ApiError;
use crate::wire::deserialize::from_value;
use crate::wire::search::SearchQuery;

const OLD: [&str; 6] = [
    "words",
    "typo",
    "proximity",
    "attribute",
    "sort",
    "exactness",
];

/// Admits queries with their rules, at positions 0, 1, 2 and so on.
fn admit(queries: &[(&[&str], Value)]) -> Result<(), ApiError> {
    let read: Vec<SearchQuery> = queries
        .iter()
        .map(|(_, query)| from_value(query.clone()).unwrap())
        .collect();
    let mut compatible = Compatible::default();
    for (position, ((rules, _), query)) in queries.iter().zip(&read).enumerate() {
        compatible.admit(Queried {
            position,
            index: "books",
            rules,
            query,
        })?;
    }
    Ok(())
}

fn refusal(queries: &[(&[&str], Value)]) -> String {
    admit(queries).unwrap_err().message
}

#[test]
fn what_goes_together() {
    let words = || (&OLD[..], json!({"q": "x"}));
    let placeholder = || (&OLD[..], json!({}));
    let sorted = || (&OLD[..], json!({"q": "x", "sort": ["year:asc"]}));
    assert_eq!(admit(&[words(), placeholder(), words()]), Ok(()));
    assert_eq!(admit(&[words(), sorted(), words()]), Ok(()));
    let prefix: &[&str] = &["words", "exactness"];
    assert_eq!(
        admit(&[sorted(), (prefix, json!({"q": "x"})), words()]),
        Ok(())
    );
}

#[test]
fn the_longest_query_is_what_the_others_are_compared_with() {
    let text = refusal(&[
        (&OLD, json!({"q": "x", "sort": ["year:asc"]})),
        (&OLD, json!({"q": "x"})),
        (&OLD, json!({"q": "x", "sort": ["year:desc"]})),
    ]);
    assert!(
        text.starts_with("The results of queries #0 and #2 are incompatible: \n"),
        "{text}"
    );
}

#[test]
fn words_come_before_other_relevancy() {
    let text = refusal(&[
        (&["typo", "words", "typo"], json!({"q": "x"})),
        (&["year:desc", "year:asc"], json!({"q": "x"})),
    ]);
    let expected = "The results of queries #0 and #1 are incompatible: 
  1. `queries[0]`, `books.rankingRules[0..=2]`: relevancy rule(s) words, typo, words
  2. `queries[1]`, `books.rankingRules[0]`: descending sort rule(s) year:desc
  - cannot compare a relevancy rule with a sort rule
  - note: The ranking rules of query #0 were modified during canonicalization:
    1. Prepended rule `words` before first relevancy rule `typo` at position #0 in ranking rules
    2. Removed rule `words` at position #1 in ranking rules because it was previously prepended
    3. Removed duplicate rule `typo` at position #2 in ranking rules as it already appears at position #0 in ranking rules
  - note: The ranking rules of query #1 were modified during canonicalization:
    1. Removed duplicate rule `year:desc` at position #1 in ranking rules as it already appears at position #0 in ranking rules
";
    assert_eq!(text, expected);
}

#[test]
fn a_vector_takes_the_place_of_relevancy() {
    let vector = json!({"vector": [1.0], "hybrid": {"embedder": "e", "semanticRatio": 1.0}});
    let text = refusal(&[
        (&["words", "typo", "year:asc", "exactness"], vector),
        (&["price:asc"], json!({})),
    ]);
    let expected = "The results of queries #0 and #1 are incompatible: 
  1. `queries[0]`, `books.rankingRules[0]`: relevancy rule(s) words
  2. `queries[1]`, `books.rankingRules[0]`: ascending sort rule(s) price:asc
  - cannot compare a relevancy rule with a sort rule
  - note: The ranking rules of query #0 were modified during canonicalization:
    1. Removed relevancy rule `typo` at position #1 in ranking rules because the query is a vector search and `vector` was already inserted at position #0 in ranking rules
    2. Truncated relevancy rule `exactness` at position #3 in ranking rules and later rules because the query is a vector search and `vector` was inserted at position #0 in ranking rules
";
    assert_eq!(text, expected);
}

#[test]
fn unreadable_sorts_are_left_to_the_search() {
    assert_eq!(
        admit(&[(&OLD, json!({"sort": ["year"]})), (&OLD, json!({"q": "x"}))]),
        Ok(())
    );
}
