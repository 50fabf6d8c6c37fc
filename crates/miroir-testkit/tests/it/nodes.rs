//! Nodes as processes: they survive a crash with their data, and two of them answer alike.

use std::time::Duration;

use miroir_testkit::oracle::{self, Options};
use miroir_testkit::process::Node;
use serde_json::json;

const KEY: &str = "a-master-key-of-16-bytes-or-more";

#[tokio::test]
async fn a_killed_node_comes_back_on_the_same_port_with_its_data() {
    let mut node = Node::start("node", KEY).await.unwrap();
    let (url, client) = (node.url(), node.client());
    let added = client
        .post("/indexes/movies/documents", &json!([{ "id": 1 }]))
        .await
        .unwrap();
    let task = client.wait_task(added.task_uid().unwrap()).await.unwrap();
    assert_eq!(task["status"], "succeeded");

    node.kill().unwrap();
    assert!(client.get("/health").await.is_err());
    node.restart().await.unwrap();
    assert_eq!(node.url(), url);
    assert_eq!(
        client
            .get("/indexes/movies/documents/1")
            .await
            .unwrap()
            .status,
        200
    );

    node.restart_empty().await.unwrap();
    assert_eq!(
        client
            .get("/indexes/movies/documents/1")
            .await
            .unwrap()
            .status,
        404
    );
}

#[tokio::test]
async fn a_frozen_node_is_silent_until_it_is_thawed() {
    let mut node = Node::start("node", KEY).await.unwrap();
    let client = node.client().with_timeout(Duration::from_millis(300));
    node.freeze().unwrap();
    assert!(client.get("/health").await.is_err());
    node.thaw().unwrap();
    let client = node.client();
    assert_eq!(client.get("/health").await.unwrap().status, 200);
    node.stop().await.unwrap();
    assert!(client.get("/health").await.is_err());
}

#[tokio::test]
async fn two_nodes_answer_alike() {
    let (one, other) =
        tokio::try_join!(Node::start("one", KEY), Node::start("other", KEY)).unwrap();
    let options = Options {
        queries: 10,
        documents: 200,
        candidate_is_plain: true,
        ..Options::default()
    };
    let report = oracle::run(&options, &one.client(), &other.client())
        .await
        .unwrap();
    report.assert_passed();
}
