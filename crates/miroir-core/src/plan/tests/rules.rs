//! One test per rule.

use super::*;

fn require(group: u16) -> Constraints {
    Constraints {
        group: GroupChoice::Require(GroupId(group)),
        ..Constraints::default()
    }
}

#[test]
fn a_single_copy_needs_no_clause() {
    let plan = Fleet::new(1, 3, 1).search(&Constraints::default(), 0);
    assert_eq!(nodes(&plan), ["meili-0", "meili-1", "meili-2"]);
    assert!(plan.legs.iter().all(|leg| leg.clause.is_none()));
}

#[test]
fn leftovers_need_a_clause() {
    let mut fleet = Fleet::new(1, 3, 1);
    let mut parts = fleet.topology.parts().clone();
    parts.nodes[1].leftovers = true;
    fleet.topology = Topology::new(parts).expect("valid");
    let plan = fleet.search(&Constraints::default(), 0);
    let with_clause: Vec<_> = plan
        .legs
        .iter()
        .filter(|leg| leg.clause.is_some())
        .collect();
    assert_eq!(with_clause.len(), 1);
    assert_eq!(with_clause[0].node, id("meili-1"));
}

#[test]
fn lexicon_documents_need_a_clause_on_every_leg() {
    let mut fleet = Fleet::new(1, 3, 1);
    let clauses = |fleet: &Fleet| {
        let plan = fleet.search(&Constraints::default(), 0);
        let legs = plan.legs.iter();
        legs.filter(|leg| leg.clause.is_some()).count()
    };
    assert_eq!(clauses(&fleet), 0);
    fleet.has_lexicon = true;
    assert_eq!(clauses(&fleet), 3);
}

#[test]
fn clauses_list_whichever_side_is_shorter() {
    let text = |shards: &[u16], count| {
        let shards = shards.iter().copied().map(Shard).collect();
        let all = ShardCount::new(count).expect("valid").all();
        ShardClause::new(&shards, &all).to_string()
    };
    let (one, two) = (
        "\"\u{22b0}\u{22b0}\u{22b1}\"",
        "\"\u{22b0}\u{22b0}\u{22b2}\"",
    );
    assert_eq!(text(&[2, 1], 4), format!("_miroir_shard IN [{one}, {two}]"));
    let lexicon = "\"\u{22b0}\"";
    assert_eq!(
        text(&[0, 2, 3], 4),
        format!("_miroir_shard NOT IN [{lexicon}, {one}]")
    );
    assert_eq!(
        text(&[0, 1, 2, 3], 4),
        format!("_miroir_shard NOT IN [{lexicon}]")
    );
    assert_eq!(
        text(&[0xABC], 4096),
        "_miroir_shard IN [\"\u{22ba}\u{22bb}\u{22bc}\"]"
    );
}

#[test]
fn a_clause_leaves_out_only_what_the_node_holds() {
    let mut fleet = Fleet::new(1, 3, 2);
    let excluded = |leg: &Leg| match leg.clause.clone().expect("a clause") {
        ShardClause::NotIn(others) => others,
        ShardClause::In(shards) => count().all().difference(&shards),
    };
    let plan = fleet.search(&Constraints::default(), 0);
    assert_eq!(plan.legs.len(), 2);
    for leg in &plan.legs {
        let held = fleet.owned(leg.node.as_str());
        assert_eq!(
            excluded(leg).intersection(&held),
            held.difference(&leg.shards)
        );
    }
    let by_node = |leg: &Leg| matches!(leg.clause, Some(ShardClause::NotIn(_)));
    assert!(plan.legs.iter().all(by_node));

    let mut parts = fleet.topology.parts().clone();
    parts
        .nodes
        .iter_mut()
        .for_each(|node| node.leftovers = true);
    fleet.topology = Topology::new(parts).expect("valid");
    for leg in fleet.search(&Constraints::default(), 0).legs {
        assert_eq!(excluded(&leg), count().all().difference(&leg.shards));
    }
}

#[test]
fn a_group_that_cannot_cover_is_passed_over() {
    let fleet = Fleet::new(2, 2, 1).with_health(Health::Failed, &["meili-0"]);
    for rotation in 0..4 {
        let plan = fleet.search(&Constraints::default(), rotation);
        assert_eq!(plan.group, Some(GroupId(1)));
        assert!(plan.uncovered.is_empty());
    }
}

#[test]
fn groups_complete_each_other_when_none_is_whole() {
    let mut fleet = Fleet::new(2, 2, 1).with_health(Health::Failed, &["meili-0"]);
    let lost = fleet.owned("meili-0");
    let elsewhere = count().all().difference(&lost).first().expect("some");
    let other = if fleet.owned("meili-2").contains(elsewhere) {
        "meili-2"
    } else {
        "meili-3"
    };
    fleet.stale.mark(id(other), &elsewhere.into());
    let plan = fleet.search(&Constraints::default(), 0);
    assert!(plan.uncovered.is_empty());
    assert_eq!(plan.legs[0].node, id("meili-1"));
    assert!(plan.legs.len() > 1 && plan.legs[1..].iter().all(|leg| leg.clause.is_some()));
}

