//! A fleet answers like one server: the same random corpus and queries on both sides, every answer equal.

use miroir_core::id::ShardCount;
use miroir_testkit::cluster::{Cluster, ClusterBuilder};
use miroir_testkit::oracle::{self, Class, Options, Report, Verdict};

use crate::fixture::{Fleet, reference, start};

/// Classes that need thousands of documents; they have a test of their own. The embedded engine refuses so many values.
const CROWDED: [&str; 2] = ["facets_numbers", "facets_many"];

/// A third of the classes that must be equal everywhere; three fleets in a row have them all.
fn third(number: usize) -> Vec<Class> {
    Class::all()
        .filter(|class| class.verdict == Verdict::Exact)
        .filter(|class| !CROWDED.contains(&class.name))
        .skip(number % 3)
        .step_by(3)
        .collect()
}

fn options(seed: u64, classes: Vec<Class>) -> Options {
    Options {
        seed,
        queries: 10,
        documents: 250,
        classes,
        ..Options::default()
    }
}

async fn ask(fleet: &Fleet, options: &Options) -> Report {
    let reference = reference().await;
    oracle::run(options, &reference.client(), &fleet.client())
        .await
        .expect("both sides answer")
}

async fn compare(fleet: &Fleet, seed: u8) {
    let options = options(seed.into(), third(seed.into()));
    ask(fleet, &options).await.assert_passed();
}

async fn compare_fresh(builder: ClusterBuilder, seed: u8) {
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

#[tokio::test]
async fn shards_that_are_uneven_and_empty() {
    let fleet = start(Cluster::builder().nodes(3).shards(64)).await;
    let options = Options {
        skew: Some(ShardCount::new(64).unwrap()),
        ..options(10, third(10))
    };
    ask(&fleet, &options).await.assert_passed();
}

#[tokio::test]
async fn a_node_that_dies_while_it_is_asked() {
    let mut fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    let reference = reference().await;
    let (asked, answered) = (reference.client(), fleet.client());
    let options = options(11, third(11));
    let report = oracle::run_and(&options, &asked, &answered, || {
        fleet.node(2).kill().expect("a node can be killed");
    });
    report.await.expect("both sides answer").assert_passed();
}

#[tokio::test]
async fn facets_of_many_values() {
    let fleet = start(Cluster::builder().nodes(3).shards(16)).await;
    let classes = CROWDED.map(|name| name.parse().unwrap()).to_vec();
    ask(&fleet, &options(12, classes)).await.assert_passed();
}
