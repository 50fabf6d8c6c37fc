//! Nothing that Miroir adds for itself shows: no field, rule, twin, setting, and no word about them in an error.

use serde_json::{Value, json};

use crate::alike::Pair;
use crate::fixture::COLOURS;

/// Settings of every kind, one after the other; each changes what the ones before have set.
fn settings() -> Vec<Value> {
    vec![
        json!({ "filterableAttributes": ["colour"], "sortableAttributes": ["size"] }),
        json!({ "displayedAttributes": ["title"], "searchableAttributes": ["title", "id"] }),
        json!({ "distinctAttribute": "colour" }),
        json!({ "rankingRules": ["words", "typo", "size:desc", "sort"] }),
        json!({ "faceting": { "maxValuesPerFacet": 2 }, "pagination": { "maxTotalHits": 7 } }),
        json!({ "filterableAttributes": [
            { "attributePatterns": ["s*", "nested.*"], "features": { "facetSearch": false, "filter": { "equality": true, "comparison": true } } },
            "colour",
        ] }),
        json!({ "filterableAttributes": ["*"], "sortableAttributes": ["id", "size"] }),
        json!({ "stopWords": ["of"], "synonyms": { "tale": ["story"] }, "separatorTokens": ["|"], "nonSeparatorTokens": ["@"] }),
        json!({ "typoTolerance": { "disableOnAttributes": ["title"], "minWordSizeForTypos": { "oneTypo": 4 } } }),
        json!({ "displayedAttributes": null, "distinctAttribute": null, "rankingRules": null, "faceting": { "maxValuesPerFacet": null } }),
        json!({ "searchCutoffMs": 900, "proximityPrecision": "byAttribute", "prefixSearch": "disabled", "facetSearch": false }),
    ]
}

fn documents() -> Value {
    let documents: Vec<Value> = (0..30)
        .map(|number| {
            json!({
                "id": number,
                "title": format!("story {number} of the {} boat", ["blue", "green"][number % 2]),
                "colour": COLOURS[number % 3],
                "size": number * 7 % 30,
                "nested": { "label": format!("l{}", number % 4) },
            })
        })
        .collect();
    json!(documents)
}

fn create(pair: &mut Pair) {
    pair.send(
        "POST",
        "/indexes",
        json!({ "uid": "stories", "primaryKey": "id" }),
    );
}

fn search(pair: &mut Pair, body: Value) {
    pair.send("POST", "/indexes/stories/search", body);
}

#[tokio::test]
async fn settings_come_back_as_they_were_set() {
    let mut pair = Pair::start().await;
    create(&mut pair);
    pair.send("POST", "/indexes/stories/documents", documents());
    for change in settings() {
        pair.send("PATCH", "/indexes/stories/settings", change);
        pair.ask("GET", "/indexes/stories/settings");
        for part in [
            "filterable-attributes",
            "sortable-attributes",
            "displayed-attributes",
            "ranking-rules",
            "distinct-attribute",
            "faceting",
        ] {
            pair.ask("GET", &format!("/indexes/stories/settings/{part}"));
        }
    }
    pair.ask("DELETE", "/indexes/stories/settings");
    pair.ask("GET", "/indexes/stories/settings");
    pair.ask("GET", "/indexes/stories/stats");
    pair.compare().await;
}

#[tokio::test]
async fn settings_before_the_primary_key_is_known() {
    let mut pair = Pair::start().await;
    pair.send("PATCH", "/indexes/stories/settings", settings()[0].clone());
    pair.ask("GET", "/indexes/stories/settings");
    pair.send("POST", "/indexes/stories/documents", documents());
    pair.ask("GET", "/indexes/stories/settings");
    pair.ask("GET", "/indexes/stories");
    pair.ask("GET", "/indexes/stories/stats");
    search(&mut pair, json!({ "filter": "id = 3" }));
    search(&mut pair, json!({ "sort": ["id:asc"] }));
    search(
        &mut pair,
        json!({ "filter": "colour = red", "sort": ["size:asc"], "facets": ["*"] }),
    );
    pair.compare().await;
}

