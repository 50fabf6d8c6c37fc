//! Every row of the table of data-path.md 5.1, header bytes included.

use super::*;
use crate::id::ShardCount;
use crate::plan::{Cluster, Scores, write};
use crate::topology::tests::{fleet, topology};
use crate::topology::{GroupState, Health, HealthMap, StaleMap, Topology};

const SHARDS: u64 = 16;

fn count() -> ShardCount {
    ShardCount::new(SHARDS).expect("valid")
}

fn id(node: &str) -> NodeId {
    NodeId::parse(node).expect("valid")
}

fn planned(
    topology: &Topology,
    health: &HealthMap,
    stale: &StaleMap,
    wanted: &ShardSet,
) -> WritePlan {
    write(
        &Cluster {
            topology,
            health,
            stale,
            has_lexicon: false,
            scores: &Scores::default(),
        },
        count(),
        wanted,
    )
}

fn plan_all(topology: &Topology) -> WritePlan {
    planned(
        topology,
        &HealthMap::new(),
        &StaleMap::new(),
        &count().all(),
    )
}

/// Everything acknowledged but by the nodes named.
fn outcomes(plan: &WritePlan, missed: &[&str], in_flight: &[&str]) -> BTreeMap<NodeId, LegOutcome> {
    let outcome = |leg: &WriteLeg| match leg.node.as_str() {
        node if missed.contains(&node) => LegOutcome::Missed,
        node if in_flight.contains(&node) => LegOutcome::InFlight,
        _ => LegOutcome::Acknowledged,
    };
    plan.legs
        .iter()
        .map(|leg| (leg.node.clone(), outcome(leg)))
        .collect()
}

fn verdict(plan: &WritePlan, missed: &[&str], rule: WriteQuorum) -> Verdict {
    judge(plan, &outcomes(plan, missed, &[]), rule, 1)
}

/// The header of an acknowledged write and the nodes to be marked; an error for a refused one.
fn answer(
    plan: &WritePlan,
    missed: &[&str],
    rule: WriteQuorum,
) -> Result<(String, Vec<String>), ShardSet> {
    match verdict(plan, missed, rule) {
        Verdict::Acknowledged {
            missed,
            degraded,
            in_flight,
        } => {
            assert!(in_flight.is_empty());
            let header = degraded
                .map(|degraded| degraded.to_string())
                .unwrap_or_default();
            Ok((
                header,
                missed
                    .into_iter()
                    .map(|(node, _)| node.to_string())
                    .collect(),
            ))
        }
        Verdict::Refused { shards, .. } => Err(shards),
        Verdict::Pending => panic!("every leg has resolved"),
    }
}

fn owned(topology: &Topology, node: &str) -> ShardSet {
    let placement = topology.placement(count());
    let mut nodes = placement.groups().iter().flat_map(|group| group.nodes());
    nodes
        .find(|(other, _)| other.as_str() == node)
        .expect("placed")
        .1
        .clone()
}

#[test]
fn complete_writes_carry_no_header() {
    for rule in [WriteQuorum::InSync, WriteQuorum::Strict] {
        for (groups, copies) in [(1, 1), (1, 2), (1, 3), (2, 2)] {
            let plan = plan_all(&topology(groups, 3, copies));
            assert_eq!(answer(&plan, &[], rule), Ok((String::new(), vec![])));
        }
    }
}

#[test]
fn one_group_one_copy_node_down_is_refused_for_its_shards() {
    let topology = topology(1, 3, 1);
    let plan = plan_all(&topology);
    for rule in [WriteQuorum::InSync, WriteQuorum::Strict] {
        assert_eq!(
            answer(&plan, &["meili-1"], rule),
            Err(owned(&topology, "meili-1"))
        );
    }
    // A batch that does not touch them is as good as ever.
    let elsewhere = owned(&topology, "meili-0");
    let plan = planned(&topology, &HealthMap::new(), &StaleMap::new(), &elsewhere);
    assert_eq!(
        answer(&plan, &["meili-1"], WriteQuorum::InSync),
        Ok((String::new(), vec![]))
    );
}

