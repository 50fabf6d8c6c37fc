//! Writes that the nodes themselves fail, and writes that go out in several pieces.

use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{degraded, fill, start, succeed, until};

/// Any server takes it and fails the task: vectors are no text.
fn refused_by_nodes(id: u64) -> Value {
    json!({ "id": id, "_vectors": "no vectors" })
}

/// One node, so that none has taken everything.
#[tokio::test]
async fn first_write_that_the_nodes_fail_leaves_an_empty_index() {
    let fleet = start(Cluster::builder().nodes(1).rf(1).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    let documents = "/indexes/drafts/documents";
    let answer = client
        .post(documents, &json!([refused_by_nodes(1)]))
        .await
        .unwrap();
    let task = client.wait_task(answer.task_uid().unwrap()).await.unwrap();
    assert_eq!(task["status"], "failed", "{task:?}");
    assert_eq!(client.get("/indexes/drafts").await.unwrap().status, 200);

    let answer = client.post(documents, &json!([{ "id": 2 }])).await.unwrap();
    let task = client.wait_task(answer.task_uid().unwrap()).await.unwrap();
    assert_eq!(task["status"], "succeeded", "{task:?}");
    let stats = client.get("/indexes/drafts/stats").await.unwrap();
    assert_eq!(stats.json().unwrap()["numberOfDocuments"], 1);
}

#[tokio::test]
async fn piece_of_a_long_write_that_fails_fails_the_task() {
    let small = Cluster::builder()
        .nodes(1)
        .rf(1)
        .shards(8)
        .config("scatter.node_max_body_bytes", 65_536);
    let fleet = start(small).await;
    let client = fleet.client().with_fresh_connections();
    let text = "x".repeat(1000);
    let mut batch: Vec<Value> = (0..200)
        .map(|id| json!({ "id": id, "text": text }))
        .collect();
    let documents = "/indexes/long/documents";
    let answer = client.post(documents, &json!(batch)).await.unwrap();
    let task = client.wait_task(answer.task_uid().unwrap()).await.unwrap();
    assert_eq!(task["status"], "succeeded", "{task:?}");
    let stats = client.get("/indexes/long/stats").await.unwrap();
    assert_eq!(stats.json().unwrap()["numberOfDocuments"], 200);

    batch[0] = refused_by_nodes(0);
    let answer = client.post(documents, &json!(batch)).await.unwrap();
    let task = client.wait_task(answer.task_uid().unwrap()).await.unwrap();
    assert_eq!(task["status"], "failed", "{task:?}");
}

#[tokio::test]
async fn a_write_whose_answers_get_lost_on_the_way_has_happened_once() {
    let fleet = start(Cluster::builder().nodes(2).rf(2).shards(8).tapped()).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 5).await;
    let documents = "/indexes/stories/documents";
    for position in 0..2 {
        fleet.tap(position).lose_answers(1);
    }
    let answer = client
        .post(documents, &json!([{ "id": 100 }]))
        .await
        .unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(degraded(&answer), None);
    succeed(&client, Ok(answer)).await;
    for node in fleet.nodes() {
        let path = "/tasks?indexUids=stories&types=documentAdditionOrUpdate";
        let tasks = node.client().get(path).await.unwrap().json().unwrap();
        assert_eq!(
            tasks["total"], 2,
            "the documents of the beginning, and this one: {tasks}"
        );
    }
}

/// A node that took a change of settings which the fleet refuses must not go on with it.
#[tokio::test]
async fn a_refused_change_of_settings_stays_on_no_node() {
    // The proxy learns that the node is gone by the change itself.
    let builder = Cluster::builder().nodes(2).shards(4);
    let mut fleet = start(builder.config("health.interval_ms", 60_000)).await;
    let client = fleet.client();
    fill(&client, 20).await;
    fleet.node(1).kill().unwrap();
    let change = json!({ "synonyms": { "big": ["large"] }, "stopWords": ["the"] });
    let refused = client.patch("/indexes/stories/settings", &change).await;
    assert_eq!(refused.unwrap().status, 503, "half of it has nowhere to go");

    let node = fleet.nodes()[0].client();
    let indexes = node.get("/indexes?limit=100").await.unwrap();
    let indexes = indexes.json().unwrap()["results"].clone();
    let uids: Vec<String> = indexes
        .as_array()
        .unwrap()
        .iter()
        .map(|index| format!("/indexes/{}/settings", index["uid"].as_str().unwrap()))
        .collect();
    until("no index of the node has the change", async || {
        for settings in &uids {
            let shown = node.get(settings).await.unwrap().json().unwrap();
            if shown["synonyms"] != json!({}) || shown["stopWords"] != json!([]) {
                return false;
            }
        }
        true
    })
    .await;
    let shown = client.get("/indexes/stories/settings").await.unwrap();
    let shown = shown.json().unwrap();
    assert_eq!(
        (&shown["synonyms"], &shown["stopWords"]),
        (&json!({}), &json!([]))
    );
}

#[tokio::test]
async fn an_index_that_a_refused_write_was_to_create_has_its_settings_on_every_node() {
    let builder = Cluster::builder().nodes(2).shards(8);
    let mut fleet = start(builder.config("health.unhealthy_threshold", 20)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 40).await;
    let documents: Vec<Value> = (0..40).map(|id| json!({ "id": id })).collect();
    let path = "/indexes/shared/documents";

    // One node does not answer yet, so that the refused write stays open and a later one relies on its index.
    fleet.node(0).freeze().unwrap();
    fleet.node(1).kill().unwrap();
    let refused = client.post(path, &json!(documents)).await.unwrap();
    assert_eq!(refused.status, 503, "{}", refused.text());
    fleet.node(1).restart().await.unwrap();
    let body = json!(documents);
    let later = tokio::spawn({
        let client = fleet.client();
        async move { client.post(path, &body).await }
    });
    let arrived = fleet.nodes()[1].client();
    until("the later write is on the node that was away", async || {
        let stats = arrived.get("/stats").await.unwrap().json().unwrap();
        let indexes = stats["indexes"].as_object().unwrap();
        let is_there = |(name, index): (&String, &Value)| {
            name.starts_with("shared") && index["numberOfDocuments"].as_u64() > Some(0)
        };
        indexes.iter().any(is_there)
    })
    .await;
    fleet.node(0).thaw().unwrap();
    succeed(&client, later.await.unwrap()).await;
    let listed = client
        .get("/indexes/shared/documents?limit=100")
        .await
        .unwrap();
    assert_eq!(listed.status, 200, "{}", listed.text());
    assert_eq!(listed.json().unwrap()["total"], 40);
}
