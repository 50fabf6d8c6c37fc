//! A copy that missed a write is not read again, whatever restarts, until it is repaired: which these fleets do not do.

use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{
    Fleet, degraded, fill, node_view, page, search, shards_of, start, stored, succeed, unique_word,
    until_status,
};

const DOCUMENTS: usize = 120;
const READS: usize = 60;

async fn filled() -> Fleet {
    let fleet = start(
        Cluster::builder()
            .nodes(3)
            .rf(2)
            .shards(16)
            .config("rebalancer.auto_rebalance_on_recovery", false),
    )
    .await;
    fill(&fleet.client(), DOCUMENTS).await;
    fleet
}

/// Documents that the node has a copy of, as numbers.
async fn held_by(fleet: &Fleet, position: usize) -> Vec<u64> {
    stored(&fleet.nodes()[position]).await.into_keys().collect()
}

async fn stale_shards(fleet: &Fleet, id: &str) -> u64 {
    node_view(fleet, id).await["stale_shards"]
        .as_u64()
        .expect("a number")
}

/// Reads again and again, so that every copy that may be read has its turn.
async fn never_shown(fleet: &Fleet, deleted: u64, changed: u64) {
    let client = fleet.client();
    let word = unique_word(usize::try_from(deleted).expect("ids are small"));
    for _ in 0..READS {
        let answer = search(&client, &json!({ "q": word })).await;
        assert_eq!(degraded(&answer), None);
        assert_eq!(page(&answer)["estimatedTotalHits"], 0);
        let filter = json!({ "filter": "colour = violet", "facets": ["colour"] });
        let found = page(&search(&client, &filter).await);
        assert_eq!(found["hits"][0]["id"], changed);
        assert_eq!(found["facetDistribution"]["colour"], json!({ "violet": 1 }));
        let by_id = async |id| {
            client
                .get(&format!("/indexes/stories/documents/{id}"))
                .await
        };
        assert_eq!(by_id(deleted).await.expect("an answer").status, 404);
        let document = by_id(changed)
            .await
            .expect("an answer")
            .json()
            .expect("JSON");
        assert_eq!(document["colour"], "violet");
    }
}

#[tokio::test]
async fn what_was_deleted_and_changed_while_a_node_was_down_stays_so() {
    let mut fleet = filled().await;
    let client = fleet.client();
    let held = held_by(&fleet, 0).await;
    let (deleted, changed) = (held[0], held[held.len() / 2]);
    fleet.node(0).kill().unwrap();

    let path = format!("/indexes/stories/documents/{deleted}");
    let deletion = client.delete(&path).await.unwrap();
    assert_eq!(deletion.status, 202, "{}", deletion.text());
    let header = degraded(&deletion).unwrap_or_default().to_owned();
    assert!(header.starts_with("groups=0"), "{header}");
    let body = json!([{ "id": changed, "colour": "violet" }]);
    let change = client
        .post("/indexes/stories/documents", &body)
        .await
        .unwrap();
    assert_eq!(change.status, 202, "{}", change.text());
    let header = degraded(&change).unwrap_or_default().to_owned();
    assert!(header.starts_with("groups=0"), "{header}");
    succeed(&client, Ok(deletion)).await;
    succeed(&client, Ok(change)).await;
    never_shown(&fleet, deleted, changed).await;

    fleet.node(0).restart().await.unwrap();
    until_status(&fleet, "node-0", "healthy").await;
    assert!(
        held_by(&fleet, 0).await.contains(&deleted),
        "it did miss the deletion"
    );
    never_shown(&fleet, deleted, changed).await;
    let stale = stale_shards(&fleet, "node-0").await;
    assert!(stale > 0);
    assert_eq!(stale_shards(&fleet, "node-1").await, 0);
    assert_eq!(stale_shards(&fleet, "node-2").await, 0);

    fleet.kill_proxy().unwrap();
    fleet.restart_proxy().await.unwrap();
    until_status(&fleet, "node-0", "healthy").await;
    assert_eq!(stale_shards(&fleet, "node-0").await, stale);
    never_shown(&fleet, deleted, changed).await;
}

#[tokio::test]
async fn a_node_that_missed_a_write_still_serves_its_other_shards() {
    let mut fleet = filled().await;
    let client = fleet.client();
    let missed = held_by(&fleet, 2).await[0];
    fleet.node(2).kill().unwrap();
    let path = format!("/indexes/stories/documents/{missed}");
    succeed(&client, client.delete(&path).await).await;
    fleet.node(2).restart().await.unwrap();
    until_status(&fleet, "node-2", "healthy").await;
    assert_eq!(stale_shards(&fleet, "node-2").await, 1);

    // With another node gone, what both had is still here, except for the shard that was missed.
    let both: Vec<usize> = shards_of(&fleet, "node-2")
        .await
        .intersection(&shards_of(&fleet, "node-1").await)
        .copied()
        .collect();
    let shard = stored(&fleet.nodes()[2]).await[&missed];
    fleet.node(1).kill().unwrap();
    let answer = search(&client, &json!({ "limit": 1000 })).await;
    if both.contains(&shard) {
        assert_eq!(degraded(&answer), Some(format!("shards={shard}").as_str()));
    } else {
        assert_eq!(degraded(&answer), None);
        let hits: Vec<Value> = page(&answer)["hits"].as_array().unwrap().clone();
        assert_eq!(hits.len(), DOCUMENTS - 1);
    }
}

#[tokio::test]
async fn without_another_copy_a_write_is_refused() {
    let mut fleet = start(Cluster::builder().nodes(2).shards(8)).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let (lost, live) = (held_by(&fleet, 0).await[0], held_by(&fleet, 1).await[0]);
    fleet.node(0).kill().unwrap();
    let write = async |id: u64| {
        let body = json!([{ "id": id, "colour": "violet" }]);
        client
            .post("/indexes/stories/documents", &body)
            .await
            .unwrap()
    };
    let refused = write(lost).await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.json().unwrap()["code"], "miroir_no_quorum");
    assert!(refused.header("retry-after").is_some());
    let accepted = write(live).await;
    assert_eq!((accepted.status.as_u16(), degraded(&accepted)), (202, None));
    succeed(&client, Ok(accepted)).await;

    // Nobody took the write, so nobody is behind.
    fleet.node(0).restart().await.unwrap();
    until_status(&fleet, "node-0", "healthy").await;
    assert_eq!(stale_shards(&fleet, "node-0").await, 0);
    let answer = search(&client, &json!({ "filter": "colour = violet" })).await;
    assert_eq!(degraded(&answer), None);
    assert_eq!(page(&answer)["estimatedTotalHits"], 1);
}
