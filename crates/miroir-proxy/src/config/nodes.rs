//! The list of nodes of the first start.

use http::uri::Authority;

use super::overlay::Overlay;
use super::problem::{Origin, Problem};
use super::table::Allowed;
use super::tree::{Member, Node, Tree};
use super::value::Value;

/// One node of `nodes[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeEntry {
    /// Stable and unique, part of the placement hash: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`.
    pub id: String,
    /// `http://host[:port]`, without a trailing slash.
    pub address: String,
    /// Below `replica_groups`.
    pub replica_group: u16,
}

/// The fields of an entry with what they mean, for the reference page and for hints.
pub(super) const FIELDS: [(&str, &str, &str); 3] = [
    (
        "id",
        "lower-case letters, digits and inner hyphens, 1 to 63 in all",
        "Stable and unique; part of the placement.",
    ),
    (
        "address",
        "http://host[:port] without path, query or user info",
        "Base URL of the node.",
    ),
    (
        "replica_group",
        "an integer from 0 to replica_groups - 1; 0 if left out",
        "Replica group of the node.",
    ),
];

const HIGHEST_GROUP: u64 = 63;

/// Reads the whole list; it replaces the list of an earlier layer.
pub(super) fn read(overlay: &mut Overlay, node: &Node) {
    let Tree::List(items) = &node.value else {
        return overlay.refuse(
            "nodes",
            &node.origin,
            format!("got {}, expected a list of nodes", node.describe()),
        );
    };
    let before = overlay.problems.len();
    let entries: Vec<NodeEntry> = items
        .iter()
        .enumerate()
        .filter_map(|(position, item)| read_entry(overlay, position, item))
        .collect();
    if overlay.problems.len() > before {
        overlay.mistaken.insert("nodes".to_owned());
    }
    overlay.config.nodes = entries;
    overlay
        .written
        .insert("nodes".to_owned(), node.origin.clone());
}

fn read_entry(overlay: &mut Overlay, position: usize, item: &Node) -> Option<NodeEntry> {
    let path = format!("nodes[{position}]");
    let Tree::Map(members) = &item.value else {
        let expected = "a mapping with id and address";
        overlay.refuse(
            &path,
            &item.origin,
            format!("got {}, expected {expected}", item.describe()),
        );
        return None;
    };
    let mut id = None;
    let mut address = None;
    let mut replica_group = Some(0);
    overlay.refuse_repetitions(&path, members);
    for Member { name, origin, node } in members {
        let field = format!("{path}.{name}");
        overlay.written.insert(field.clone(), node.origin.clone());
        let outcome = match name.as_str() {
            "id" => read_id(node).map(|value| id = Some(value)),
            "address" => read_address(node).map(|value| address = Some(value)),
            "replica_group" => read_group(node)
                .map(|value| replica_group = Some(value))
                .inspect_err(|_| {
                    replica_group = None;
                }),
            _ => {
                let names = FIELDS.iter().map(|(name, ..)| *name);
                overlay.refuse(&field, origin, super::overlay::unknown(name, names));
                continue;
            }
        };
        if let Err(text) = outcome {
            overlay.refuse(&field, &node.origin, text);
        }
    }
    for required in ["id", "address"] {
        if !members.iter().any(|member| member.name == required) {
            overlay.refuse(
                &path,
                &item.origin,
                format!("has no {required}, expected one"),
            );
        }
    }
    Some(NodeEntry {
        id: id?,
        address: address?,
        replica_group: replica_group?,
    })
}

fn read_id(node: &Node) -> Result<String, String> {
    let expected = FIELDS[0].1;
    let Tree::Scalar(scalar) = &node.value else {
        return Err(format!("got {}, expected {expected}", node.describe()));
    };
    let text = &scalar.text;
    let letters = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let ends = !text.starts_with('-') && !text.ends_with('-');
    if scalar.is_null() || !letters || !ends || !(1..=63).contains(&text.len()) {
        return Err(format!("got {}, expected {expected}", node.describe()));
    }
    Ok(text.clone())
}

