//! Minimality against brute force, equality between processes, evenness over many queries.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Size of the smallest set of nodes whose fresh copies hold every wanted shard, by trying all sets.
fn smallest(available: &[ShardSet], wanted: &ShardSet) -> usize {
    let covers = |choice: u32| {
        let chosen = available
            .iter()
            .enumerate()
            .filter(|(node, _)| choice >> node & 1 == 1);
        wanted.is_subset(&chosen.fold(ShardSet::new(), |all, (_, shards)| all.union(shards)))
    };
    let sizes = (0..1u32 << available.len())
        .filter(|choice| covers(*choice))
        .map(u32::count_ones);
    sizes
        .min()
        .expect("all nodes together cover what is wanted") as usize
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn plans_are_exact_minimal_and_equal_in_every_process(
        nodes in 1u16..7,
        copies in 1u16..4,
        failed in prop::collection::vec(0u16..6, 0..2),
        stale in prop::collection::vec((0u16..6, 0u16..64), 0..20),
        narrowed in prop::option::of(prop::collection::vec(0u16..64, 1..20)),
        rotation in any::<u64>(),
    ) {
        let build = || {
            let mut fleet = Fleet::new(1, nodes, copies);
            for node in &failed {
                fleet.health.set(id(&format!("meili-{node}")), Health::Failed);
            }
            for (node, shard) in &stale {
                fleet.stale.mark(id(&format!("meili-{node}")), &Shard(*shard).into());
            }
            fleet
        };
        let fleet = build();
        let narrowed: Option<ShardSet> = narrowed.map(|shards| shards.into_iter().map(Shard).collect());
        let constraints = Constraints { narrowed: narrowed.clone(), ..Constraints::default() };
        let plan = fleet.search(&constraints, rotation);
        prop_assert_eq!(&plan, &build().search(&constraints, rotation));

        let available: Vec<ShardSet> = (0..nodes)
            .filter(|node| !failed.contains(node))
            .map(|node| format!("meili-{node}"))
            .map(|node| {
                let owned = fleet.owned(&node);
                fleet.stale.of(&id(&node)).map_or(owned.clone(), |stale| owned.difference(stale))
            })
            .collect();
        let reachable = available.iter().fold(ShardSet::new(), |all, shards| all.union(shards));
        let wanted = narrowed.unwrap_or_else(|| count().all());
        prop_assert_eq!(&plan.uncovered, &wanted.difference(&reachable));
        prop_assert_eq!(plan.legs.len(), smallest(&available, &wanted.intersection(&reachable)));
        for leg in &plan.legs {
            let stale = fleet.stale.of(&leg.node).cloned().unwrap_or_default();
            prop_assert!(leg.shards.is_disjoint(&stale));
            prop_assert_eq!(leg.clause.is_some(), leg.shards != fleet.owned(leg.node.as_str()));
        }
    }
}

#[test]
fn ten_thousand_queries_spread_evenly_over_groups_and_nodes() {
    let spread = |fleet: &Fleet| {
        let (mut groups, mut nodes) = (BTreeMap::new(), BTreeMap::new());
        for rotation in 0..10_000 {
            let plan = search(&fleet.cluster(), count(), &Constraints::default(), rotation);
            *groups.entry(plan.group.expect("covered")).or_insert(0u32) += 1;
            for leg in &plan.legs {
                *nodes.entry(leg.node.clone()).or_insert(0u32) += 1;
            }
        }
        (
            groups.into_values().collect::<Vec<_>>(),
            nodes.into_values().collect::<Vec<_>>(),
        )
    };
    let (groups, nodes) = spread(&Fleet::new(3, 3, 2));
    assert!(
        groups.iter().all(|queries| queries.abs_diff(3_333) <= 1),
        "{groups:?}"
    );
    let mean = nodes.iter().sum::<u32>() / 9;
    assert!(
        nodes.len() == 9 && nodes.iter().all(|legs| legs.abs_diff(mean) * 50 <= mean),
        "{nodes:?}"
    );
}
