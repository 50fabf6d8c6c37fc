//! A node answers what a real server answered: status, content type, body, and the finished task.

use miroir_testkit::cluster::MASTER_KEY;
use miroir_testkit::process::Node;
use miroir_testkit::recording::{self, Recording};

async fn replay_on_a_fresh_node(scenario: &str) {
    let path = recording::folder().join(format!("{scenario}.json"));
    let recorded = Recording::load(&path).expect("the recording can be read");
    let node = Node::start("node", MASTER_KEY)
        .await
        .expect("the node starts");
    let client = node.client();
    let skip = recording::classes_to_skip(&client)
        .await
        .expect("the node tells its version");
    recording::replay(&recorded, &client, &skip)
        .await
        .expect("every step is answered")
        .assert_equal();
}

#[tokio::test]
async fn documents() {
    replay_on_a_fresh_node("documents").await;
}

#[tokio::test]
async fn hybrid() {
    replay_on_a_fresh_node("hybrid").await;
}

#[tokio::test]
async fn indexes() {
    replay_on_a_fresh_node("indexes").await;
}

#[tokio::test]
async fn keys() {
    replay_on_a_fresh_node("keys").await;
}

#[tokio::test]
async fn multi_search() {
    replay_on_a_fresh_node("multi_search").await;
}

#[tokio::test]
async fn search() {
    replay_on_a_fresh_node("search").await;
}

#[tokio::test]
async fn settings() {
    replay_on_a_fresh_node("settings").await;
}

#[tokio::test]
async fn system() {
    replay_on_a_fresh_node("system").await;
}

#[tokio::test]
async fn tasks() {
    replay_on_a_fresh_node("tasks").await;
}

#[tokio::test]
async fn vectors() {
    replay_on_a_fresh_node("vectors").await;
}