#[test]
fn one_group_two_copies_node_down_goes_on_with_the_other_copy_unless_strict() {
    let topology = topology(1, 3, 2);
    let plan = plan_all(&topology);
    let header = format!("groups=0; shards={}", owned(&topology, "meili-1"));
    let expected = Ok((header, vec!["meili-1".to_owned()]));
    assert_eq!(answer(&plan, &["meili-1"], WriteQuorum::InSync), expected);
    assert_eq!(
        answer(&plan, &["meili-1"], WriteQuorum::Strict),
        Err(owned(&topology, "meili-1"))
    );
}

#[test]
fn one_group_three_copies_node_down_goes_on_either_way() {
    let topology = topology(1, 5, 3);
    let plan = plan_all(&topology);
    let header = format!("groups=0; shards={}", owned(&topology, "meili-1"));
    for rule in [WriteQuorum::InSync, WriteQuorum::Strict] {
        assert_eq!(
            answer(&plan, &["meili-1"], rule),
            Ok((header.clone(), vec!["meili-1".to_owned()]))
        );
    }
}

#[test]
fn two_groups_one_copy_each() {
    let plan = plan_all(&topology(2, 1, 1));
    for rule in [WriteQuorum::InSync, WriteQuorum::Strict] {
        let expected = Ok(("groups=1".to_owned(), vec!["meili-1".to_owned()]));
        assert_eq!(answer(&plan, &["meili-1"], rule), expected);
        assert_eq!(
            answer(&plan, &["meili-0", "meili-1"], rule),
            Err(count().all())
        );
    }
}

#[test]
fn two_groups_two_copies_one_node_down() {
    let topology = topology(2, 3, 2);
    let down = owned(&topology, "meili-1");
    let two = down.iter().take(2);
    let other = count()
        .iter()
        .filter(|shard| !owned(&topology, "meili-1").contains(*shard))
        .take(1);
    let lost: ShardSet = two.clone().collect();
    let plan = planned(
        &topology,
        &HealthMap::new(),
        &StaleMap::new(),
        &two.chain(other).collect(),
    );
    for rule in [WriteQuorum::InSync, WriteQuorum::Strict] {
        let expected = Ok((
            format!("groups=0; shards={lost}"),
            vec!["meili-1".to_owned()],
        ));
        assert_eq!(answer(&plan, &["meili-1"], rule), expected);
    }
}

#[test]
fn three_groups_that_lost_different_shards() {
    // Hand-made, so that the shards are those of the specification.
    let leg = |node: &str, group: u16, shards: &[u16]| {
        let shards: ShardSet = shards.iter().copied().map(Shard).collect();
        let (counted, stale) = (shards.clone(), ShardSet::new());
        WriteLeg {
            node: id(node),
            group: GroupId(group),
            shards,
            counted,
            stale,
            send: true,
        }
    };
    let legs = vec![
        leg("a4", 0, &[4]),
        leg("a", 0, &[5, 9]),
        leg("b4", 1, &[4]),
        leg("b", 1, &[5, 9]),
        leg("c9", 2, &[9]),
        leg("c", 2, &[4, 5]),
    ];
    let plan = WritePlan {
        wanted: [4, 5, 9].into_iter().map(Shard).collect(),
        replication_factor: 1,
        legs,
    };
    for rule in [WriteQuorum::InSync, WriteQuorum::Strict] {
        let (header, _) = answer(&plan, &["a4", "b4", "c9"], rule).expect("acknowledged");
        assert_eq!(header, "groups=0,1,2; shards=4,9");
    }
}

#[test]
fn failed_nodes_are_not_sent_to_and_have_missed_the_write() {
    let topology = topology(1, 3, 2);
    let health = HealthMap::from_iter([(id("meili-1"), Health::Failed)]);
    let plan = planned(&topology, &health, &StaleMap::new(), &count().all());
    assert!(plan.sent().all(|leg| leg.node.as_str() != "meili-1"));
    let (_, missed) = answer(&plan, &[], WriteQuorum::InSync).expect("acknowledged");
    assert_eq!(missed, ["meili-1"]);
}

