//! Short histories under faults; `docs/testing.md` shows how to make long ones.

use miroir_testkit::history::{self, Options};

async fn is_green(options: Options) {
    let outcome = history::run(&options).await.expect("an outcome");
    assert!(
        outcome.violations.is_empty(),
        "{outcome}\n{:#?}",
        outcome.violations
    );
    assert!(outcome.accepted > 0, "{outcome}");
}

#[tokio::test]
async fn one_group_of_five_nodes() {
    is_green(Options {
        seed: 1,
        operations: 400,
        nodes: 5,
        replica_groups: 1,
        replication_factor: 2,
        changes_index: true,
    })
    .await;
}

#[tokio::test]
async fn two_groups_of_two_nodes() {
    is_green(Options {
        seed: 2,
        operations: 400,
        nodes: 4,
        replica_groups: 2,
        replication_factor: 2,
        changes_index: true,
    })
    .await;
}