#[test]
fn what_nobody_can_answer_for_is_reported() {
    let fleet = Fleet::new(1, 3, 1).with_health(Health::Failed, &["meili-2"]);
    let plan = fleet.search(&Constraints::default(), 0);
    assert_eq!(plan.uncovered, fleet.owned("meili-2"));
    assert!(
        plan.trace.to_string().contains("node meili-2 has failed"),
        "{}",
        plan.trace
    );
    let dark = fleet
        .with_health(Health::Failed, &["meili-0", "meili-1"])
        .search(&Constraints::default(), 0);
    assert_eq!(
        (dark.group, dark.legs.len(), dark.uncovered),
        (None, 0, count().all())
    );
}

#[test]
fn degraded_nodes_answer_only_where_no_healthy_copy_exists_in_any_group() {
    let fleet = Fleet::new(2, 1, 1).with_health(Health::Degraded, &["meili-0"]);
    assert_eq!(
        nodes(&fleet.search(&Constraints::default(), 0)),
        ["meili-1"]
    );
    let alone = fleet.with_health(Health::Failed, &["meili-1"]);
    assert_eq!(
        nodes(&alone.search(&Constraints::default(), 1)),
        ["meili-0"]
    );
}

#[test]
fn a_required_group_is_left_only_when_it_can_answer_for_nothing() {
    let fleet = Fleet::new(2, 2, 1).with_health(Health::Failed, &["meili-0"]);
    let partial = fleet.search(&require(0), 0);
    assert_eq!(nodes(&partial), ["meili-1"]);
    assert_eq!(
        (partial.uncovered, partial.left_required_group),
        (fleet.owned("meili-0"), false)
    );
    let gone = fleet
        .with_health(Health::Failed, &["meili-1"])
        .search(&require(0), 0);
    assert_eq!(
        (gone.group, gone.left_required_group),
        (Some(GroupId(1)), true)
    );
}

#[test]
fn a_preferred_group_is_first_and_excluded_groups_are_never_used() {
    let mut constraints = Constraints {
        group: GroupChoice::Prefer(GroupId(1)),
        ..Constraints::default()
    };
    let fleet = Fleet::new(2, 2, 1);
    for rotation in 0..4 {
        assert_eq!(fleet.search(&constraints, rotation).group, Some(GroupId(1)));
    }
    constraints.exclude_groups.insert(GroupId(0));
    let fleet = fleet.with_health(Health::Failed, &["meili-3"]);
    assert_eq!(
        fleet.search(&constraints, 0).uncovered,
        fleet.owned("meili-3")
    );
}

#[test]
fn preferred_nodes_decide_among_equally_small_covers() {
    let fleet = Fleet::new(1, 3, 2);
    for rotation in 0..6 {
        let prefer = vec![id("meili-2"), id("meili-0")];
        let plan = fleet.search(
            &Constraints {
                prefer,
                ..Constraints::default()
            },
            rotation,
        );
        assert_eq!(nodes(&plan), ["meili-0", "meili-2"]);
    }
}

#[test]
fn lost_legs_go_to_other_copies_of_the_group_and_then_of_others() {
    let fleet = Fleet::new(2, 3, 2);
    let constraints = Constraints::default();
    let plan = fleet.search(&constraints, 0);
    let failed = &plan.legs[0];
    let exclude = BTreeSet::from([failed.node.clone()]);
    let again = reroute(
        &fleet.cluster(),
        count(),
        &constraints,
        0,
        &failed.shards,
        &exclude,
    );
    assert_exact(&again, &failed.shards);
    assert!(again.uncovered.is_empty() && again.group == plan.group);
    assert!(again.legs.iter().all(|leg| leg.node != failed.node));

    let group: BTreeSet<NodeId> = ["meili-0", "meili-1", "meili-2"].map(id).into();
    let beyond = reroute(
        &fleet.cluster(),
        count(),
        &constraints,
        0,
        &failed.shards,
        &group,
    );
    assert_eq!(
        (beyond.group, beyond.uncovered.is_empty()),
        (Some(GroupId(1)), true)
    );
    let pinned = reroute(
        &fleet.cluster(),
        count(),
        &require(0),
        0,
        &failed.shards,
        &group,
    );
    assert_eq!(
        (pinned.legs.len(), pinned.uncovered),
        (0, failed.shards.clone())
    );
}

