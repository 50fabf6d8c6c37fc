//! Searches that one node answers for all shards: two groups of one node each.

use miroir_testkit::client::Client;
use miroir_testkit::cluster::{Cluster, ClusterBuilder};
use serde_json::{Value, json};

use crate::alike::Pair;
use crate::fixture::{start, succeed};

/// What the client never sees.
const RANKS: &str = "showRankingScoreDetails";

fn documents(ids: impl Iterator<Item = u64>) -> Value {
    let document = |id: u64| {
        let colour = if id.is_multiple_of(2) { "red" } else { "green" };
        json!({
            "id": id,
            "title": format!("story {}", id % 3),
            "size": id % 7,
            "colour": colour,
        })
    };
    ids.map(document).collect()
}

#[tokio::test]
async fn one_node_answers_alone_what_a_server_answers() {
    let describe = |fleet: ClusterBuilder| fleet.nodes(2).replica_groups(2).rf(1).tapped();
    let mut pair = Pair::start_with(describe).await;
    pair.send(
        "POST",
        "/indexes",
        json!({ "uid": "a", "primaryKey": "id" }),
    );
    let settings = json!({
        "filterableAttributes": ["size", "colour"],
        "sortableAttributes": ["size"],
    });
    pair.send("PATCH", "/indexes/a/settings", settings);
    pair.send("POST", "/indexes/a/documents", documents(1..40));
    pair.compare().await;
    drop(pair.fleet().searches().take());
    for body in [
        json!({ "q": "story" }),
        json!({ "q": "story 1", "limit": 5, "offset": 3, "showRankingScore": true }),
        json!({ "q": "story", "facets": ["colour", "size"], "filter": "size > 2" }),
        json!({ "q": "stori 2", "attributesToHighlight": ["*"], "showMatchesPosition": true }),
        json!({ "q": "story 1", "page": 2, "hitsPerPage": 4, "attributesToRetrieve": ["title"] }),
        json!({ "q": "story 1", "rankingScoreThreshold": 0.9, "showRankingScore": true }),
        json!({ "q": "story", "sort": ["size:desc"], "attributesToCrop": ["title:1"] }),
        json!({ "limit": 0 }),
    ] {
        pair.send("POST", "/indexes/a/search", body);
    }
    pair.compare().await;
    for asked in pair.fleet().searches().take() {
        let wanted = asked.request.get(RANKS);
        assert_eq!(wanted, None, "nobody reads how {} ranked", asked.node);
    }
    // These want to know.
    let ranked = json!({ "q": "story 1", RANKS: true, "limit": 3 });
    pair.send("POST", "/indexes/a/search", ranked);
    pair.compare().await;
}

#[tokio::test]
async fn ids_that_are_equal_to_the_engine_come_in_the_same_order_from_every_copy() {
    let builder = Cluster::builder().nodes(2).replica_groups(2).rf(1);
    let fleet = start(builder.shards(4)).await;
    let client = fleet.client();
    // One and the same number to an engine. The nodes get them in this order, which is not theirs.
    let first = 9_007_199_254_740_992;
    for ids in [first + 1..first + 2, first..first + 1] {
        let written = client.post("/indexes/a/documents", &documents(ids)).await;
        succeed(&client, written).await;
    }
    for _ in 0..4 {
        let hits = search_in_a(&client).await;
        assert_eq!(hits, [json!(first), json!(first + 1)]);
    }
}

async fn search_in_a(client: &Client) -> Vec<Value> {
    let body = json!({ "q": "", "attributesToRetrieve": ["id"] });
    let answer = client.post("/indexes/a/search", &body).await;
    let answer = answer.expect("it answers").json().expect("it is JSON");
    let hits = answer["hits"].as_array().cloned().unwrap_or_default();
    hits.into_iter().map(|hit| hit["id"].clone()).collect()
}
