//! A fleet answers what a real server answered, as far as it serves the routes, and no log repeats what it was told.

use miroir_testkit::cluster::{ADMIN_KEY, Cluster, MASTER_KEY, NODE_MASTER_KEY};
use miroir_testkit::recording::{self, Recording};

use crate::fixture::start;

/// Replays a scenario on three nodes.
async fn replay(scenario: &str) {
    let path = recording::folder().join(format!("{scenario}.json"));
    let recorded = Recording::load(&path).expect("the recording can be read");
    let secrets = recorded.secrets();
    let fleet = Cluster::builder().nodes(3).shards(16);
    let mut fleet = start(fleet.config("log.level", "trace")).await;
    let mut skip = recording::classes_to_skip(&fleet.nodes()[0].client())
        .await
        .expect("the node tells its version");
    skip.retain(|class| class != recording::CLIENT_FACING);
    recording::replay(&recorded.for_a_fleet(), &fleet.client(), &skip)
        .await
        .expect("every step is answered")
        .assert_equal();

    fleet.stop_proxy().await.expect("it ends");
    let log = fleet.proxy().log();
    assert!(log.contains("\"trace\""), "the log is at trace level");
    let keys = [MASTER_KEY, NODE_MASTER_KEY, ADMIN_KEY];
    for secret in secrets.iter().map(String::as_str).chain(keys) {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[tokio::test]
async fn batches() {
    replay("batches").await;
}

#[tokio::test]
async fn bad_searches() {
    replay("bad_search").await;
}

#[tokio::test]
async fn bad_searches_by_get() {
    replay("bad_search_get").await;
}

#[tokio::test]
async fn bad_facet_and_multi_searches() {
    replay("bad_facets").await;
}

#[tokio::test]
async fn bad_lists_of_documents() {
    replay("bad_documents").await;
}

#[tokio::test]
async fn bad_lists_of_fields() {
    replay("bad_fields").await;
}

#[tokio::test]
async fn bad_similar() {
    replay("bad_similar").await;
}

#[tokio::test]
async fn compaction() {
    replay("compaction").await;
}

#[tokio::test]
async fn documents() {
    replay("documents").await;
}

#[tokio::test]
async fn exports() {
    replay("exports").await;
}

#[tokio::test]
async fn federation() {
    replay("federation").await;
}

#[tokio::test]
async fn gated() {
    replay("gated").await;
}

#[tokio::test]
async fn hybrid() {
    replay("hybrid").await;
}

#[tokio::test]
async fn indexes() {
    replay("indexes").await;
}

#[tokio::test]
async fn keys() {
    replay("keys").await;
}

#[tokio::test]
async fn access() {
    replay("access").await;
}

#[tokio::test]
async fn edge() {
    replay("edge").await;
}

#[tokio::test]
async fn tenant_tokens() {
    replay("tenant_tokens").await;
}

#[tokio::test]
async fn multi_search() {
    replay("multi_search").await;
}

#[tokio::test]
async fn search() {
    replay("search").await;
}

#[tokio::test]
async fn settings() {
    replay("settings").await;
}

#[tokio::test]
async fn system() {
    replay("system").await;
}

#[tokio::test]
async fn tasks() {
    replay("tasks").await;
}

#[tokio::test]
async fn webhooks() {
    replay("webhooks").await;
}

#[tokio::test]
async fn vectors() {
    replay("vectors").await;
}
