//! Searches by vectors over several nodes are those of one server.
//!
//! The embedded node finds vectors approximately, among few documents too, so the comparisons run where the nodes are real
//! servers.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use miroir_testkit::client::Client;
use miroir_testkit::cluster::{Cluster, MASTER_KEY};
use miroir_testkit::process::Node;
use serde_json::{Value, json};

use crate::embedder::{Embedder, vector_of};
use crate::fixture::{Fleet, is_real, page, search, start, stored, succeed};

/// Lets nodes call an embedder of the test.
pub(crate) const LOOPBACK: &str = "--experimental-allowed-ip-networks=127.0.0.0/8";
const DOCUMENTS: u64 = 90;

async fn is_fleet_real(fleet: &Fleet) -> bool {
    is_real(&fleet.nodes()[0].client()).await
}

fn settings(embedder: Value) -> Value {
    json!({
        "embedders": { "mine": embedder },
        "filterableAttributes": ["genre", "price"],
        "sortableAttributes": ["price"],
    })
}

fn user_provided() -> Value {
    json!({ "source": "userProvided", "dimensions": 4 })
}

async fn create(client: &Client, settings: &Value) {
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(client, client.post("/indexes", &index).await).await;
    let change = client.patch("/indexes/stories/settings", settings).await;
    succeed(client, change).await;
}

async fn load(client: &Client, documents: &[Value]) {
    let added = client
        .put("/indexes/stories/documents", &json!(documents))
        .await;
    succeed(client, added).await;
}

/// A fleet of three nodes and one server with the same documents. What a document says and where its vector points depends on
/// the node that has it, so that no node is like the whole.
async fn skewed() -> Option<(Fleet, Node)> {
    let fleet = start(Cluster::builder().nodes(3).shards(12)).await;
    if !is_fleet_real(&fleet).await {
        return None;
    }
    let reference = Node::start("reference", MASTER_KEY)
        .await
        .expect("the reference starts");
    for client in [fleet.client(), reference.client()] {
        create(&client, &settings(user_provided())).await;
        let bare: Vec<Value> = (0..DOCUMENTS)
            .map(|id| json!({ "id": id, "_vectors": { "mine": null } }))
            .collect();
        load(&client, &bare).await;
    }
    let mut place = BTreeMap::new();
    for (node, position) in fleet.nodes().iter().zip(0_u64..) {
        place.extend(stored(node).await.into_keys().map(|id| (id, position)));
    }
    let documents: Vec<Value> = (0..DOCUMENTS).map(|id| document(id, place[&id])).collect();
    for client in [fleet.client(), reference.client()] {
        load(&client, &documents).await;
    }
    Some((fleet, reference))
}

fn document(id: u64, node: u64) -> Value {
    const WORDS: [[&str; 4]; 3] = [
        [
            "red apple tree",
            "red apple",
            "apple of the tree",
            "old red tree",
        ],
        [
            "green river",
            "apple near a green river",
            "stone river",
            "deep green river",
        ],
        [
            "winter",
            "winter light on a red stone",
            "light",
            "winter tree light",
        ],
    ];
    let part = |step: u64| {
        // A spread that repeats for no two documents.
        let noise = (id * step + id * id) % 97;
        noise as f32 / 97.0
    };
    let mut vector = [part(31), part(57), part(71), part(83)];
    vector[usize::try_from(node).expect("small")] += 1.5;
    let texts = WORDS[usize::try_from(node).expect("small")];
    let kind = if id.is_multiple_of(3) {
        "quiet apple"
    } else {
        "loud stone"
    };
    let mut document = json!({
        "id": id,
        "title": pick(&texts, id),
        "text": format!("{kind} number {id}"),
        "genre": pick(&["novel", "play", "poem"], id),
        "price": id * 7 % 5,
    });
    if id % 11 != 5 {
        document["_vectors"] = json!({ "mine": vector });
    }
    document
}

/// One of the texts after the other.
fn pick<'a>(texts: &[&'a str], id: u64) -> &'a str {
    let at = usize::try_from(id).expect("small");
    texts[at % texts.len()]
}

async fn assert_alike(fleet: &Fleet, reference: &Node, body: &Value) -> Value {
    let expected = page(&search(&reference.client(), body).await);
    let found = page(&search(&fleet.client(), body).await);
    assert_eq!(found, expected, "{body}");
    found
}

