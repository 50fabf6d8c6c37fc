//! A fleet answers like one server: the same random corpus and queries on both sides, every answer equal.

use miroir_testkit::cluster::{Cluster, ClusterBuilder};
use miroir_testkit::oracle::{self, Options};

use crate::fixture::{Fleet, reference, start};

async fn compare(fleet: &Fleet, seed: u64) {
    let reference = reference().await;
    let options = Options {
        seed,
        queries: 12,
        documents: 250,
        ..Options::default()
    };
    let report = oracle::run(&options, &reference.client(), &fleet.client())
        .await
        .expect("both sides answer");
    report.assert_at_least(100.0);
}

async fn compare_fresh(builder: ClusterBuilder, seed: u64) {
    compare(&start(builder).await, seed).await;
}

#[tokio::test]
async fn one_node_with_one_shard() {
    compare_fresh(Cluster::builder().nodes(1).shards(1), 1).await;
}

#[tokio::test]
async fn two_nodes() {
    compare_fresh(Cluster::builder().nodes(2).shards(16), 2).await;
}

#[tokio::test]
async fn two_nodes_with_two_copies() {
    compare_fresh(Cluster::builder().nodes(2).rf(2).shards(16), 3).await;
}

#[tokio::test]
async fn three_nodes() {
    compare_fresh(Cluster::builder().nodes(3).shards(16), 4).await;
}

#[tokio::test]
async fn three_nodes_with_two_copies() {
    compare_fresh(Cluster::builder().nodes(3).rf(2).shards(16), 5).await;
}

#[tokio::test]
async fn five_nodes() {
    compare_fresh(Cluster::builder().nodes(5).shards(32), 6).await;
}

#[tokio::test]
async fn five_nodes_with_two_copies() {
    compare_fresh(Cluster::builder().nodes(5).rf(2).shards(32), 7).await;
}

#[tokio::test]
async fn two_groups() {
    let builder = Cluster::builder().nodes(4).replica_groups(2).shards(8);
    compare_fresh(builder, 8).await;
}

#[tokio::test]
async fn a_restarted_proxy() {
    let mut fleet = start(Cluster::builder().nodes(2).shards(8)).await;
    fleet.kill_proxy().unwrap();
    fleet.restart_proxy().await.unwrap();
    compare(&fleet, 9).await;
    assert!(fleet.stop_proxy().await.unwrap().success());
}
