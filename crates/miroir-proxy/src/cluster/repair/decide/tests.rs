//! What is repaired next and from where, and that one document's steps end in equality whatever is written meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use miroir_core::id::{NodeId, NodeUid, Shard, ShardSet};
use miroir_core::topology::StaleMap;

use super::{BatchSize, Situation, Step, Unit, choose, portion, step};

fn node(id: &str) -> NodeId {
    id.parse().expect("an id")
}

fn set(shards: &[u16]) -> ShardSet {
    shards.iter().map(|shard| Shard(*shard)).collect()
}

struct Case {
    index: NodeUid,
    stale: StaleMap,
    owners: BTreeMap<Shard, Vec<NodeId>>,
    healthy: BTreeSet<NodeId>,
}

fn case(stale: &[(&str, &[u16])], owners: &[&[&str]], healthy: &[&str]) -> Case {
    let mut map = StaleMap::new();
    for (id, shards) in stale {
        map.mark(node(id), &set(shards));
    }
    Case {
        index: "stories".parse().expect("a uid"),
        stale: map,
        owners: owners
            .iter()
            .enumerate()
            .map(|(shard, ids)| {
                let shard = Shard(u16::try_from(shard).expect("few shards"));
                (shard, ids.iter().map(|id| node(id)).collect())
            })
            .collect(),
        healthy: healthy.iter().map(|id| node(id)).collect(),
    }
}

impl Case {
    fn choose(&self, tries: usize) -> Option<Unit> {
        let situation = Situation {
            index: &self.index,
            stale: &self.stale,
            owners: self.owners.clone(),
            healthy: &self.healthy,
        };
        let tried = ["a", "b", "c"]
            .map(|id| ((self.index.clone(), node(id)), tries))
            .into_iter()
            .collect();
        choose(&[situation], &tried, &BTreeSet::new())
    }
}

#[test]
fn a_copy_is_repaired_from_the_fresh_node_that_has_most() {
    let owners: &[&[&str]] = &[&["a", "b"], &["a", "c"], &["a", "c"]];
    let all = case(&[("a", &[0, 1, 2])], owners, &["a", "b", "c"]);
    let unit = all.choose(0).expect("a unit");
    assert_eq!((unit.source, unit.shards), (node("c"), set(&[1, 2])));
    // After a failure another source has its turn.
    let unit = all.choose(1).expect("a unit");
    assert_eq!((unit.source, unit.shards), (node("b"), set(&[0])));
    // Neither from nor to a node that is not well.
    assert_eq!(case(&[("a", &[0])], owners, &["a", "c"]).choose(0), None);
    assert_eq!(case(&[("a", &[0])], owners, &["b", "c"]).choose(0), None);
    // Never from a copy that is stale itself.
    let both = case(&[("a", &[0]), ("b", &[0])], owners, &["a", "b", "c"]);
    assert_eq!(both.choose(0), None);
}

#[test]
fn the_shard_with_the_fewest_fresh_copies_comes_first() {
    let owners: &[&[&str]] = &[&["a", "b", "c"], &["a", "b", "c"]];
    let stale: &[(&str, &[u16])] = &[("a", &[0]), ("b", &[1]), ("c", &[1])];
    let unit = case(stale, owners, &["a", "b", "c"]).choose(0);
    let unit = unit.expect("a unit");
    assert_eq!((unit.destination, unit.source), (node("b"), node("a")));
}

#[test]
fn small_shards_go_together() {
    let documents = [(Shard(0), 15_000), (Shard(1), 4_000), (Shard(2), 30_000)];
    let documents = BTreeMap::from(documents);
    assert_eq!(portion(&set(&[0, 1, 2]), &documents), set(&[0, 1]));
    assert_eq!(portion(&set(&[2]), &documents), set(&[2]));
    assert_eq!(portion(&set(&[5, 6]), &documents), set(&[5, 6]));
}

#[test]
fn batches_of_large_documents_shrink() {
    let mut size = BatchSize::new(1000);
    size.observe(100);
    assert_eq!(size.get(), 200);
    size.observe(20 << 20);
    assert_eq!(size.get(), 100);
    for _ in 0..20 {
        size.observe(usize::MAX);
    }
    assert_eq!(size.get(), 1);
    for _ in 0..20 {
        size.observe(1);
    }
    assert_eq!(size.get(), 1000);
}

/// One document on two nodes, a write at every place of the protocol: what is settled is equal, and an older version never replaces a
/// newer one.
#[test]
fn one_document_settles_equal_whenever_it_is_written() {
    let (old, new) = (Some(1), Some(2));
    for base in [None, old] {
        for write in [None, new] {
            for place in ["before", "read", "late", "after"] {
                let mut nodes = (old, base);
                let mut to_write = true;
                let mut settled = false;
                for _ in 0..4 {
                    let mut writes_at = |now: &str, nodes: &mut (Option<u64>, Option<u64>)| {
                        let writes = to_write && place == now;
                        if writes {
                            (to_write, *nodes) = (false, (write, write));
                        }
                        writes
                    };
                    writes_at("before", &mut nodes);
                    // The fence. Both nodes are read at some time after it.
                    let mut is_touched = writes_at("read", &mut nodes);
                    let read = nodes;
                    is_touched |= writes_at("late", &mut nodes);
                    // In turn again.
                    match step(read.0, read.1, is_touched) {
                        Step::Settled => settled = true,
                        Step::Copy | Step::Delete => nodes.1 = read.0,
                        Step::Again => {}
                    }
                    writes_at("after", &mut nodes);
                    if settled {
                        break;
                    }
                }
                assert!(settled, "{base:?} {write:?} {place}");
                assert_eq!(nodes.0, nodes.1, "{base:?} {write:?} {place}");
                assert_eq!(nodes.0, if to_write { old } else { write }, "{place}");
            }
        }
    }
}
