//! Which nodes a read may ask about an index, given what is known of their settings. Pure, but for looking things up.

use std::collections::BTreeSet;

use miroir_core::id::{NodeId, ShardCount, ShardSet};
use miroir_core::topology::{StaleMap, Topology};

/// What a read has to know of the nodes' settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Nodes that do not have the committed settings.
    pub(crate) barred: BTreeSet<NodeId>,
    /// Nodes that are being given others: nobody knows at which moment they change.
    pub(crate) changing: BTreeSet<NodeId>,
}

impl Standing {
    pub(crate) fn is_settled(&self) -> bool {
        self.barred.is_empty() && self.changing.is_empty()
    }

    /// The nodes that the read must do without. Those that are changing are left out too where the others cover every shard;
    /// otherwise an answer may mix settings, which the second value says.
    pub(crate) fn excluded(
        &self,
        topology: &Topology,
        shards: ShardCount,
        stale: &StaleMap,
    ) -> (BTreeSet<NodeId>, bool) {
        if self.changing.is_empty() {
            return (self.barred.clone(), false);
        }
        let both: BTreeSet<NodeId> = self.barred.union(&self.changing).cloned().collect();
        match covers(topology, shards, stale, |node| !both.contains(node)) {
            true => (both, false),
            false => (self.barred.clone(), true),
        }
    }
}

/// Whether the nodes that are `in_line` have a copy of every shard that is not stale.
pub(crate) fn covers(
    topology: &Topology,
    shards: ShardCount,
    stale: &StaleMap,
    in_line: impl Fn(&NodeId) -> bool,
) -> bool {
    let placement = topology.placement(shards);
    let mut covered = ShardSet::new();
    for group in placement.groups() {
        for (node, owned) in group.nodes().filter(|(node, _)| in_line(node)) {
            covered.extend(&match stale.of(node) {
                Some(stale) => owned.difference(stale),
                None => owned.clone(),
            });
        }
    }
    covered.len() == usize::from(shards.get())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use miroir_core::id::{GroupId, NodeId, ShardCount, ShardSet};
    use miroir_core::topology::{
        Group, GroupState, Membership, Node, StaleMap, Topology, TopologyParts,
    };

    use super::Standing;

    fn topology(groups: u16, nodes: usize) -> Topology {
        let group = |id| Group {
            id: GroupId(id),
            state: GroupState::Active,
        };
        let node = |position: usize| Node {
            id: format!("node-{position}").parse().unwrap(),
            address: format!("http://n{position}"),
            replica_group: GroupId(u16::try_from(position).unwrap() % groups),
            membership: Membership::Active,
            leftovers: false,
        };
        Topology::new(TopologyParts {
            epoch: 1,
            replication_factor: 1,
            groups: (0..groups).map(group).collect(),
            nodes: (0..nodes).map(node).collect(),
        })
        .unwrap()
    }

    fn set(nodes: &[usize]) -> BTreeSet<NodeId> {
        let id = |position| format!("node-{position}").parse().unwrap();
        nodes.iter().map(id).collect()
    }

    #[test]
    fn nodes_that_change_are_left_out_where_others_cover_every_shard() {
        let shards = ShardCount::new(8).unwrap();
        let excluded = |groups, nodes, standing: &Standing, stale: &StaleMap| {
            standing.excluded(&topology(groups, nodes), shards, stale)
        };
        let standing = |barred: &[usize], changing: &[usize]| Standing {
            barred: set(barred),
            changing: set(changing),
        };
        let none = StaleMap::new();
        assert_eq!(
            excluded(2, 4, &standing(&[], &[0, 2]), &none),
            (set(&[0, 2]), false)
        );
        assert_eq!(
            excluded(2, 4, &standing(&[], &[0, 1]), &none),
            (set(&[]), true)
        );
        assert_eq!(
            excluded(2, 4, &standing(&[1], &[2]), &none),
            (set(&[1]), true)
        );
        assert_eq!(
            excluded(1, 2, &standing(&[1], &[]), &none),
            (set(&[1]), false)
        );
        let mut stale = StaleMap::new();
        stale.mark("node-1".parse().unwrap(), &ShardSet::full(shards));
        assert_eq!(
            excluded(2, 4, &standing(&[], &[0, 2]), &stale),
            (set(&[]), true)
        );
    }
}
