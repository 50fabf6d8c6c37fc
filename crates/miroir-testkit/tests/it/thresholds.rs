//! `rankingScoreThreshold`: a hit is judged by the score that one server gives it, not by the one that its node does.

use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{is_real, page, reference, search, start, stored, succeed, uncounted};

/// Two words, one of them with a typo.
async fn fill(client: &Client) {
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(client, client.post("/indexes", &index).await).await;
    let settings = json!({
        "searchableAttributes": ["title"], "filterableAttributes": ["part"],
    });
    let change = client.patch("/indexes/stories/settings", &settings).await;
    succeed(client, change).await;
    let documents: Vec<Value> = (0..60)
        .map(|id| json!({ "id": id, "title": "a morning storey", "part": id % 4 }))
        .collect();
    let documents = json!(documents);
    let added = client.post("/indexes/stories/documents", &documents).await;
    succeed(client, added).await;
}

#[tokio::test]
async fn a_threshold_judges_by_the_typos_that_the_fleet_can_imagine() {
    let fleet = start(Cluster::builder().nodes(3).shards(16)).await;
    let server = reference().await;
    let (fleet_client, server) = (fleet.client(), server.client());
    fill(&fleet_client).await;
    fill(&server).await;
    // On one node the words are written together, which is two typos: only it, and the one server, know that there can be three.
    let here = stored(&fleet.nodes()[0]).await;
    let joined = here.into_keys().next().expect("a document on every node");
    let joined = json!([{ "id": joined, "title": "a morningstory" }]);
    for client in [&fleet_client, &server] {
        let changed = client.put("/indexes/stories/documents", &joined).await;
        succeed(client, changed).await;
    }
    let scored = json!({ "q": "morning story", "limit": 60, "showRankingScore": true });
    let scored = page(&search(&server, &scored).await);
    let score = scored["hits"][0]["_rankingScore"]
        .as_f64()
        .expect("a score");
    for mut query in [
        json!({ "limit": 5 }),
        json!({ "limit": 200, "facets": ["part"] }),
        json!({ "limit": 5, "offset": 50, "showRankingScore": true }),
        json!({ "page": 2, "hitsPerPage": 7, "facets": ["part"] }),
        json!({ "hitsPerPage": 200 }),
        json!({ "hitsPerPage": 2, "distinct": "part" }),
        json!({ "limit": 9, "distinct": "part", "facets": ["part"] }),
    ] {
        for threshold in [score, score + 0.001] {
            query["q"] = json!("morning story");
            query["rankingScoreThreshold"] = json!(threshold);
            let mut expected = page(&search(&server, &query).await);
            let mut found = page(&search(&fleet_client, &query).await);
            if query.get("hitsPerPage").is_some() && !is_real(&server).await {
                (found, expected) = (uncounted(found), uncounted(expected));
            }
            assert_eq!(found, expected, "{query}");
        }
    }
}