#[test]
fn the_last_copy_in_sync_is_never_marked() {
    let topology = topology(1, 2, 2);
    let mut stale = StaleMap::new();
    stale.mark(id("meili-0"), &count().all());
    let plan = planned(&topology, &HealthMap::new(), &stale, &count().all());
    // Only the stale copy takes the write: refused, and the fresh one stays fresh.
    let refused = Verdict::Refused {
        shards: count().all(),
        mark_stale: vec![],
    };
    for rule in [WriteQuorum::InSync, WriteQuorum::Strict] {
        assert_eq!(verdict(&plan, &["meili-1"], rule), refused);
    }
    // Only the fresh one does: acknowledged, and the header says which copies did not.
    let expected = Ok(("groups=0".to_owned(), vec!["meili-0".to_owned()]));
    assert_eq!(answer(&plan, &["meili-0"], WriteQuorum::InSync), expected);
}

#[test]
fn a_refused_write_marks_only_copies_of_shards_that_another_copy_took() {
    let topology = topology(1, 3, 2);
    let plan = plan_all(&topology);
    let Verdict::Refused { shards, mark_stale } =
        verdict(&plan, &["meili-0", "meili-1"], WriteQuorum::InSync)
    else {
        panic!("some shards have both copies on the two nodes");
    };
    let (first, second) = (owned(&topology, "meili-0"), owned(&topology, "meili-1"));
    assert_eq!(shards, first.intersection(&second));
    assert_eq!(
        mark_stale,
        [
            (id("meili-0"), first.difference(&second)),
            (id("meili-1"), second.difference(&first))
        ]
    );
}

#[test]
fn a_leg_in_flight_is_neither_acknowledged_nor_missed() {
    let judged = |plan: &WritePlan, missed: &[&str], in_flight: &[&str]| {
        judge(
            plan,
            &outcomes(plan, missed, in_flight),
            WriteQuorum::InSync,
            1,
        )
    };
    // One of two is no majority while the other may still answer; two of three are.
    let pair = plan_all(&topology(1, 2, 2));
    assert_eq!(judged(&pair, &[], &["meili-1"]), Verdict::Pending);
    assert_eq!(
        judge(&pair, &BTreeMap::new(), WriteQuorum::InSync, 1),
        Verdict::Pending
    );
    let triple = plan_all(&topology(1, 3, 3));
    let expected = Verdict::Acknowledged {
        missed: vec![],
        degraded: None,
        in_flight: vec![id("meili-2")],
    };
    assert_eq!(judged(&triple, &[], &["meili-2"]), expected);
    assert_eq!(
        judged(&triple, &["meili-1"], &["meili-2"]),
        Verdict::Pending
    );
    // Impossible is known before everything has resolved.
    let single = plan_all(&topology(1, 2, 1));
    assert!(matches!(
        judged(&single, &["meili-0"], &["meili-1"]),
        Verdict::Refused { .. }
    ));
}

#[test]
fn fewer_copies_than_demanded_are_not_acknowledged() {
    let plan = plan_all(&topology(1, 3, 3));
    let outcomes = outcomes(&plan, &["meili-0", "meili-1"], &[]);
    let judged = |min_copies| judge(&plan, &outcomes, WriteQuorum::InSync, min_copies);
    assert!(matches!(judged(1), Verdict::Acknowledged { .. }));
    assert!(matches!(judged(2), Verdict::Refused { .. }));
}

#[test]
fn groups_that_are_not_active_receive_but_do_not_count() {
    let mut parts = fleet(2, 1, 1);
    for state in [GroupState::Initializing, GroupState::Draining] {
        parts.groups[1].state = state;
        let plan = plan_all(&Topology::new(parts.clone()).expect("valid"));
        assert_eq!(plan.sent().count(), 2);
        assert_eq!(
            answer(&plan, &["meili-0"], WriteQuorum::InSync),
            Err(count().all())
        );
        // It is fenced, but nobody who reads is worse off.
        let expected = Ok((String::new(), vec!["meili-1".to_owned()]));
        assert_eq!(answer(&plan, &["meili-1"], WriteQuorum::InSync), expected);
    }
}
