//! Words that are marked in hits: all that one server marks, though a node may not have looked for their typos.

use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{page, reference, search, start, succeed};

/// One document has the first two words of the query; the others have the first, and the third with a typo.
async fn fill(client: &Client) {
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(client, client.post("/indexes", &index).await).await;
    let searchable = json!({ "searchableAttributes": ["title", "text"] });
    let change = client.patch("/indexes/stories/settings", &searchable).await;
    succeed(client, change).await;
    let documents: Vec<Value> = (0..800)
        .map(|id| {
            let title = match id {
                7 => "amber brick".to_owned(),
                _ => format!("amber and a story of the {} kind", id % 5),
            };
            json!({ "id": id, "title": title, "text": "long ".repeat(200) })
        })
        .collect();
    let documents = json!(documents);
    let added = client.post("/indexes/stories/documents", &documents).await;
    succeed(client, added).await;
}

#[tokio::test]
async fn typos_are_marked_that_a_node_did_not_look_for() {
    let fleet = start(Cluster::builder().nodes(3).shards(16)).await;
    let server = reference().await;
    let (fleet, server) = (fleet.client(), server.client());
    fill(&fleet).await;
    fill(&server).await;
    for mut query in [
        json!({ "q": "amber brick storey", "limit": 9, "attributesToHighlight": ["title"] }),
        json!({ "q": "amber brick storey", "limit": 9, "showMatchesPosition": true }),
        json!({ "q": "amber brick storey", "offset": 700, "limit": 6 }),
        json!({ "q": "amber nobody storey", "limit": 9, "showMatchesPosition": true }),
    ] {
        query["attributesToCrop"] = json!(["title:3"]);
        query["showRankingScore"] = json!(true);
        let expected = page(&search(&server, &query).await);
        assert_eq!(page(&search(&fleet, &query).await), expected, "{query}");
    }
}