#[tokio::test]
async fn only_user_fields_are_facets_filters_and_words() {
    let mut pair = Pair::start().await;
    create(&mut pair);
    pair.send("POST", "/indexes/stories/documents", documents());
    for change in settings() {
        pair.send("PATCH", "/indexes/stories/settings", change);
        search(&mut pair, json!({ "facets": ["*"], "limit": 0 }));
        search(&mut pair, json!({ "facets": ["id"], "limit": 0 }));
        search(
            &mut pair,
            json!({ "facets": ["_miroir_shard"], "limit": 0 }),
        );
        search(&mut pair, json!({ "facets": ["_*"], "limit": 0 }));
        search(&mut pair, json!({ "filter": "_miroir_shard EXISTS" }));
        search(
            &mut pair,
            json!({ "filter": "_miroir_shard = \"⊰⊰⊱\" OR colour = red" }),
        );
        search(&mut pair, json!({ "filter": "id = 3" }));
        search(&mut pair, json!({ "filter": "id > 3 AND colour = blue" }));
        search(&mut pair, json!({ "sort": ["id:desc"], "limit": 40 }));
        search(
            &mut pair,
            json!({ "sort": ["_miroir_shard:desc"], "limit": 3 }),
        );
        search(&mut pair, json!({ "distinct": "id", "limit": 40 }));
        search(
            &mut pair,
            json!({ "distinct": "_miroir_shard", "limit": 3 }),
        );
        for word in ["⊰⊰⊱", "miroir", "_miroir_shard", "⊰"] {
            search(&mut pair, json!({ "q": word, "matchingStrategy": "all" }));
        }
    }
    pair.compare().await;
}

#[tokio::test]
async fn hits_carry_user_fields_alone() {
    let mut pair = Pair::start().await;
    create(&mut pair);
    let change = json!({ "sortableAttributes": ["size"], "filterableAttributes": ["size"] });
    pair.send("PATCH", "/indexes/stories/settings", change);
    pair.send("POST", "/indexes/stories/documents", documents());
    for displayed in [
        json!(null),
        json!(["title"]),
        json!(["*"]),
        json!(["nested.label", "size"]),
        json!([]),
    ] {
        pair.send(
            "PUT",
            "/indexes/stories/settings/displayed-attributes",
            displayed,
        );
        for retrieve in [
            json!(["*"]),
            json!(["_miroir_shard", "id"]),
            json!([]),
            json!(["title", "nested"]),
        ] {
            search(
                &mut pair,
                json!({ "limit": 2, "attributesToRetrieve": retrieve }),
            );
            search(
                &mut pair,
                json!({
                    "q": "boat 7", "limit": 3, "attributesToRetrieve": retrieve, "sort": ["size:asc"],
                    "attributesToHighlight": ["*"], "attributesToCrop": ["*"], "cropLength": 2, "showMatchesPosition": true,
                }),
            );
        }
        search(
            &mut pair,
            json!({ "q": "boat", "sort": ["size:asc"], "showRankingScore": true, "showRankingScoreDetails": true, "limit": 2 }),
        );
        search(
            &mut pair,
            json!({ "q": "boat", "attributesToSearchOn": ["nothing"] }),
        );
        search(
            &mut pair,
            json!({ "q": "boat", "attributesToSearchOn": ["_miroir_shard"] }),
        );
        pair.ask("GET", "/indexes/stories/documents/7");
        pair.ask(
            "GET",
            "/indexes/stories/documents/7?fields=id,_miroir_shard",
        );
        pair.ask("GET", "/indexes/stories/documents/7?fields=*");
    }
    pair.compare().await;
}

#[tokio::test]
async fn indexes_statistics_and_tasks_show_no_helpers() {
    let mut pair = Pair::start().await;
    create(&mut pair);
    pair.send("POST", "/indexes/stories/documents", documents());
    pair.send(
        "POST",
        "/indexes/plays/documents",
        json!([{ "key_id": "a", "act": 1 }]),
    );
    pair.send("PATCH", "/indexes/stories/settings", settings()[0].clone());
    pair.ask("GET", "/indexes");
    pair.ask("GET", "/stats");
    pair.ask("GET", "/indexes/stories/stats");
    pair.ask("GET", "/indexes/stories__twin");
    pair.ask("GET", "/indexes/stories__twin/settings");
    pair.ask("GET", "/indexes/stories__twin/documents/1");
    pair.send("POST", "/indexes/stories__twin/search", json!({}));
    pair.ask("DELETE", "/indexes/stories/documents/1");
    pair.send(
        "POST",
        "/indexes/stories/documents/delete-batch",
        json!([2, "3", 99]),
    );
    pair.ask("GET", "/indexes/stories/stats");
    pair.ask("DELETE", "/indexes/stories/documents");
    pair.ask("DELETE", "/indexes/plays");
    pair.ask("GET", "/indexes");
    pair.ask("GET", "/tasks");
    pair.ask("GET", "/stats");
    pair.compare().await;
}
