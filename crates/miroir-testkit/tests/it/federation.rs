//! Several searches in one request: side by side and as one list, over a fleet as over one server.

mod batches;

use batches::{Draw, INDEXES, settings};
use miroir_testkit::client::{Client, Response};
use miroir_testkit::cluster::{Cluster, ClusterBuilder};
use miroir_testkit::recording;
use serde_json::{Value, json};

use crate::fixture::{page, reference, start, succeed};

async fn fill(client: &Client, seed: u64) {
    let mut draw = Draw::new(seed);
    for (uid, primary_key, count) in INDEXES {
        let index = json!({ "uid": uid, "primaryKey": primary_key });
        succeed(client, client.post("/indexes", &index).await).await;
        let path = format!("/indexes/{uid}/settings");
        succeed(client, client.patch(&path, &settings()).await).await;
        let documents = draw.documents(primary_key, count);
        let path = format!("/indexes/{uid}/documents");
        succeed(client, client.post(&path, &json!(documents)).await).await;
    }
}

async fn ask(client: &Client, body: &Value) -> Response {
    client.post("/multi-search", body).await.expect("an answer")
}

/// Status and body without what changes from one request to the next.
fn comparable(response: &Response) -> (u16, Value) {
    let mut body = response.json().expect("JSON");
    let strip = |answer: &mut Value| {
        if let Some(members) = answer.as_object_mut() {
            members.remove("requestUid");
            members.remove("processingTimeMs");
        }
    };
    strip(&mut body);
    if let Some(results) = body["results"].as_array_mut() {
        results.iter_mut().for_each(strip);
    }
    (response.status.as_u16(), body)
}

/// Asks both sides the same batches; every answer must be equal. The embedded node does not federate, so that only batches side by
/// side can be compared with it.
async fn compare(builder: ClusterBuilder, seed: u64) {
    let (fleet, server) = (start(builder).await, reference().await);
    let (client, server) = (fleet.client(), server.client());
    fill(&client, seed).await;
    fill(&server, seed).await;
    let federates = recording::classes_to_skip(&server)
        .await
        .expect("the reference tells its version")
        .is_empty();
    let mut draw = Draw::new(seed + 1000);
    let mut differing = Vec::new();
    for number in 0..160 {
        let body = draw.batch(number % 4 > 0);
        if number % 4 > 0 && !federates {
            continue;
        }
        let (found, expected) = (ask(&client, &body).await, ask(&server, &body).await);
        let (found, expected) = (comparable(&found), comparable(&expected));
        if found != expected {
            differing.push(format!(
                "{body}\n  fleet:  {} {}\n  server: {} {}",
                found.0, found.1, expected.0, expected.1
            ));
        }
    }
    assert!(
        differing.is_empty(),
        "{} batches differ\n{}",
        differing.len(),
        differing.join("\n")
    );
}

#[tokio::test]
async fn batches_over_one_shard_are_those_of_one_server() {
    compare(Cluster::builder().nodes(1).shards(1), 1).await;
}

#[tokio::test]
async fn batches_over_two_nodes_are_those_of_one_server() {
    compare(Cluster::builder().nodes(2).shards(8), 2).await;
}

#[tokio::test]
async fn batches_over_three_nodes_with_two_copies_are_those_of_one_server() {
    compare(Cluster::builder().nodes(3).rf(2).shards(8), 3).await;
}

/// What holds without a server to compare with: it runs over embedded nodes too.
#[tokio::test]
async fn a_federation_of_one_query_is_that_query() {
    let fleet = start(Cluster::builder().nodes(3).shards(8)).await;
    let client = fleet.client();
    fill(&client, 7).await;
    for query in [
        json!({"q": "forest garden", "showRankingScore": true}),
        json!({"filter": "size > 3", "sort": ["size:desc"]}),
        json!({"q": "velvet", "attributesToRetrieve": ["title"], "attributesToHighlight": ["title"]}),
        json!({"distinct": "colour"}),
    ] {
        let alone = client.post("/indexes/alpha/search", &query).await;
        let mut alone = page(&alone.expect("an answer"));
        let mut asked = query.clone();
        asked["indexUid"] = json!("alpha");
        let federated = ask(&client, &json!({"federation": {}, "queries": [asked]})).await;
        let mut federated = page(&federated);
        for hit in federated["hits"].as_array_mut().expect("hits") {
            let members = hit.as_object_mut().expect("an object");
            let federation = members.remove("_federation").expect("a federation");
            assert_eq!(
                (&federation["indexUid"], &federation["queriesPosition"]),
                (&json!("alpha"), &json!(0))
            );
            if let Some(score) = members.get("_rankingScore") {
                assert_eq!(*score, federation["weightedRankingScore"]);
            }
        }
        alone.as_object_mut().expect("an object").remove("query");
        assert_eq!(federated, alone, "{query}");
    }
}

