//! A node that does not keep up: it falls behind alone while others have its documents, and clients wait where none has.

use std::time::Duration;

use futures_util::future::join_all;
use miroir_testkit::client::Response;
use miroir_testkit::cluster::{Cluster, ClusterBuilder};
use serde_json::json;

use crate::fixture::{Fleet, degraded, fill, node_view, start, stored, succeed, until};

const WRITES: u64 = 40;

/// Nobody notices that a node is frozen but whoever waits for it.
fn blind(builder: ClusterBuilder) -> ClusterBuilder {
    builder
        .config("health.unhealthy_threshold", 20)
        .config("scatter.max_queued_legs", 6)
        .config("scatter.write_linger_ms", 0)
}

async fn write(fleet: &Fleet, id: u64) -> Response {
    let body = json!([{ "id": id, "colour": "violet" }]);
    let client = fleet.client().with_timeout(Duration::from_secs(50));
    client
        .post("/indexes/stories/documents", &body)
        .await
        .expect("an answer")
}

/// As a client does that is told to come again.
async fn write_until_accepted(fleet: &Fleet, id: u64) -> Response {
    loop {
        let answer = write(fleet, id).await;
        if answer.header("retry-after").is_none() {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_frozen_node_falls_behind_and_nobody_waits_for_it() {
    let mut fleet = start(blind(Cluster::builder().nodes(2).rf(2).shards(4))).await;
    let client = fleet.client();
    fill(&client, 40).await;
    fleet.node(1).freeze().unwrap();
    let writes = (0..WRITES).map(|id| write_until_accepted(&fleet, id));
    let answers = join_all(writes).await;
    for answer in &answers {
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    assert!(answers.iter().any(|answer| degraded(answer).is_some()));
    for answer in answers {
        succeed(&client, Ok(answer)).await;
    }
    fleet.node(1).thaw().unwrap();
    until("the node has caught up", async || {
        node_view(&fleet, "node-1").await["stale_shards"] == 0
    })
    .await;
    let copies = [&fleet.nodes()[0], &fleet.nodes()[1]];
    assert_eq!(stored(copies[0]).await, stored(copies[1]).await);
}

#[tokio::test]
async fn without_another_copy_clients_wait_instead_of_the_proxy() {
    let mut fleet = start(blind(Cluster::builder().nodes(2).shards(4))).await;
    let client = fleet.client();
    fill(&client, 40).await;
    let behind = stored(&fleet.nodes()[1]).await;
    fleet.node(1).freeze().unwrap();
    let ids: Vec<u64> = behind.keys().copied().cycle().take(12).collect();
    let refusals = async {
        let mut refused = Vec::new();
        while refused.is_empty() {
            let attempts = ids.iter().map(|id| {
                let attempt = write(&fleet, *id);
                async {
                    tokio::time::timeout(Duration::from_secs(3), attempt)
                        .await
                        .ok()
                }
            });
            let answers = join_all(attempts).await;
            refused.extend(
                answers
                    .into_iter()
                    .flatten()
                    .filter(|answer| answer.status == 503),
            );
        }
        refused
    };
    let refused = refusals.await;
    for answer in refused {
        assert!(answer.header("retry-after").is_some());
        let code = answer.json().unwrap()["code"].clone();
        assert_eq!(code, "miroir_sequencer_unavailable", "{}", answer.text());
    }
    // Documents of the other node go on meanwhile.
    let other = (0..40)
        .find(|id| !behind.contains_key(id))
        .expect("both nodes have documents");
    let written = write(&fleet, other).await;
    succeed(&client, Ok(written)).await;
    fleet.node(1).thaw().unwrap();
    until("documents of the node are taken again", async || {
        write(&fleet, ids[0]).await.status == 202
    })
    .await;
}
