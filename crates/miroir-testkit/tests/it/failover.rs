//! Nodes die and freeze: answers stay complete while another copy is there, and say what they lack when none is.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{
    Fleet, degraded, fill, lacking, page, search, shards_of, start, stored, until, until_status,
};

const DOCUMENTS: usize = 200;

/// Requests whose answers touch every shard in a different way.
fn questions() -> Vec<Value> {
    vec![
        json!({ "q": "", "limit": 300 }),
        json!({ "q": "story", "limit": 20, "offset": 40 }),
        json!({ "facets": ["colour", "size"], "limit": 1 }),
        json!({ "filter": "size > 50", "sort": ["size:asc"], "page": 2, "hitsPerPage": 15 }),
        json!({ "q": "story", "showRankingScore": true, "attributesToHighlight": ["*"] }),
    ]
}

async fn answers(fleet: &Fleet) -> Vec<Value> {
    let client = fleet.client();
    let mut pages = Vec::new();
    for question in questions() {
        let answer = search(&client, &question).await;
        assert_eq!(degraded(&answer), None, "{question}");
        pages.push(page(&answer));
    }
    pages
}

#[tokio::test]
async fn with_two_copies_a_killed_node_is_not_missed() {
    let mut fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    fill(&fleet.client(), DOCUMENTS).await;
    let before = answers(&fleet).await;
    for position in 0..3 {
        let id = format!("node-{position}");
        fleet.node(position).kill().unwrap();
        // At once, while the proxy still takes the node for a healthy one, and when it knows better.
        for _ in 0..3 {
            assert_eq!(answers(&fleet).await, before);
        }
        until_status(&fleet, &id, "failed").await;
        assert_eq!(answers(&fleet).await, before);
        fleet.node(position).restart().await.unwrap();
        until_status(&fleet, &id, "healthy").await;
        assert_eq!(answers(&fleet).await, before);
    }
}

#[tokio::test]
async fn with_two_copies_a_frozen_node_is_not_missed() {
    let builder = Cluster::builder().nodes(3).rf(2).shards(16);
    // A search waits so long for the frozen node before it asks another one.
    let mut fleet = start(builder.config("scatter.node_timeout_ms", 500)).await;
    fill(&fleet.client(), DOCUMENTS).await;
    let before = answers(&fleet).await;
    fleet.node(1).freeze().unwrap();
    for _ in 0..3 {
        assert_eq!(answers(&fleet).await, before);
    }
    until_status(&fleet, "node-1", "failed").await;
    assert_eq!(answers(&fleet).await, before);
    fleet.node(1).thaw().unwrap();
    until_status(&fleet, "node-1", "healthy").await;
    assert_eq!(answers(&fleet).await, before);
}

#[tokio::test]
async fn with_two_groups_a_lost_group_is_not_missed() {
    let mut fleet = start(Cluster::builder().nodes(4).replica_groups(2).shards(16)).await;
    fill(&fleet.client(), DOCUMENTS).await;
    let before = answers(&fleet).await;
    // Nodes are dealt to the groups in turn.
    fleet.node(0).kill().unwrap();
    fleet.node(2).kill().unwrap();
    for _ in 0..3 {
        assert_eq!(answers(&fleet).await, before);
    }
}

/// Of a fleet with one copy: the shards of a node, a document in one of them, and a document elsewhere.
async fn halves(fleet: &Fleet, position: usize) -> (BTreeSet<usize>, u64, u64) {
    let shards = shards_of(fleet, &format!("node-{position}")).await;
    let first = async |node| {
        *stored(&fleet.nodes()[node])
            .await
            .keys()
            .next()
            .expect("the node has documents")
    };
    let other = (position + 1) % fleet.node_count();
    (shards, first(position).await, first(other).await)
}

#[tokio::test]
async fn with_one_copy_the_answer_names_what_it_lacks() {
    let mut fleet = start(Cluster::builder().nodes(3).shards(16)).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let (lost, lost_id, live_id) = halves(&fleet, 1).await;
    let there = stored(&fleet.nodes()[1]).await.len();
    fleet.node(1).kill().unwrap();

    for _ in 0..2 {
        let answer = search(&client, &json!({ "limit": 300 })).await;
        assert_eq!(degraded(&answer), Some(lacking(&lost).as_str()));
        let hits = page(&answer)["hits"].as_array().unwrap().len();
        assert_eq!(hits, DOCUMENTS - there);

        let by_id = |id: u64| format!("/indexes/stories/documents/{id}");
        let answer = client.get(&by_id(lost_id)).await.unwrap();
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert_eq!(answer.json().unwrap()["code"], "miroir_shard_unavailable");
        assert!(answer.header("retry-after").is_some());
        assert_eq!(client.get(&by_id(live_id)).await.unwrap().status, 200);
        until_status(&fleet, "node-1", "failed").await;
    }

    for position in [0, 2] {
        fleet.node(position).kill().unwrap();
    }
    let answer = search(&client, &json!({})).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json().unwrap()["code"], "miroir_shard_unavailable");
}

#[tokio::test]
async fn under_the_policy_error_an_incomplete_answer_is_refused() {
    let builder = Cluster::builder().nodes(2).shards(8);
    let builder = builder.config("scatter.unavailable_shard_policy", "error");
    let mut fleet = start(builder).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let (lost, lost_id, live_id) = halves(&fleet, 0).await;
    fleet.node(0).kill().unwrap();

    for _ in 0..2 {
        let answer = search(&client, &json!({})).await;
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("retry-after").is_some());
        let error = answer.json().unwrap();
        assert_eq!(error["code"], "miroir_shard_unavailable");
        let names: Vec<String> = lost.iter().map(ToString::to_string).collect();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&names.join(",")), "{message}");
        for (id, status) in [(lost_id, 503), (live_id, 200)] {
            let path = format!("/indexes/stories/documents/{id}");
            assert_eq!(client.get(&path).await.unwrap().status, status);
        }
        until_status(&fleet, "node-0", "failed").await;
    }
}

#[tokio::test]
async fn a_returned_node_serves_again_within_three_intervals() {
    let interval = Duration::from_secs(1);
    let builder = Cluster::builder().nodes(2).shards(8);
    let mut fleet = start(builder.config("health.interval_ms", 1000)).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    fleet.node(0).kill().unwrap();
    until_status(&fleet, "node-0", "failed").await;
    let question = json!({ "limit": 300 });
    assert!(degraded(&search(&client, &question).await).is_some());

    fleet.node(0).restart().await.unwrap();
    let returned = Instant::now();
    until("searches are complete", async || {
        degraded(&search(&client, &question).await).is_none()
    })
    .await;
    assert!(
        returned.elapsed() <= 3 * interval,
        "{:?}",
        returned.elapsed()
    );
}