/// Documents that several queries find are shown and counted once.
#[tokio::test]
async fn a_document_is_shown_and_counted_once() {
    let fleet = start(Cluster::builder().nodes(2).shards(8)).await;
    let client = fleet.client();
    fill(&client, 8).await;
    let federated = async |limit: usize, queries: Value| {
        let body = json!({
            "federation": {"limit": limit, "facetsByIndex": {"alpha": ["colour"]}},
            "queries": queries,
        });
        page(&ask(&client, &body).await)
    };
    let queries = json!([
        {"indexUid": "alpha", "filter": "size < 6"},
        {"indexUid": "alpha", "filter": "size > 3"},
        {"indexUid": "alpha", "q": "forest"},
        {"indexUid": "alpha", "q": "forest", "filter": "colour = red"},
    ]);
    // All of them on one page, and counted without being seen.
    let all = federated(1000, queries.clone()).await;
    let none = federated(0, queries).await;
    let mut ids: Vec<u64> = all["hits"]
        .as_array()
        .expect("hits")
        .iter()
        .map(|hit| hit["id"].as_u64().expect("an id"))
        .collect();
    ids.sort_unstable();
    let shown = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), shown);
    assert_eq!(all["estimatedTotalHits"], json!(shown));
    assert_eq!(none["estimatedTotalHits"], json!(shown));
    assert_eq!(none["facetsByIndex"], all["facetsByIndex"]);
}

#[tokio::test]
async fn batches_of_any_length_are_answered_in_order() {
    let builder = Cluster::builder().nodes(2).shards(4);
    let fleet = start(builder.config("multi_search.max_queries_per_batch", 20)).await;
    let client = fleet.client();
    fill(&client, 9).await;
    let queries: Vec<Value> = (0..250)
        .map(|limit| json!({"indexUid": "beta", "limit": limit % 7}))
        .collect();
    let answer = ask(&client, &json!({ "queries": queries })).await;
    let body = answer.json().expect("JSON");
    let results = body["results"].as_array().expect("results");
    let uid = &results[0]["requestUid"];
    assert_eq!(results.len(), 250);
    for (position, result) in results.iter().enumerate() {
        assert_eq!(result["limit"], json!(position % 7));
        assert_eq!(result["requestUid"], *uid);
    }
    assert_eq!(
        comparable(&ask(&client, &json!({"queries": []})).await),
        (200, json!({"results": []}))
    );
}

#[tokio::test]
async fn errors_stand_beside_answers_for_those_who_want_it() {
    let fleet = start(Cluster::builder().nodes(2).shards(4)).await;
    let client = fleet.client();
    fill(&client, 10).await;
    let body = json!({"queries": [
        {"indexUid": "alpha", "limit": 1},
        {"indexUid": "beta", "filter": "title = x"},
        {"indexUid": "nothing"},
        {"indexUid": "gamma", "federationOptions": {}},
        {"indexUid": "delta", "limit": 1},
    ]});
    let (status, refused) = comparable(&ask(&client, &body).await);
    assert_eq!(status, 400);
    let message = refused["message"].as_str().expect("a message");
    assert!(message.starts_with("Inside `.queries[1]`: "), "{message}");

    let with = async |value: &str| {
        let headers = [
            ("content-type", "application/json"),
            ("x-miroir-multi-search-partial", value),
        ]
        .map(|(name, value)| {
            (
                name.parse().expect("a name"),
                value.parse().expect("a value"),
            )
        });
        let body = body.to_string().into();
        let answer = client.send(http::Method::POST, "/multi-search", &headers, body);
        comparable(&answer.await.expect("an answer"))
    };
    let (status, answers) = with("true").await;
    assert_eq!(status, 200);
    let outcomes: Vec<(&Value, &Value, &Value)> = answers["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| {
            (
                &result["indexUid"],
                &result["status"],
                &result["error"]["code"],
            )
        })
        .collect();
    let expected = json!([
        ["alpha", null, null],
        ["beta", 400, "invalid_search_filter"],
        ["nothing", 404, "index_not_found"],
        ["gamma", 400, "invalid_multi_search_federation_options"],
        ["delta", null, null],
    ]);
    assert_eq!(json!(outcomes), expected);
    assert_eq!(with("false").await.0, 400);
    assert_eq!(with("maybe").await.1["code"], "miroir_invalid_header");
}

#[tokio::test]
async fn a_frozen_node_holds_no_query_back_for_long() {
    let builder = Cluster::builder().nodes(3).rf(2).shards(8);
    let mut fleet = start(builder.config("scatter.node_timeout_ms", 500)).await;
    let client = fleet.client();
    fill(&client, 11).await;
    let queries = json!([
        {"indexUid": "alpha", "q": "forest"}, {"indexUid": "beta", "q": "garden"},
        {"indexUid": "gamma", "q": "ribbon"}, {"indexUid": "delta", "q": "velvet"},
        {"indexUid": "alpha", "q": "meadow"},
    ]);
    let apart = json!({ "queries": queries });
    let federated = json!({ "federation": {}, "queries": queries });
    let before = [
        comparable(&ask(&client, &apart).await),
        comparable(&ask(&client, &federated).await),
    ];
    assert_eq!((before[0].0, before[1].0), (200, 200));
    fleet.node(0).freeze().expect("the node freezes");
    let after = [
        comparable(&ask(&client, &apart).await),
        comparable(&ask(&client, &federated).await),
    ];
    assert_eq!(after, before);
    fleet.node(0).thaw().expect("the node thaws");
}

#[tokio::test]
async fn a_list_of_no_queries_tells_how_long_it_took_too() {
    let fleet = start(Cluster::builder().nodes(1).rf(1).shards(2)).await;
    let asked = json!({ "federation": { "showPerformanceDetails": true }, "queries": [] });
    let body = page(&ask(&fleet.client(), &asked).await);
    let took = body["performanceDetails"]["search"].as_str();
    assert!(took.is_some_and(|took| took.ends_with('s')), "{body}");
}
