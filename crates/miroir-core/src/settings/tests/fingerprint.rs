//! Nodes that are in line, and nodes that are not.

use serde_json::{Value, json};

use crate::settings::{fingerprint, is_in_line};

/// What a 1.50 node reports, with `changes` at the top level.
fn report(changes: Value) -> Value {
    let mut report = json!({
        "displayedAttributes": ["*"], "searchableAttributes": ["*"], "filterableAttributes": [], "sortableAttributes": [],
        "rankingRules": ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"],
        "stopWords": [], "nonSeparatorTokens": [], "separatorTokens": [], "dictionary": [], "synonyms": {}, "distinctAttribute": null,
        "proximityPrecision": "byWord",
        "typoTolerance": {"enabled": true, "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9}, "disableOnWords": [], "disableOnAttributes": [], "disableOnNumbers": false},
        "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}}, "pagination": {"maxTotalHits": 1000},
        "embedders": {}, "searchCutoffMs": null, "localizedAttributes": null, "facetSearch": true, "prefixSearch": "indexingTime",
    });
    for (key, value) in changes.as_object().unwrap() {
        report[key] = value.clone();
    }
    report
}

#[test]
fn a_nodes_way_of_reporting_does_not_matter() {
    let table = [
        (json!({}), json!({})),
        (
            json!({"stopWords": null, "synonyms": null, "typoTolerance": null, "embedders": null, "rankingRules": null, "displayedAttributes": null, "prefixSearch": null}),
            json!({}),
        ),
        (
            json!({"typoTolerance": {"enabled": null, "minWordSizeForTypos": {"oneTypo": 5}}}),
            json!({}),
        ),
        (
            json!({"sortableAttributes": ["b", "a", "b"]}),
            json!({"sortableAttributes": ["a", "b"]}),
        ),
        (
            json!({"stopWords": []}),
            json!({"synonyms": {"not": ["sent"]}}),
        ),
        (
            json!({"faceting": {"sortFacetValuesBy": {"a": "count"}}}),
            json!({"faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha", "a": "count"}}}),
        ),
        (
            json!({"filterableAttributes": ["a", {"attributePatterns": ["b*"]}]}),
            json!({"filterableAttributes": ["a", {"attributePatterns": ["b*"], "features": {"facetSearch": false, "filter": {"equality": true, "comparison": false}}}]}),
        ),
        (
            json!({"embedders": {"a.b": {"source": "openAi", "apiKey": "sk-secret-key", "model": null}, "gone": null}}),
            json!({"embedders": {"a.b": {"source": "openAi", "apiKey": "skXXXX...", "model": "text-embedding-3-small"}}}),
        ),
    ];
    for (expected, changes) in table {
        assert!(
            is_in_line(&expected, &report(changes.clone())),
            "{expected} {changes}"
        );
    }
}

#[test]
fn differences_that_matter_show() {
    let table = [
        (json!({"stopWords": null}), json!({"stopWords": ["a"]})),
        (json!({"stopWords": ["a"]}), json!({})),
        (
            json!({"rankingRules": ["words", "typo"]}),
            json!({"rankingRules": ["typo", "words"]}),
        ),
        (
            json!({"typoTolerance": {"minWordSizeForTypos": {"oneTypo": 4}}}),
            json!({}),
        ),
        (
            json!({"filterableAttributes": ["a", "b"]}),
            json!({"filterableAttributes": ["b", "a"]}),
        ),
        (
            json!({"embedders": {"a": null}}),
            json!({"embedders": {"a": {"source": "openAi"}}}),
        ),
        (
            json!({"embedders": {"a": {"source": "openAi", "model": "x"}}}),
            json!({"embedders": {"a": {"source": "openAi", "model": "y"}}}),
        ),
        (json!({"embedders": {"a": {"source": "openAi"}}}), json!({})),
        (
            json!({"embedders": {"a": {"source": "openAi", "apiKey": "sk-secret-key"}}}),
            json!({"embedders": {"a": {"source": "openAi", "apiKey": "pkXXXX..."}}}),
        ),
        (
            json!({"displayedAttributes": null}),
            json!({"displayedAttributes": ["a"]}),
        ),
        (json!({"facetSearch": false}), json!({})),
    ];
    for (expected, changes) in table {
        assert!(
            !is_in_line(&expected, &report(changes.clone())),
            "{expected} {changes}"
        );
    }
}

#[test]
fn fingerprints_are_frozen() {
    assert_eq!(
        fingerprint(&json!({})),
        fingerprint(&json!({"stopWords": [], "faceting": {}}))
    );
    let one = fingerprint(&json!({"stopWords": ["b", "a"], "rankingRules": ["words"]}));
    assert_eq!(
        one,
        fingerprint(&json!({"rankingRules": ["words"], "stopWords": ["a", "b"]}))
    );
    assert_eq!(one.len(), 64);
}
