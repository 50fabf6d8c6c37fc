//! Nodes that are slow or silent: late legs are asked of other copies, and nobody else is asked more than needed.

use std::collections::BTreeMap;
use std::time::Duration;

use miroir_testkit::client::Client;
use miroir_testkit::cluster::{Cluster, ClusterBuilder};
use serde_json::{Value, json};

use crate::fixture::{Fleet, degraded, fill, page, search, start, succeed, until};
use crate::metrics::scrape;

const DOCUMENTS: usize = 120;
/// Far beyond what any search takes here, far below what health checks forgive.
const SLOWER: Duration = Duration::from_millis(500);

/// Copies that can stand in for each other, in front of nodes that can be slowed and silenced.
fn builder(nodes: u16) -> ClusterBuilder {
    Cluster::builder()
        .nodes(nodes)
        .rf(2)
        .shards(16)
        .canned()
        .config("health.interval_ms", 2000)
        .config("health.timeout_ms", 1900)
}

fn query() -> Value {
    json!({ "q": "story", "limit": 15, "facets": ["colour"], "sort": ["size:asc"] })
}

/// Searches until every node has answered often enough to know what is usual for it.
async fn warm_up(client: &Client) -> Value {
    for _ in 0..80 {
        page(&search(client, &query()).await);
    }
    page(&search(client, &query()).await)
}

async fn samples(fleet: &mut Fleet) -> BTreeMap<String, f64> {
    let monitoring = Client::new(&fleet.proxy().metrics_url(), None);
    scrape(&monitoring, "/metrics").await
}

fn fired(samples: &BTreeMap<String, f64>, outcome: &str) -> f64 {
    samples[&format!("miroir_hedge_fired_total{{outcome=\"{outcome}\"}}")]
}

#[tokio::test]
async fn a_late_node_is_hedged_and_the_answer_is_the_same() {
    // In turns, so that the late node is asked again and again.
    let mut fleet = start(builder(4).config("replica_selection.strategy", "round_robin")).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let healthy = warm_up(&client).await;
    fleet.canned()[0].delay(SLOWER);
    for _ in 0..12 {
        let answer = search(&client, &query()).await;
        assert_eq!(degraded(&answer), None);
        assert_eq!(page(&answer), healthy);
    }
    let samples = samples(&mut fleet).await;
    assert!(fired(&samples, "winner") > 0.0);
    assert_eq!(
        samples["miroir_hedge_latency_savings_seconds_count"],
        fired(&samples, "winner")
    );
    // Writes wait for the late node, and reach it once.
    let tasks = |node: &miroir_testkit::process::Node| node.client();
    let before = document_tasks(&tasks(&fleet.nodes()[0])).await;
    let added = client
        .post(
            "/indexes/stories/documents",
            &json!([{ "id": 1 }, { "id": 2 }, { "id": 3 }, { "id": 4 }, { "id": 5 }]),
        )
        .await;
    succeed(&client, added).await;
    let after = document_tasks(&tasks(&fleet.nodes()[0])).await;
    assert!(after - before <= 1, "{before} and then {after}");
}

async fn document_tasks(node: &Client) -> u64 {
    let path = "/tasks?types=documentAdditionOrUpdate&limit=1";
    let tasks = node.get(path).await.expect("an answer").json();
    tasks.expect("JSON")["total"].as_u64().expect("a number")
}

#[tokio::test]
async fn legs_that_answer_before_their_hedge_make_it_a_loser() {
    let mut fleet = start(builder(3).config("replica_selection.strategy", "round_robin")).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let healthy = warm_up(&client).await;
    for node in fleet.canned() {
        node.delay(SLOWER / 5);
    }
    // Hedges are sent later than the legs that they stand in for, to nodes that are no faster.
    until("a hedge has lost", async || {
        assert_eq!(page(&search(&client, &query()).await), healthy);
        fired(&samples(&mut fleet).await, "loser") > 0.0
    })
    .await;
}

#[tokio::test]
async fn a_frozen_node_costs_no_answer() {
    let fleet = start(builder(3)).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let healthy = warm_up(&client).await;
    let read = async |number: usize| {
        let path = format!("/indexes/stories/documents/{number}");
        let document = client.get(&path).await.expect("an answer");
        assert_eq!(document.status, 200, "{}", document.text());
    };
    for number in 0..DOCUMENTS {
        read(number).await;
    }
    fleet.canned()[1].freeze(true);
    for number in 0..60 {
        let answer = search(&client, &query()).await;
        assert_eq!(degraded(&answer), None);
        assert_eq!(page(&answer), healthy);
        read(number).await;
    }
    let topology = fleet.admin().get("/_miroir/topology").await;
    let topology = topology.expect("an answer").json().expect("JSON");
    // A node that health checks have given up by now has no score.
    let score = |node: usize| topology["nodes"][node]["score"].as_f64();
    let frozen = score(1).unwrap_or(f64::INFINITY);
    assert!(
        score(0) < Some(frozen) && score(2) < Some(frozen),
        "{topology:#}"
    );
    // Nothing of the frozen node was needed, and it takes part again when it is back.
    fleet.canned()[1].freeze(false);
    until("the node is asked again", async || {
        page(&search(&client, &query()).await);
        let plan = client.post("/indexes/stories/explain", &query()).await;
        let plan = plan.expect("an answer").json().expect("JSON");
        let legs = plan["plan"]["legs"].as_array().expect("a list").clone();
        legs.iter().any(|leg| leg["node"] == "node-1")
    })
    .await;
}
