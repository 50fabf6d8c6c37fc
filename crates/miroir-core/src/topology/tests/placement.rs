//! Golden owner tables, written by an independent implementation, and the bounds of data-path.md 2.2.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::id::ShardSet;

fn count(shards: u64) -> ShardCount {
    ShardCount::new(shards).expect("valid")
}

fn of_names(names: &[String], replication_factor: u16) -> Topology {
    let nodes = names.iter().map(|name| node(name, 0)).collect();
    Topology::new(TopologyParts {
        nodes,
        ..fleet(1, 0, replication_factor)
    })
    .expect("valid")
}

#[test]
fn owners_are_the_frozen_ones() {
    let golden = [
        (
            3,
            64,
            1,
            include_str!("owners-3-nodes-64-shards-1-copies.txt"),
        ),
        (
            3,
            64,
            2,
            include_str!("owners-3-nodes-64-shards-2-copies.txt"),
        ),
        (
            5,
            128,
            2,
            include_str!("owners-5-nodes-128-shards-2-copies.txt"),
        ),
        (
            8,
            64,
            3,
            include_str!("owners-8-nodes-64-shards-3-copies.txt"),
        ),
    ];
    for (nodes, shards, copies, table) in golden {
        let placement = topology(1, nodes, copies).placement(count(shards));
        let last_digit = |id: &NodeId| id.as_str().chars().last().expect("an id is not empty");
        let owners = |shard| {
            placement.groups()[0]
                .owners(shard)
                .map(last_digit)
                .collect::<String>()
        };
        let computed: Vec<String> = count(shards).iter().map(owners).collect();
        let frozen: Vec<&str> = table.split_whitespace().collect();
        assert_eq!(computed, frozen, "{nodes} nodes, {copies} copies");
    }
}

#[test]
fn owners_do_not_depend_on_the_order_in_which_nodes_are_listed() {
    let mut parts = fleet(2, 5, 2);
    let straight = Topology::new(parts.clone())
        .expect("valid")
        .placement(count(64));
    parts.nodes.reverse();
    parts.groups.reverse();
    let shuffled = Topology::new(parts).expect("valid").placement(count(64));
    assert_eq!(straight.groups(), shuffled.groups());
}

#[test]
fn groups_do_not_influence_each_other() {
    let before = topology(2, 3, 2);
    let mut parts = before.parts().clone();
    parts.nodes.push(node("another", 1));
    let after = Topology::new(parts).expect("valid");
    let group =
        |topology: &Topology, id: usize| topology.placement(count(64)).groups()[id].owned_by_node();
    assert_eq!(group(&before, 0), group(&after, 0));
    assert_ne!(group(&before, 1), group(&after, 1));
}

impl GroupPlacement {
    fn owned_by_node(&self) -> Vec<(NodeId, ShardSet)> {
        self.nodes()
            .map(|(id, owned)| (id.clone(), owned.clone()))
            .collect()
    }
}

