//! The planner against brute force, and every rule of data-path.md 3 that has a name.

mod covers;
mod rules;
mod scored;

use super::*;
use crate::id::{Shard, ShardCount};
use crate::topology::Health;
use crate::topology::tests::topology;

/// A fleet with its health and staleness, to be changed by tests.
struct Fleet {
    topology: Topology,
    health: HealthMap,
    stale: StaleMap,
    has_lexicon: bool,
    scores: Scores,
}

impl Fleet {
    fn new(groups: u16, nodes: u16, replication_factor: u16) -> Self {
        let topology = topology(groups, nodes, replication_factor);
        Self {
            topology,
            health: HealthMap::new(),
            stale: StaleMap::new(),
            has_lexicon: false,
            scores: Scores::default(),
        }
    }

    fn with_scores(mut self, scores: &[(&str, f64)]) -> Self {
        let scores = scores.iter().map(|(node, score)| (id(node), *score));
        self.scores = Scores::new(scores.collect());
        self
    }

    fn with_health(mut self, health: Health, nodes: &[&str]) -> Self {
        for node in nodes {
            self.health.set(id(node), health);
        }
        self
    }

    fn cluster(&self) -> Cluster<'_> {
        Cluster {
            topology: &self.topology,
            health: &self.health,
            stale: &self.stale,
            has_lexicon: self.has_lexicon,
            scores: &self.scores,
        }
    }

    fn search(&self, constraints: &Constraints, rotation: u64) -> ReadPlan {
        let plan = search(&self.cluster(), count(), constraints, rotation);
        assert_exact(
            &plan,
            constraints.narrowed.as_ref().unwrap_or(&count().all()),
        );
        plan
    }

    fn owned(&self, node: &str) -> ShardSet {
        let placement = self.topology.placement(count());
        let mut nodes = placement.groups().iter().flat_map(|group| group.nodes());
        nodes
            .find(|(other, _)| other.as_str() == node)
            .expect("placed")
            .1
            .clone()
    }
}

fn count() -> ShardCount {
    ShardCount::new(64).expect("valid")
}

fn id(node: &str) -> NodeId {
    NodeId::parse(node).expect("valid")
}

fn nodes(plan: &ReadPlan) -> Vec<&str> {
    plan.legs.iter().map(|leg| leg.node.as_str()).collect()
}

/// Invariant 2: every wanted shard in exactly one leg or reported, at most one leg per node.
fn assert_exact(plan: &ReadPlan, wanted: &ShardSet) {
    let mut seen = plan.uncovered.clone();
    let mut asked = BTreeSet::new();
    for leg in &plan.legs {
        assert!(!leg.shards.is_empty());
        assert!(asked.insert(&leg.node), "two legs to {}", leg.node);
        assert!(
            leg.shards.is_disjoint(&seen),
            "a shard is answered for twice"
        );
        seen = seen.union(&leg.shards);
    }
    assert_eq!(seen, *wanted);
}
