//! What is shipped for Grafana and Prometheus: every metric that a panel or a rule names is there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{fill, search, start};
use crate::metrics::families;

/// What a histogram has besides its name.
const PARTS: [&str; 3] = ["_bucket", "_count", "_sum"];

fn shipped(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../dashboards");
    std::fs::read_to_string(root.join(name)).expect("it is in the repository")
}

/// Every name of a metric of ours in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let is_part =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    text.match_indices("miroir_")
        .map(|(at, _)| {
            let rest = &text[at..];
            rest.split(|letter| !is_part(letter))
                .next()
                .unwrap_or_default()
        })
        .collect()
}

#[tokio::test]
async fn every_metric_that_is_shown_or_watched_exists() {
    let mut fleet = start(Cluster::builder().nodes(2).shards(4)).await;
    let client = fleet.client();
    fill(&client, 20).await;
    search(&client, &json!({ "q": "story" })).await;
    let monitoring = Client::new(&fleet.proxy().metrics_url(), None);
    let known = families(&monitoring, "/metrics").await;
    let (dashboard, alerts) = (
        shipped("miroir-overview.json"),
        shipped("miroir-alerts.yaml"),
    );
    let named: Vec<&str> = metrics(&dashboard)
        .union(&metrics(&alerts))
        .copied()
        .collect();
    assert!(named.len() > 25, "{named:?}");
    let missing: Vec<&&str> = named
        .iter()
        .filter(|name| {
            let of_histogram = PARTS.iter().find_map(|part| name.strip_suffix(part));
            !known.contains(**name) && !of_histogram.is_some_and(|family| known.contains(family))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?} are named and do not exist");
}

#[test]
fn every_panel_asks_something_and_every_alert_is_explained() {
    let dashboard: Value = serde_json::from_str(&shipped("miroir-overview.json")).expect("JSON");
    for panel in dashboard["panels"].as_array().expect("a list") {
        if panel["type"] != "row" {
            assert!(
                !panel["targets"].as_array().expect("a list").is_empty(),
                "{panel}"
            );
            assert_eq!(panel["datasource"]["uid"], "$datasource");
        }
    }
    let operations = shipped("../docs/operations.md");
    let alerts = shipped("miroir-alerts.yaml");
    let names = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    for name in names {
        assert!(operations.contains(name), "{name} is not explained");
    }
}