#[tokio::test]
async fn a_blend_is_that_of_one_server() {
    let Some((fleet, reference)) = skewed().await else {
        return;
    };
    let vector = json!([0.2, 1.1, 0.4, 0.3]);
    let variations = [
        json!({}),
        json!({ "limit": 7, "retrieveVectors": true }),
        json!({ "offset": 9, "limit": 12 }),
        json!({ "page": 2, "hitsPerPage": 8 }),
        json!({ "sort": ["price:asc"], "limit": 40 }),
        json!({ "sort": ["price:desc"], "filter": "genre = novel", "showRankingScoreDetails": true }),
        json!({ "filter": ["genre = play", "price > 1"], "facets": ["genre", "price"] }),
        json!({ "attributesToHighlight": ["*"], "attributesToCrop": ["text:2"], "limit": 5 }),
        json!({ "matchingStrategy": "all", "showMatchesPosition": true, "limit": 60 }),
        json!({ "distinct": "genre" , "limit": 3, "attributesToRetrieve": ["id"] }),
        json!({ "rankingScoreThreshold": 0.55, "page": 1, "hitsPerPage": 30 }),
    ];
    for ratio in [0.0, 0.1, 0.5, 0.9, 1.0] {
        for words in [
            "apple",
            "red apple tree",
            "apple -river",
            "-tree",
            "rver lihgt",
            "",
        ] {
            for variation in &variations {
                let mut body = json!({
                    "q": words,
                    "vector": vector,
                    "hybrid": { "embedder": "mine", "semanticRatio": ratio },
                    "showRankingScore": true,
                });
                let members = body.as_object_mut().expect("an object");
                members.extend(variation.as_object().expect("an object").clone());
                // Under a distinct attribute totals depend on how far a server has looked.
                if variation.get("distinct").is_some() {
                    let ids = async |client: Client| -> Vec<Value> {
                        let answer = page(&search(&client, &body).await);
                        answer["hits"].as_array().expect("hits").clone()
                    };
                    let expected = ids(reference.client()).await;
                    assert_eq!(ids(fleet.client()).await, expected, "{body}");
                } else {
                    assert_alike(&fleet, &reference, &body).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_blend_in_a_federation_is_that_of_one_server() {
    let Some((fleet, reference)) = skewed().await else {
        return;
    };
    for ratio in [0.0, 0.1, 0.5, 0.9, 1.0] {
        for words in ["apple", "red apple tree", "apple -river", "-tree", ""] {
            for federation in [
                json!({ "limit": 12, "offset": 3 }),
                json!({ "page": 2, "hitsPerPage": 8, "facetsByIndex": { "stories": ["genre"] } }),
            ] {
                let query = json!({
                    "indexUid": "stories", "q": words, "vector": [0.2, 1.1, 0.4, 0.3], "retrieveVectors": ratio > 0.5,
                    "hybrid": { "embedder": "mine", "semanticRatio": ratio },
                });
                let body = json!({ "federation": federation, "queries": [query] });
                let ask = async |client: Client| {
                    page(
                        &client
                            .post("/multi-search", &body)
                            .await
                            .expect("an answer"),
                    )
                };
                let expected = ask(reference.client()).await;
                assert_eq!(ask(fleet.client()).await, expected, "{body}");
            }
        }
    }
}

#[tokio::test]
async fn words_are_good_enough_when_they_are_on_one_server() {
    let Some((fleet, reference)) = skewed().await else {
        return;
    };
    let mut fired = [0, 0];
    // One node has every good match of "red apple", so the others would each decide otherwise.
    for words in ["red apple", "winter", "green river", "apple"] {
        for ratio in [0.05, 0.3, 0.49, 0.5, 0.51, 0.6] {
            for limit in [1, 2, 4, 8, 16] {
                let body = json!({
                    "q": words,
                    "vector": [0.2, 0.1, 0.4, 1.3],
                    "hybrid": { "embedder": "mine", "semanticRatio": ratio },
                    "retrieveVectors": true,
                    "attributesToRetrieve": ["id"],
                    "limit": limit,
                });
                let found = assert_alike(&fleet, &reference, &body).await;
                let is_short = found.get("queryVector").is_none();
                fired[usize::from(is_short)] += 1;
                if is_short {
                    assert_eq!(found["semanticHitCount"], 0);
                }
            }
        }
    }
    assert!(fired[0] > 10 && fired[1] > 10, "{fired:?}");
}

#[tokio::test]
async fn documents_like_one_are_those_of_one_server() {
    let Some((fleet, reference)) = skewed().await else {
        return;
    };
    let similar = async |client: Client, body: &Value| {
        page(
            &client
                .post("/indexes/stories/similar", body)
                .await
                .expect("an answer"),
        )
    };
    for id in (0..DOCUMENTS).step_by(7) {
        for more in [
            json!({ "limit": 5 }),
            json!({ "offset": 3, "limit": 10, "showRankingScoreDetails": true, "retrieveVectors": true }),
            json!({ "filter": "genre = play", "limit": 50 }),
            json!({ "rankingScoreThreshold": 0.9, "limit": 90 }),
        ] {
            let mut body = json!({ "id": id, "embedder": "mine", "showRankingScore": true });
            let members = body.as_object_mut().expect("an object");
            members.extend(more.as_object().expect("an object").clone());
            let expected = similar(reference.client(), &body).await;
            assert_eq!(similar(fleet.client(), &body).await, expected, "{body}");
        }
    }
}

#[tokio::test]
async fn a_vector_is_made_once_for_a_request() {
    let fleet = start(
        Cluster::builder()
            .nodes(3)
            .rf(2)
            .shards(12)
            .node_flag(LOOPBACK),
    )
    .await;
    let reference = Node::start_with_flags("reference", MASTER_KEY, &[LOOPBACK])
        .await
        .expect("the reference starts");
    if !is_fleet_real(&fleet).await {
        return;
    }
    let embedder = Embedder::start().await;
    let documents: Vec<Value> = (0_u64..40)
        .map(|id| {
            let about = pick(&["red apple", "river", "winter"], id);
            let title = format!("story {id} of the {about}");
            let vector = vector_of(&format!(
                "{title}{}",
                "abc".repeat(usize::try_from(id).expect("small"))
            ));
            let vectors = json!({ "embeddings": vector, "regenerate": false });
            json!({ "id": id, "title": title, "_vectors": { "mine": vectors } })
        })
        .collect();
    for client in [fleet.client(), reference.client()] {
        create(&client, &settings(embedder.setting())).await;
        load(&client, &documents).await;
    }
    embedder.take_calls();
    let ask = |words: &str, ratio: f64| {
        json!({
            "q": words,
            "hybrid": { "embedder": "mine", "semanticRatio": ratio },
            "retrieveVectors": true,
            "limit": 6,
        })
    };
    for (body, expected_calls) in [
        (ask("red apple", 0.7), 1),
        (ask("winter -river", 0.9), 1),
        (ask("river", 1.0), 1),
        (ask("river", 0.0), 0),
        (ask("river", 0.1), 0),
        (ask("", 0.5), 0),
    ] {
        let found = page(&search(&fleet.client(), &body).await);
        assert_eq!(embedder.take_calls(), expected_calls, "{body}");
        assert_eq!(
            found,
            page(&search(&reference.client(), &body).await),
            "{body}"
        );
        assert_eq!(embedder.take_calls(), expected_calls, "one server: {body}");
    }
    // What a server would refuse is refused without a vector.
    let mut refused = ask("river", 1.0);
    refused["filter"] = json!("id = 1");
    let answer = search(&fleet.client(), &refused).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(embedder.take_calls(), 0);
}

#[tokio::test]
async fn one_request_may_fetch_more() {
    let fleet = start(Cluster::builder().nodes(2).shards(8)).await;
    let client = fleet.client();
    create(&client, &settings(user_provided())).await;
    let ask = async |value: &str| {
        let name = HeaderName::from_static("x-miroir-over-fetch");
        let headers = [
            (name, HeaderValue::from_str(value).expect("a value")),
            (
                http::header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            ),
        ];
        let path = "/indexes/stories/search";
        let body = Bytes::from_static(br#"{"q":"a"}"#);
        client
            .send(Method::POST, path, &headers, body)
            .await
            .expect("an answer")
    };
    assert_eq!(ask("5").await.status, 200);
    for value in ["0", "101", "abc", "-1", "1.5", ""] {
        let answer = ask(value).await;
        assert_eq!(answer.status, 400, "{value}");
        assert_eq!(
            answer.json().expect("JSON")["code"],
            "miroir_invalid_header"
        );
    }
}
