//! What operators see: the scrape on both listeners, and the log.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, HeaderValue, Method};
use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{fill, search, start, until};

/// Every core name, as the alerts and dashboards use it.
const CORE: [&str; 32] = [
    "miroir_build_info",
    "miroir_cpu_throttled_seconds_total",
    "miroir_degraded_shards_total",
    "miroir_feature_enabled",
    "miroir_leader",
    "miroir_memory_pressure",
    "miroir_merge_duration_seconds",
    "miroir_node_errors_total",
    "miroir_node_healthy",
    "miroir_node_request_duration_seconds",
    "miroir_peer_pod_count",
    "miroir_rebalance_documents_migrated_total",
    "miroir_rebalance_in_progress",
    "miroir_request_duration_seconds",
    "miroir_request_queue_depth",
    "miroir_requests_in_flight",
    "miroir_requests_total",
    "miroir_scatter_fan_out_size",
    "miroir_scatter_partial_responses_total",
    "miroir_scatter_refills_total",
    "miroir_scatter_retries_total",
    "miroir_shard_coverage",
    "miroir_shard_distribution",
    "miroir_stale_replicas",
    "miroir_task_processing_age_seconds",
    "miroir_task_registry_size",
    "miroir_tasks_total",
    "miroir_topology_epoch",
    "miroir_under_replicated_shards",
    "miroir_worker_pass_duration_seconds",
    "miroir_worker_passes_total",
    "miroir_write_quorum_missed_total",
];

/// What a planted value must never lead to: this word in the log.
const PLANTED: &str = "zanzibarium";

/// The samples of a scrape, by name and labels.
pub(crate) async fn scrape(client: &Client, path: &str) -> BTreeMap<String, f64> {
    let answer = client.get(path).await.expect("a scrape");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "the scrape is complete");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

/// The families of a scrape, also those that have no sample yet.
pub(crate) async fn families(client: &Client, path: &str) -> BTreeSet<String> {
    let text = client.get(path).await.expect("a scrape").text();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .filter_map(|line| {
            let (name, kind) = line.split_once(' ')?;
            let total = if kind == "counter" { "_total" } else { "" };
            Some(format!("{name}{total}"))
        })
        .collect()
}

#[tokio::test]
async fn both_listeners_tell_the_same_and_every_core_name() {
    let mut fleet = start(Cluster::builder().nodes(3).shards(12)).await;
    let client = fleet.client();
    fill(&client, 50).await;
    search(&client, &json!({ "q": "story" })).await;
    let monitoring = Client::new(&fleet.proxy().metrics_url(), None);
    let open = families(&monitoring, "/metrics").await;
    assert_eq!(open, families(&fleet.admin(), "/_miroir/metrics").await);
    for name in CORE {
        assert!(open.contains(name), "{name} is missing");
    }
    let samples = scrape(&monitoring, "/metrics").await;
    assert_eq!(samples["miroir_scatter_fan_out_size_sum"], 3.0);
    assert_eq!(samples["miroir_scatter_fan_out_size_count"], 1.0);
    assert_eq!(samples["miroir_shard_coverage"], 12.0);
    assert_eq!(samples["miroir_degraded_shards_total"], 0.0);
    assert_eq!(samples["miroir_node_healthy{node_id=\"node-1\"}"], 1.0);
    let searches = r#"miroir_requests_total{method="POST",path_template="/indexes/{uid}/search",status="200"}"#;
    assert_eq!(samples[searches], 1.0);
    // A scrape by a client is a request itself, and the only one.
    let samples = scrape(&fleet.admin(), "/_miroir/metrics").await;
    assert_eq!(samples["miroir_requests_in_flight"], 1.0);

    let refused = client.get("/_miroir/metrics").await.expect("an answer");
    assert_eq!(refused.status, 401, "a client's key opens no metrics");
}

#[tokio::test]
async fn a_lost_node_shows() {
    let mut fleet = start(Cluster::builder().nodes(2).shards(4)).await;
    fill(&fleet.client(), 20).await;
    fleet.node(1).kill().expect("killed");
    let monitoring = Client::new(&fleet.proxy().metrics_url(), None);
    until("the lost node and its shards show", async || {
        let samples = scrape(&monitoring, "/metrics").await;
        let degraded = samples["miroir_degraded_shards_total"];
        assert_eq!(degraded + samples["miroir_shard_coverage"], 4.0);
        samples["miroir_node_healthy{node_id=\"node-1\"}"] == 0.0 && degraded > 0.0
    })
    .await;
}

#[tokio::test]
async fn one_line_per_request_and_nothing_of_what_clients_say() {
    let mut fleet = start(
        Cluster::builder()
            .nodes(2)
            .shards(4)
            .config("log.level", "trace"),
    )
    .await;
    let client = fleet.client();
    fill(&client, 20).await;
    let id = (
        HeaderName::from_static("x-request-id"),
        HeaderValue::from_static("from-the-client_1"),
    );
    let query =
        json!({ "q": PLANTED, "filter": format!("colour = {PLANTED}"), "facets": ["colour"] });
    let body = query.to_string();
    let path = "/indexes/stories/search";
    let answer = client
        .send(Method::POST, path, &[id], body.into())
        .await
        .expect("an answer");
    assert_eq!(answer.header("x-request-id"), Some("from-the-client_1"));
    let unknown = client.get(&format!("/{PLANTED}")).await.expect("an answer");
    let given = unknown.header("x-request-id").expect("an id").to_owned();
    assert_eq!(given.len(), 16, "{given}");

    fleet.stop_proxy().await.expect("stopped");
    let log = fleet.proxy().log();
    assert!(!log.contains(PLANTED), "a client's word is in the log");
    let lines: Vec<Value> = log
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let of = |id: &str| -> Vec<&Value> {
        let is_end = |line: &&Value| line["level"] == "info" && line["request_id"] == id;
        lines.iter().filter(is_end).collect()
    };
    let [line] = of("from-the-client_1")[..] else {
        panic!("one line, not {:?}", of("from-the-client_1"));
    };
    assert_eq!(line["path_template"], "/indexes/{index_uid}/search");
    assert_eq!(line["index"], "stories");
    assert!(line["duration_ms"].is_u64() && line["pod_id"].is_string());
    let [line] = of(&given)[..] else {
        panic!("one line, not {:?}", of(&given));
    };
    assert_eq!(line["path_template"], "unmatched");
    assert_eq!(line["status"], 404);
}
