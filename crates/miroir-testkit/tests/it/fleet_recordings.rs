//! A fleet answers what a real server answered, as far as it serves the routes.

use miroir_testkit::cluster::Cluster;
use miroir_testkit::json::Tree;
use miroir_testkit::recording::{self, Recording};

use crate::fixture::start;

/// Steps of routes that a fleet does not serve yet, and steps that follow from them. A name that ends with `*` stands for
/// every name that begins so.
mod not_served {
    pub(super) const INDEXES: &[&str] = &[
        // The first document of a list, which has an order of its own.
        "swapped index",
    ];
    pub(super) const SEARCH: &[&str] = &[
        // The strategy weighs words by their frequency, of which every node knows its own documents only.
        "frequency",
    ];
    pub(super) const SYSTEM: &[&str] = &["dump", "snapshot"];
    pub(super) const VECTORS: &[&str] = &[
        // Sizes of vectors are estimated over all copies.
        "stats count vectors",
    ];
}

/// Leaves steps out. The tasks of the steps that stay are numbered as if the others had never been.
fn without(mut recorded: Recording, names: &[&str]) -> Recording {
    let is_left_out = |step: &str| {
        names.iter().any(|name| match name.strip_suffix('*') {
            Some(beginning) => step.starts_with(beginning),
            None => step == *name,
        })
    };
    let mut gone = 0;
    recorded.exchanges.retain_mut(|exchange| {
        let announced = exchange.answer.body.as_mut();
        let announced = announced.and_then(|body| body.members_mut()?.get_mut("taskUid"));
        if is_left_out(&exchange.request.name) {
            gone += u64::from(announced.is_some());
            return false;
        }
        announced.into_iter().for_each(|uid| lower(uid, gone));
        let uid = exchange.task.as_mut();
        let uid = uid.and_then(|task| task.members_mut()?.get_mut("uid"));
        uid.into_iter().for_each(|uid| lower(uid, gone));
        true
    });
    recorded
}

fn lower(number: &mut Tree, by: u64) {
    if let Tree::Number(text) = number {
        let value: u64 = text.parse().expect("a uid is a number");
        *text = (value - by).to_string();
    }
}

/// Replays a scenario on three nodes.
async fn replay(scenario: &str, left_out: &[&str]) {
    let path = recording::folder().join(format!("{scenario}.json"));
    let recorded = Recording::load(&path).expect("the recording can be read");
    let fleet = start(Cluster::builder().nodes(3).shards(16)).await;
    let mut skip = recording::classes_to_skip(&fleet.nodes()[0].client())
        .await
        .expect("the node tells its version");
    skip.retain(|class| class != recording::CLIENT_FACING);
    recording::replay(&without(recorded, left_out), &fleet.client(), &skip)
        .await
        .expect("every step is answered")
        .assert_equal();
}

#[tokio::test]
async fn batches() {
    replay("batches", &[]).await;
}

#[tokio::test]
async fn bad_searches() {
    replay("bad_search", &[]).await;
}

#[tokio::test]
async fn bad_searches_by_get() {
    replay("bad_search_get", &[]).await;
}

#[tokio::test]
async fn bad_facet_and_multi_searches() {
    replay("bad_facets", &[]).await;
}

#[tokio::test]
async fn bad_lists_of_documents() {
    replay("bad_documents", &[]).await;
}

#[tokio::test]
async fn bad_lists_of_fields() {
    replay("bad_fields", &[]).await;
}

#[tokio::test]
async fn bad_similar() {
    replay("bad_similar", &[]).await;
}

#[tokio::test]
async fn compaction() {
    replay("compaction", &[]).await;
}

#[tokio::test]
async fn documents() {
    replay("documents", &[]).await;
}

#[tokio::test]
async fn federation() {
    replay("federation", &[]).await;
}

#[tokio::test]
async fn hybrid() {
    replay("hybrid", &[]).await;
}

#[tokio::test]
async fn indexes() {
    replay("indexes", not_served::INDEXES).await;
}

#[tokio::test]
async fn keys() {
    replay("keys", &[]).await;
}

#[tokio::test]
async fn access() {
    replay("access", &[]).await;
}

#[tokio::test]
async fn edge() {
    replay("edge", &[]).await;
}

#[tokio::test]
async fn tenant_tokens() {
    replay("tenant_tokens", &[]).await;
}

#[tokio::test]
async fn multi_search() {
    replay("multi_search", &[]).await;
}

#[tokio::test]
async fn search() {
    replay("search", not_served::SEARCH).await;
}

#[tokio::test]
async fn settings() {
    replay("settings", &[]).await;
}

#[tokio::test]
async fn system() {
    replay("system", not_served::SYSTEM).await;
}

#[tokio::test]
async fn tasks() {
    replay("tasks", &[]).await;
}

#[tokio::test]
async fn vectors() {
    replay("vectors", not_served::VECTORS).await;
}
