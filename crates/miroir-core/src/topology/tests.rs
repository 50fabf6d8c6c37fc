//! Placement is frozen, balanced and moves little; states change only as the tables say.

mod placement;
mod states;

use super::*;

pub(crate) fn node(id: &str, group: u16) -> Node {
    Node {
        id: NodeId::parse(id).expect("valid"),
        address: format!("http://{id}:7700"),
        replica_group: GroupId(group),
        membership: Membership::Active,
        leftovers: false,
    }
}

/// Active groups `0..groups` of `nodes` nodes each, called `meili-0` onwards across the groups.
pub(crate) fn fleet(groups: u16, nodes: u16, replication_factor: u16) -> TopologyParts {
    TopologyParts {
        epoch: 1,
        replication_factor,
        groups: (0..groups)
            .map(|id| Group {
                id: GroupId(id),
                state: GroupState::Active,
            })
            .collect(),
        nodes: (0..groups * nodes)
            .map(|number| node(&format!("meili-{number}"), number / nodes))
            .collect(),
    }
}

pub(crate) fn topology(groups: u16, nodes: u16, replication_factor: u16) -> Topology {
    Topology::new(fleet(groups, nodes, replication_factor)).expect("valid")
}

#[test]
fn contradictions_are_refused() {
    let refused = |change: fn(&mut TopologyParts)| {
        let mut parts = fleet(1, 2, 1);
        change(&mut parts);
        Topology::new(parts).expect_err("refused")
    };
    let id = |id: &str| NodeId::parse(id).expect("valid");
    assert_eq!(
        refused(|parts| parts.replication_factor = 0),
        TopologyError::NoCopies
    );
    assert_eq!(
        refused(|parts| parts.groups.push(parts.groups[0].clone())),
        TopologyError::DuplicateGroup(GroupId(0))
    );
    assert_eq!(
        refused(|parts| parts.nodes.push(parts.nodes[1].clone())),
        TopologyError::DuplicateNode(id("meili-1"))
    );
    assert_eq!(
        refused(|parts| parts.nodes.push(node("other", 7))),
        TopologyError::UnknownGroup {
            node: id("other"),
            group: GroupId(7)
        }
    );
    assert_eq!(
        refused(|parts| parts.nodes = (0..129)
            .map(|number| node(&format!("n-{number}"), 0))
            .collect()),
        TopologyError::TooManyNodes(GroupId(0))
    );
}

#[test]
fn topologies_survive_serialisation() {
    let before = topology(2, 3, 2);
    let json = serde_json::to_string(&before).expect("serialises");
    let after: Topology = serde_json::from_str(&json).expect("parses");
    assert_eq!(before, after);
}
