//! The proxy's configuration file. JSON is valid YAML, so that is what is written.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{ADMIN_KEY, MASTER_KEY, NODE_MASTER_KEY, STORE_FILE};
use crate::process::Node;

/// What the file depends on.
pub(super) struct Facts<'a> {
    pub(super) nodes: &'a [Node],
    /// What stands in front of the nodes, or none.
    pub(super) fronts: &'a [String],
    pub(super) replica_groups: u16,
    pub(super) replication_factor: u16,
    pub(super) shards: u16,
    pub(super) port: u16,
    pub(super) metrics_port: u16,
    pub(super) folder: &'a Path,
    pub(super) extra: &'a [(String, Value)],
}

/// The file's text.
pub(super) fn document(facts: &Facts<'_>) -> String {
    let groups = usize::from(facts.replica_groups);
    let nodes: Vec<Value> = facts
        .nodes
        .iter()
        .enumerate()
        .map(|(position, node)| {
            let front = facts.fronts.get(position).cloned();
            let address = front.unwrap_or_else(|| node.url());
            json!({ "id": node.id(), "address": address, "replica_group": position % groups })
        })
        .collect();
    let mut root = Map::new();
    let keys = [
        ("master_key", json!(MASTER_KEY)),
        ("node_master_key", json!(NODE_MASTER_KEY)),
        ("shards", json!(facts.shards)),
        ("replication_factor", json!(facts.replication_factor)),
        ("replica_groups", json!(facts.replica_groups)),
        ("nodes", Value::Array(nodes)),
        ("task_store.path", json!(facts.folder.join(STORE_FILE))),
        ("admin.api_key", json!(ADMIN_KEY)),
        ("server.bind", json!("127.0.0.1")),
        ("server.port", json!(facts.port)),
        ("metrics.bind", json!("127.0.0.1")),
        ("metrics.port", json!(facts.metrics_port)),
    ];
    for (key, value) in keys {
        set(&mut root, key, value);
    }
    for (key, value) in facts.extra {
        set(&mut root, key, value.clone());
    }
    format!("{:#}\n", json!({ "miroir": root }))
}

/// The same file with one more key set.
pub(super) fn with(text: &str, key: &str, value: Value) -> serde_json::Result<String> {
    let mut document: Value = serde_json::from_str(text)?;
    if let Some(root) = document.get_mut("miroir").and_then(Value::as_object_mut) {
        set(root, key, value);
    }
    Ok(format!("{document:#}\n"))
}

/// Sets `a.b.c` in nested objects; a value on the way that is no object is replaced.
pub(super) fn set(root: &mut Map<String, Value>, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            root.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let below = root
                .entry(section)
                .or_insert_with(|| Value::Object(Map::new()));
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            if let Some(section) = below.as_object_mut() {
                set(section, rest, value);
            }
        }
    }
}