#[test]
fn joining_nodes_own_nothing_except_in_a_group_that_is_being_created() {
    let mut parts = fleet(1, 3, 2);
    parts.nodes[0].membership = Membership::Joining;
    parts.nodes[1].membership = Membership::Draining;
    let nodes = |parts: &TopologyParts| {
        let placement = Topology::new(parts.clone())
            .expect("valid")
            .placement(count(8));
        placement.groups()[0]
            .nodes()
            .map(|(id, _)| id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(nodes(&parts), ["meili-1", "meili-2"]);
    parts.groups[0].state = GroupState::Initializing;
    assert_eq!(nodes(&parts), ["meili-0", "meili-1", "meili-2"]);
    parts.nodes[2].membership = Membership::Removed;
    assert_eq!(nodes(&parts), ["meili-0", "meili-1"]);
}

#[test]
fn groups_smaller_than_the_replication_factor_hold_as_many_copies_as_they_have_nodes() {
    let placement = topology(1, 2, 3).placement(count(16));
    assert!(
        count(16)
            .iter()
            .all(|shard| placement.groups()[0].owners(shard).len() == 2)
    );
    let empty = topology(1, 0, 1).placement(count(16));
    assert!(
        count(16)
            .iter()
            .all(|shard| empty.groups()[0].owners(shard).len() == 0)
    );
}

/// Copies that the second topology places on nodes that did not have them.
fn moved(before: &Topology, after: &Topology, shards: ShardCount) -> usize {
    let (before, after) = (before.placement(shards), after.placement(shards));
    let held = |id: &NodeId| {
        before.groups()[0]
            .nodes()
            .find(|(node, _)| *node == id)
            .map(|(_, owned)| owned.clone())
    };
    let arrived =
        |(id, owned): (&NodeId, &ShardSet)| owned.difference(&held(id).unwrap_or_default()).len();
    after.groups()[0].nodes().map(arrived).sum()
}

#[test]
fn balance_and_movement_stay_within_their_bounds_over_500_name_sets() {
    // Always the same name sets: the bounds are statistical, and a test must not depend on the day.
    let config = Config {
        cases: 500,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let names = prop::collection::btree_set("[a-z][a-z0-9-]{0,12}[a-z0-9]", 3..33);
    let ratios = std::cell::RefCell::new(Vec::new());
    let checked = runner.run(&(names, 1u16..4, any::<bool>()), |(names, copies, add)| {
        let names: Vec<String> = names.into_iter().collect();
        let copies = copies.min(u16::try_from(names.len()).expect("few") - 1);
        let shards = count((8 * names.len() as u64).next_power_of_two());
        let all = of_names(&names, copies);
        let edges = usize::from(shards.get()) * usize::from(copies);
        let bound = (105 * edges).div_ceil(100 * names.len())
            + if copies > 1 { usize::from(copies) } else { 0 };
        for (id, owned) in all.placement(shards).groups()[0].nodes() {
            prop_assert!(
                owned.len() <= bound,
                "{} owns {} of at most {}",
                id,
                owned.len(),
                bound
            );
        }
        for shard in shards.iter() {
            let owners: BTreeSet<NodeId> = all.placement(shards).groups()[0]
                .owners(shard)
                .cloned()
                .collect();
            prop_assert_eq!(owners.len(), usize::from(copies));
        }
        let fewer = of_names(&names[1..], copies);
        let moves = if add {
            moved(&fewer, &all, shards)
        } else {
            moved(&all, &fewer, shards)
        };
        // Both ways the node that comes or goes has one share of the larger fleet.
        let optimum = edges as f64 / names.len() as f64;
        let thin = copies == 1 && usize::from(shards.get()) < 12 * names.len();
        ratios.borrow_mut().push((thin, moves as f64 / optimum));
        Ok(())
    });
    checked.expect("every name set stays within the bound");
    let ratios = ratios.into_inner();
    let mean = ratios.iter().map(|(_, ratio)| ratio).sum::<f64>() / ratios.len() as f64;
    let worst = |of| {
        ratios
            .iter()
            .filter(|(thin, _)| *thin == of)
            .map(|(_, ratio)| *ratio)
            .fold(0.0, f64::max)
    };
    println!(
        "mean {mean:.2}, worst {:.2}, thin {:.2} times the optimum",
        worst(false),
        worst(true)
    );
    assert!(mean <= 1.75, "mean {mean}");
    assert!(worst(false) <= 2.6, "worst {}", worst(false));
    // One copy and fewer than 12 shards per node: where the capacity is barely above the average (30 nodes, 256 shards:
    // 9 against 8.53) one arrival pushes shards along a chain of full nodes. Measured 3.75 at worst.
    assert!(worst(true) <= 4.0, "worst {}", worst(true));
}

#[test]
fn a_fourth_node_takes_about_a_quarter() {
    let shards = count(64);
    let mut total = 0;
    for set in 0..500 {
        let names: Vec<String> = (0..4)
            .map(|number| format!("set-{set}-node-{number}"))
            .collect();
        let moves = moved(&of_names(&names[..3], 1), &of_names(&names, 1), shards);
        assert!(moves <= 32, "{moves} moves for name set {set}");
        total += moves;
    }
    let mean = f64::from(u32::try_from(total).expect("few")) / 500.0;
    println!("mean {mean:.2} moves");
    // 16 is what rendezvous without a bound moves; keeping the bound costs the rest.
    assert!((16.0..=18.0).contains(&mean), "mean {mean}");
}
