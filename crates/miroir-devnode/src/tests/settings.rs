//! Settings.

use http::Method;
use serde_json::json;

use super::{Node, code};

#[tokio::test]
async fn set_read_and_reset() {
    let node = Node::start();
    let wanted = json!({"rankingRules": ["words", "n:asc"], "synonyms": {"a": ["b"]}, "stopWords": ["the"], "searchCutoffMs": 50});
    let task = node.configure("a", wanted.clone()).await;
    assert_eq!(task["details"]["stopWords"], json!(["the"]));
    assert_eq!(task["details"].as_object().unwrap().len(), 4);
    let (_, settings) = node.get("/indexes/a/settings").await;
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&settings[name], value);
    }
    node.succeeds(node.delete("/indexes/a/settings").await)
        .await;
    let (_, settings) = node.get("/indexes/a/settings").await;
    let rules = json!([
        "words",
        "typo",
        "proximity",
        "attribute",
        "sort",
        "exactness"
    ]);
    assert_eq!(
        (&settings["rankingRules"], &settings["stopWords"]),
        (&rules, &json!([]))
    );
    let names: Vec<&String> = settings.as_object().unwrap().keys().collect();
    assert_eq!(
        names[..3],
        [
            "displayedAttributes",
            "searchableAttributes",
            "filterableAttributes"
        ]
    );
    assert_eq!(names[names.len() - 1], "prefixSearch");
    let task = node.task(node.delete("/indexes/none/settings").await).await;
    assert_eq!(task["error"]["code"], "index_not_found");
}

#[tokio::test]
async fn every_sub_route_has_its_verb() {
    let node = Node::start();
    node.succeeds(node.post("/indexes", json!({"uid": "a"})).await)
        .await;
    for route in crate::settings::submitted::SUB_ROUTES {
        let path = format!("/indexes/a/settings/{}", route.path);
        let (right, wrong) = match route.patched {
            true => (Method::PATCH, Method::PUT),
            false => (Method::PUT, Method::PATCH),
        };
        assert_eq!(node.get(&path).await.0, 200, "{path}");
        assert_eq!(node.json(wrong, &path, json!(null)).await.0, 405, "{path}");
        assert_eq!(node.json(right, &path, json!(null)).await.0, 202, "{path}");
    }
    node.settle();
    let path = "/indexes/a/settings/typo-tolerance";
    let typo = json!({"minWordSizeForTypos": {"oneTypo": 3}});
    node.succeeds(node.json(Method::PATCH, path, typo).await)
        .await;
    let (_, typo) = node.get(path).await;
    assert_eq!(
        typo["minWordSizeForTypos"],
        json!({"oneTypo": 3, "twoTypos": 9})
    );
}

#[tokio::test]
async fn refusals_name_the_place_and_the_engine() {
    let node = Node::start();
    let patch = |body| node.json(Method::PATCH, "/indexes/a/settings", body);
    let cases = [
        (json!({"nope": 1}), "bad_request"),
        (json!({"stopWords": "x"}), "invalid_settings_stop_words"),
        (
            json!({"rankingRules": ["wrong"]}),
            "invalid_settings_ranking_rules",
        ),
        (
            json!({"rankingRules": ["attributeRank"]}),
            "invalid_settings_ranking_rules",
        ),
        (
            json!({"typoTolerance": {"minWordSizeForTypos": {"oneTypo": 9, "twoTypos": 1}}}),
            "invalid_settings_typo_tolerance",
        ),
        (
            json!({"faceting": {"maxValuesPerFacet": -1}}),
            "invalid_settings_faceting",
        ),
        (
            json!({"pagination": {"maxTotalHits": 0}}),
            "invalid_settings_pagination",
        ),
        (
            json!({"embedders": {"e": {"source": "userProvided"}}}),
            "invalid_settings_embedders",
        ),
        (
            json!({"localizedAttributes": [{"attributePatterns": ["*"], "locales": ["xx"]}]}),
            "invalid_settings_localized_attributes",
        ),
        (json!({"chat": {}}), "feature_not_enabled"),
    ];
    for (body, expected) in cases {
        let answer = patch(body.clone()).await;
        assert_eq!(code(&answer), (400, expected.to_owned()), "{body}");
    }
    let refused = patch(json!({"rankingRules": ["words", "wordPosition"]})).await;
    let message = refused.1["message"].as_str().unwrap();
    assert!(
        message.starts_with("Invalid value at `.rankingRules[1]`: "),
        "{message}"
    );
    assert!(message.contains("milli-core 1.15.1"), "{message}");
}

#[tokio::test]
async fn secrets_are_masked() {
    let node = Node::start();
    let embedder = json!({"source": "rest", "url": "http://localhost:1", "apiKey": "0123456789abcdef", "dimensions": 1,
        "request": "{{text}}", "response": "{{embedding}}"});
    let task = node
        .configure("a", json!({"embedders": {"e": embedder}}))
        .await;
    assert_eq!(task["details"]["embedders"]["e"]["apiKey"], "01XXXX...");
    let (_, embedders) = node.get("/indexes/a/settings/embedders").await;
    assert_eq!(embedders["e"]["apiKey"], "01XXXX...");
}