#[test]
fn documents_are_asked_of_fresh_copies_in_turn() {
    let mut fleet = Fleet::new(2, 3, 2);
    let ask = |fleet: &Fleet, constraints: &Constraints, rotation| {
        document(&fleet.cluster(), count(), Shard(0), constraints, rotation)
    };
    let any = Constraints::default();
    let firsts: BTreeSet<NodeId> = (0..4)
        .map(|rotation| ask(&fleet, &any, rotation)[0].clone())
        .collect();
    assert_eq!((firsts.len(), ask(&fleet, &any, 0).len()), (4, 4));
    let stale = ask(&fleet, &any, 0)[0].clone();
    fleet.stale.mark(stale.clone(), &Shard(0).into());
    assert!((0..4).all(|rotation| !ask(&fleet, &any, rotation).contains(&stale)));
    assert!(
        ask(&fleet, &require(1), 0)
            .iter()
            .all(|node| fleet.owned(node.as_str()).contains(Shard(0)))
    );
    assert_eq!(ask(&fleet, &require(1), 0).len(), 2);
    for node in ask(&fleet, &require(1), 0) {
        fleet.health.set(node, Health::Failed);
    }
    assert_eq!(
        ask(&fleet, &require(1), 0).len(),
        1,
        "the pin is left when its group has no copy"
    );
}

#[test]
fn writes_reach_every_owner_in_every_group_once() {
    let plan = |fleet: &Fleet| write(&fleet.cluster(), count(), &count().all());
    let (one, other) = (plan(&Fleet::new(2, 4, 3)), plan(&Fleet::new(2, 4, 3)));
    assert_eq!(one, other);
    for shard in count().iter() {
        assert_eq!(one.targets(shard).collect::<BTreeSet<_>>().len(), 6);
    }
}

#[test]
fn broadcasts_reach_every_node_that_is_not_removed() {
    let mut fleet = Fleet::new(2, 2, 1).with_health(Health::Failed, &["meili-0"]);
    let mut parts = fleet.topology.parts().clone();
    parts.nodes[1].membership = crate::topology::Membership::Removed;
    parts.nodes[2].membership = crate::topology::Membership::Joining;
    fleet.topology = Topology::new(parts).expect("valid");
    assert_eq!(
        broadcast(&fleet.cluster()),
        ["meili-0", "meili-2", "meili-3"].map(id)
    );
}

#[test]
fn headers_follow_the_grammar() {
    let shards: ShardSet = [11, 3, 7].map(Shard).into_iter().collect();
    assert_eq!(
        Degraded::Uncovered(shards.clone()).to_string(),
        "shards=3,7,11"
    );
    assert_eq!(Degraded::SessionTimeout.to_string(), "session=timeout");
    let write = Degraded::Write {
        groups: vec![GroupId(0), GroupId(2)],
        shards: Some(shards.clone()),
    };
    assert_eq!(write.to_string(), "groups=0,2; shards=3,7,11");
    let whole = Degraded::Write {
        groups: vec![GroupId(1)],
        shards: None,
    };
    assert_eq!(whole.to_string(), "groups=1");
    let (products, reviews) = ("products", "reviews");
    let [products, reviews] =
        [products, reviews].map(|uid| crate::id::IndexUid::parse(uid).expect("valid"));
    let several = render_degraded([
        (&products, &Degraded::Uncovered(shards)),
        (&reviews, &whole),
    ]);
    assert_eq!(
        several.as_deref(),
        Some("products:shards=3,7,11; reviews:groups=1")
    );
    assert_eq!(render_degraded([]), None);
}

#[test]
fn an_answer_without_matches_is_asked_of_one_shard_that_can_answer() {
    let nothing = Constraints {
        narrowed: Some(ShardSet::new()),
        reasons: vec![Reason::PrimaryKeyFilter {
            primary_key: "sku".to_owned(),
            values: 0,
        }],
        ..Constraints::default()
    };
    let fleet = Fleet::new(1, 3, 1);
    let plan = |fleet: &Fleet, rotation| search(&fleet.cluster(), count(), &nothing, rotation);
    let mut asked = BTreeSet::new();
    for rotation in 0..64 {
        let plan = plan(&fleet, rotation);
        assert_eq!((plan.legs.len(), plan.legs[0].shards.len()), (1, 1));
        assert!(plan.uncovered.is_empty());
        asked.extend(plan.legs[0].shards.iter());
    }
    assert_eq!(asked.len(), 64, "every shard has its turn");

    let reduced = Fleet::new(1, 3, 1).with_health(Health::Failed, &["meili-0"]);
    assert!((0..64).all(|rotation| plan(&reduced, rotation).uncovered.is_empty()));
    let trace = plan(&fleet, 3).trace.to_string();
    assert!(
        trace.starts_with("pk filter: sku IN [0 values]\n"),
        "{trace}"
    );
    assert!(
        trace.contains("no document can match, shard 3 is asked"),
        "{trace}"
    );

    // A fleet that answers for nothing still says which shard it lacks.
    let dead = Fleet::new(1, 1, 1).with_health(Health::Failed, &["meili-0"]);
    assert_eq!(plan(&dead, 0).uncovered.len(), 1);
}
