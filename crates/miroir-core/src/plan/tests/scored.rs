//! Plans where some nodes do worse than others.

use super::*;

const WELL: f64 = 2.0;
const SICK: f64 = 200.0;

/// How often each node is asked in so many plans, in the order of their names.
fn asked(fleet: &Fleet, plans: u64) -> Vec<usize> {
    let mut asked = vec![0; fleet.topology.nodes().len()];
    for rotation in 0..plans {
        for leg in &fleet.search(&Constraints::default(), rotation).legs {
            let nodes = fleet.topology.nodes().iter();
            let at = nodes.enumerate().find(|(_, node)| node.id == leg.node);
            asked[at.expect("of the fleet").0] += 1;
        }
    }
    asked
}

#[test]
fn a_sick_node_is_spared_where_others_can_answer() {
    let well = [("meili-0", WELL), ("meili-1", WELL), ("meili-2", WELL)];
    let even = asked(&Fleet::new(1, 3, 3).with_scores(&well), 300);
    assert_eq!(even, [100, 100, 100]);
    let one_sick = [("meili-0", SICK), ("meili-1", WELL), ("meili-2", WELL)];
    let spared = asked(&Fleet::new(1, 3, 3).with_scores(&one_sick), 300);
    assert_eq!(spared, [0, 150, 150]);
    // Unknown scores are those of well nodes.
    let unknown = asked(&Fleet::new(1, 3, 3).with_scores(&[]), 300);
    assert_eq!(unknown, [100, 100, 100]);
}

#[test]
fn small_differences_say_nothing() {
    let scores = [("meili-0", 3.0), ("meili-1", 1.0), ("meili-2", 2.5)];
    assert_eq!(
        asked(&Fleet::new(1, 3, 3).with_scores(&scores), 300),
        [100, 100, 100]
    );
}

#[test]
fn one_leg_more_is_better_than_a_sick_node() {
    // Of four nodes with two copies two or three cover everything.
    let fleet = Fleet::new(1, 4, 2);
    let fewest = fleet.search(&Constraints::default(), 0).legs.len();
    for sick in ["meili-0", "meili-1", "meili-2", "meili-3"] {
        let scores: Vec<(&str, f64)> = ["meili-0", "meili-1", "meili-2", "meili-3"]
            .map(|node| (node, if node == sick { SICK } else { WELL }))
            .to_vec();
        let fleet = Fleet::new(1, 4, 2).with_scores(&scores);
        for rotation in 0..50 {
            let plan = fleet.search(&Constraints::default(), rotation);
            assert!(!nodes(&plan).contains(&sick));
            assert!(plan.legs.len() <= fewest + 1);
        }
    }
}

#[test]
fn the_last_fresh_copy_is_asked_however_sick_its_node_is() {
    let fleet = Fleet::new(1, 3, 1).with_scores(&[
        ("meili-0", f64::INFINITY),
        ("meili-1", WELL),
        ("meili-2", WELL),
    ]);
    let plan = fleet.search(&Constraints::default(), 0);
    assert!(plan.uncovered.is_empty());
    assert_eq!(plan.legs.len(), 3);
}

#[test]
fn another_group_stands_in_for_a_group_that_needs_a_sick_node() {
    let sick = Fleet::new(2, 2, 1).with_scores(&[
        ("meili-0", SICK),
        ("meili-1", WELL),
        ("meili-2", WELL),
        ("meili-3", WELL),
    ]);
    let group_of = |node: &NodeId| sick.topology.node(node).map(|node| node.replica_group);
    let ill = group_of(&id("meili-0"));
    for rotation in 0..10 {
        let plan = sick.search(&Constraints::default(), rotation);
        assert!(plan.legs.iter().all(|leg| group_of(&leg.node) != ill));
    }
    // Unless somebody has asked for that very group.
    let required = Constraints {
        group: GroupChoice::Require(ill.expect("of the fleet")),
        ..Constraints::default()
    };
    let plan = sick.search(&required, 0);
    assert!(plan.legs.iter().all(|leg| group_of(&leg.node) == ill));
}

#[test]
fn a_document_is_read_from_a_well_node() {
    let fleet =
        Fleet::new(1, 3, 3).with_scores(&[("meili-0", WELL), ("meili-1", SICK), ("meili-2", WELL)]);
    for rotation in 0..9 {
        let nodes = document(
            &fleet.cluster(),
            count(),
            Shard(7),
            &Constraints::default(),
            rotation,
        );
        assert_eq!(nodes.len(), 3);
        assert_eq!(nodes[2], id("meili-1"));
    }
}

#[test]
fn a_trial_asks_only_for_fresh_shards_of_one_leg() {
    let mut fleet =
        Fleet::new(1, 3, 2).with_scores(&[("meili-0", SICK), ("meili-1", WELL), ("meili-2", WELL)]);
    let plan = fleet.search(&Constraints::default(), 0);
    let trial_of = |fleet: &Fleet| {
        trial(
            &fleet.cluster(),
            count(),
            &Constraints::default(),
            &id("meili-0"),
            &plan.legs,
        )
    };
    let leg = trial_of(&fleet).expect("it has copies");
    assert_eq!(leg.node, id("meili-0"));
    assert!(leg.clause.is_some());
    assert!(
        plan.legs
            .iter()
            .any(|origin| leg.shards.is_subset(&origin.shards))
    );
    assert!(leg.shards.is_subset(&fleet.owned("meili-0")));
    let owned = fleet.owned("meili-0");
    fleet.stale.mark(id("meili-0"), &owned);
    assert_eq!(trial_of(&fleet), None);
}
