//! `matchingStrategy: frequency`: the words that documents may miss are those of the whole fleet, whatever each node has of them.

use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{is_real, page, reference, search, start, succeed, uncounted};

/// From the one that most documents have to the rarest.
const WORDS: [&str; 4] = ["amber", "brick", "cedar", "delta"];

/// Documents in the order of their keys, which is that in which a server decides ties. Each has some of the words, in some order,
/// and other words before, between or behind them.
fn documents() -> Vec<Value> {
    let others = ["quiet", "morning", "under"];
    (0..240_usize)
        .map(|number| {
            let has = [
                number % 4 > 0,
                number % 5 < 3,
                number % 7 < 3,
                number % 11 < 2,
            ];
            let mut words: Vec<&str> = WORDS
                .into_iter()
                .zip(has)
                .filter(|(_, has)| *has)
                .map(|(word, _)| word)
                .collect();
            let count = words.len().max(1);
            words.rotate_left(number / 3 % count);
            for (at, other) in others.iter().enumerate().take(number % 13 % 4) {
                words.insert(number / 2 * (at + 1) % (words.len() + 1), other);
            }
            json!({ "id": number, "title": words.join(" "), "part": number % 3, "half": number / 8 })
        })
        .collect()
}

async fn fill(client: &Client) {
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(client, client.post("/indexes", &index).await).await;
    let settings =
        json!({ "searchableAttributes": ["title"], "filterableAttributes": ["part", "half"] });
    succeed(
        client,
        client.patch("/indexes/stories/settings", &settings).await,
    )
    .await;
    let added = client
        .post("/indexes/stories/documents", &json!(documents()))
        .await;
    succeed(client, added).await;
}

/// Three or four of the words, in every order.
fn queries() -> Vec<String> {
    let mut queries = Vec::new();
    for code in 0..256_usize {
        let order: Vec<&str> = (0..4).map(|place| WORDS[code >> (2 * place) & 3]).collect();
        let differ = |words: &[&str]| {
            words
                .iter()
                .all(|word| words.iter().filter(|other| *other == word).count() == 1)
        };
        if differ(&order) {
            queries.push(order.join(" "));
        }
        if code < 64 && differ(&order[..3]) {
            queries.push(order[..3].join(" "));
        }
    }
    queries
}

#[tokio::test]
async fn documents_miss_words_that_are_frequent_in_the_fleet() {
    let (fleet, server) = (
        start(Cluster::builder().nodes(3).shards(16)).await,
        reference().await,
    );
    let (client, server) = (fleet.client(), server.client());
    fill(&client).await;
    fill(&server).await;
    let mut differing = Vec::new();
    let queries = queries();
    assert_eq!(queries.len(), 48);
    for (number, q) in queries.iter().enumerate() {
        for mut query in [
            json!({ "limit": 240, "facets": ["part"] }),
            json!({ "limit": 1 + number % 7, "offset": number % 20, "filter": "part > 0" }),
            json!({ "page": 2, "hitsPerPage": 9 + number % 5, "attributesToRetrieve": ["title"] }),
            json!({ "limit": 25, "showRankingScore": true, "showRankingScoreDetails": true }),
            json!({ "limit": 20 + number, "rankingScoreThreshold": 0.6, "facets": ["part"] }),
            json!({ "hitsPerPage": 6, "rankingScoreThreshold": 0.4, "facets": ["part"] }),
            json!({ "limit": 9, "distinct": "half" }),
            json!({ "page": 2, "hitsPerPage": 4, "distinct": "half" }),
        ] {
            query["q"] = json!(q);
            query["matchingStrategy"] = json!("frequency");
            let (mut found, mut expected) = (
                page(&search(&client, &query).await),
                page(&search(&server, &query).await),
            );
            if query["limit"] == 9 {
                // It depends on the duplicates that a server met.
                for page in [&mut found, &mut expected] {
                    page["estimatedTotalHits"].take();
                }
            }
            if query.get("rankingScoreThreshold").is_some()
                && query.get("hitsPerPage").is_some()
                && !is_real(&server).await
            {
                (found, expected) = (uncounted(found), uncounted(expected));
            }
            if found != expected {
                differing.push(format!("{query}\n  fleet:  {found}\n  server: {expected}"));
            }
        }
    }
    assert!(
        differing.is_empty(),
        "{} differ\n{}",
        differing.len(),
        differing.join("\n")
    );
}