/// Never repeats the text of an address: it may contain a password.
fn read_address(node: &Node) -> Result<String, String> {
    let expected = FIELDS[1].1;
    let Tree::Scalar(scalar) = &node.value else {
        return Err(format!("got {}, expected {expected}", node.describe()));
    };
    let wrong = |what: &str| Err(format!("{what}, expected {expected}"));
    let text = scalar.text.as_str();
    let Some((scheme, rest)) = text.split_once("://") else {
        return wrong("not a URL");
    };
    if !matches!(scheme, "http" | "https") {
        return wrong("not an http or https URL");
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('@') {
        return wrong("it has user info");
    }
    if rest.contains(['?', '#']) {
        return wrong("it has a query or a fragment");
    }
    if rest.contains('/') {
        return wrong("it has a path");
    }
    let Ok(authority) = rest.parse::<Authority>() else {
        return wrong("it has no valid host");
    };
    if authority.host().is_empty() {
        return wrong("it has no host");
    }
    let port = rest[authority.host().len()..].strip_prefix(':');
    if port.is_some_and(|port| !matches!(port.parse::<u16>(), Ok(1..))) {
        return wrong("its port is not from 1 to 65535");
    }
    Ok(format!("{scheme}://{}", rest.to_ascii_lowercase()))
}

fn read_group(node: &Node) -> Result<u16, String> {
    let allowed = Allowed::Range(0, HIGHEST_GROUP);
    match &node.value {
        Tree::Scalar(scalar) => u16::read(scalar, &allowed).ok(),
        _ => None,
    }
    .ok_or_else(|| {
        format!(
            "got {}, expected {}",
            node.describe(),
            u16::expected(&allowed)
        )
    })
}

/// Rules among the entries: unique ids and addresses, groups that exist and are large enough.
pub(super) fn check(overlay: &mut Overlay) {
    let entries = overlay.config.nodes.clone();
    repeated(overlay, &entries, "id", |entry| entry.id.clone());
    repeated(overlay, &entries, "address", |entry| {
        entry
            .address
            .strip_suffix(":80")
            .unwrap_or(&entry.address)
            .to_owned()
    });
    if overlay.any_mistaken(&["nodes", "replica_groups"]) {
        return;
    }
    let groups = overlay.config.replica_groups;
    for (position, entry) in entries.iter().enumerate() {
        if entry.replica_group >= groups {
            let path = format!("nodes[{position}].replica_group");
            let origin = overlay.origin(&path);
            let text = format!(
                "group {} does not exist, expected one below replica_groups {groups}",
                entry.replica_group
            );
            overlay.problems.push(Problem::at_key(&origin, &path, text));
        }
    }
    let copies = usize::from(overlay.config.replication_factor);
    let copies = if overlay.any_mistaken(&["replication_factor"]) {
        1
    } else {
        copies
    };
    for group in 0..groups {
        let members = entries
            .iter()
            .filter(|entry| entry.replica_group == group)
            .count();
        if members < copies {
            let origin = overlay.origin("nodes");
            let text = match members {
                0 => format!(
                    "group {group} has no nodes, expected at least replication_factor {copies}"
                ),
                _ => format!(
                    "group {group} has too few nodes ({members}), expected at least replication_factor {copies}"
                ),
            };
            overlay
                .problems
                .push(Problem::at_key(&origin, "nodes", text));
        }
    }
}

fn repeated(
    overlay: &mut Overlay,
    entries: &[NodeEntry],
    field: &str,
    value: impl Fn(&NodeEntry) -> String,
) {
    // After a mistake in an entry its position in the list is not its position in the file.
    if overlay.any_mistaken(&["nodes"]) {
        return;
    }
    for (position, entry) in entries.iter().enumerate() {
        let Some(first) = entries[..position]
            .iter()
            .position(|earlier| value(earlier) == value(entry))
        else {
            continue;
        };
        let earlier: Origin = overlay.origin(&format!("nodes[{first}].{field}"));
        let path = format!("nodes[{position}].{field}");
        let origin = overlay.origin(&path);
        let text = format!(
            "{} is also the {field} {}, expected a unique one",
            value(entry),
            earlier.describe()
        );
        overlay.problems.push(Problem::at_key(&origin, &path, text));
    }
}
