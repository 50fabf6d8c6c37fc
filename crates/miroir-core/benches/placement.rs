//! What routing costs: 10,000 keys to shard and owners (goal: under 1 ms), and one read plan.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use miroir_core::hash::shard_of;
use miroir_core::id::{GroupId, NodeId, ShardCount};
use miroir_core::plan::{Cluster, Constraints, Scores, search};
use miroir_core::topology::{
    Group, GroupState, HealthMap, Membership, Node, StaleMap, Topology, TopologyParts,
};

fn topology(nodes: u16, replication_factor: u16) -> Topology {
    let node = |number: u16| Node {
        id: NodeId::parse(&format!("meili-{number}")).expect("valid"),
        address: format!("http://meili-{number}:7700"),
        replica_group: GroupId(0),
        membership: Membership::Active,
        leftovers: false,
    };
    let groups = vec![Group {
        id: GroupId(0),
        state: GroupState::Active,
    }];
    let nodes = (0..nodes).map(node).collect();
    Topology::new(TopologyParts {
        epoch: 1,
        replication_factor,
        groups,
        nodes,
    })
    .expect("valid")
}

fn keys_to_owners(criterion: &mut Criterion) {
    let count = ShardCount::new(64).expect("valid");
    let topology = topology(3, 1);
    let keys: Vec<String> = (0..10_000)
        .map(|number| format!("document-{number}"))
        .collect();
    criterion.bench_function("10,000 keys to shard and owners", |bencher| {
        bencher.iter(|| {
            let placement = topology.placement(count);
            let group = &placement.groups()[0];
            for key in &keys {
                let shard = shard_of(black_box(key), count);
                black_box(group.owners(shard).next());
            }
        });
    });
}

fn plans(criterion: &mut Criterion) {
    let count = ShardCount::new(64).expect("valid");
    let (health, stale) = (HealthMap::new(), StaleMap::new());
    for nodes in [3, 8] {
        let topology = topology(nodes, 2);
        let cluster = Cluster {
            topology: &topology,
            health: &health,
            stale: &stale,
            has_lexicon: false,
            scores: &Scores::default(),
        };
        let mut rotation = 0;
        criterion.bench_function(
            &format!("plan a search, {nodes} nodes, 2 copies"),
            |bencher| {
                bencher.iter(|| {
                    rotation += 1;
                    search(
                        black_box(&cluster),
                        count,
                        &Constraints::default(),
                        rotation,
                    )
                });
            },
        );
    }
    for nodes in [8, 32] {
        criterion.bench_function(
            &format!("first plan of an epoch, {nodes} nodes, 2 copies"),
            |bencher| {
                let whole = topology(nodes, 2);
                bencher.iter(|| {
                    let topology = whole.clone();
                    let cluster = Cluster {
                        topology: &topology,
                        health: &health,
                        stale: &stale,
                        has_lexicon: false,
                        scores: &Scores::default(),
                    };
                    search(black_box(&cluster), count, &Constraints::default(), 0)
                });
            },
        );
    }
}

criterion_group!(benches, keys_to_owners, plans);
criterion_main!(benches);
