//! The proxy's configuration file.

use crate::record::Record;

/// What else the file depends on.
pub(crate) struct Facts<'a> {
    pub(crate) port: u16,
    pub(crate) metrics_port: u16,
    pub(crate) shards: u16,
    /// The data folder.
    pub(crate) folder: &'a str,
}

/// The file's text.
pub(crate) fn yaml(record: &Record, facts: &Facts<'_>) -> String {
    let nodes: String = record
        .node_ports
        .iter()
        .zip(0..)
        .map(|(port, position)| {
            let group = position % record.replica_groups;
            format!(
                "    - id: {}\n      address: http://127.0.0.1:{port}\n      replica_group: {group}\n",
                node_name(position)
            )
        })
        .collect();
    format!(
        "\
# Written by miroir-dev at every start; changes are lost.
miroir:
  master_key: {master_key}
  node_master_key: {node_master_key}
  shards: {shards}
  replication_factor: {replication_factor}
  replica_groups: {replica_groups}
  nodes:
{nodes}  task_store:
    path: {store}
  admin:
    api_key: {admin_key}
  server:
    bind: 127.0.0.1
    port: {port}
  metrics:
    bind: 127.0.0.1
    port: {metrics_port}
  # Shorter than the default, so that trying out what happens to a frozen node takes no patience.
  health:
    interval_ms: 1000
    timeout_ms: 1000
",
        master_key = text(&record.master_key),
        node_master_key = text(&record.node_master_key),
        shards = facts.shards,
        replication_factor = record.replication_factor,
        replica_groups = record.replica_groups,
        store = text(&format!("{}/store.db", facts.folder)),
        admin_key = text(&record.admin_key),
        port = facts.port,
        metrics_port = facts.metrics_port,
    )
}

/// What the fleet calls a node.
pub(crate) fn node_name(position: u16) -> String {
    format!("node-{position}")
}

/// A double-quoted text: what JSON writes is YAML too.
fn text(value: &str) -> String {
    serde_json::to_string(value).expect("text always becomes JSON")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::Parser;
    use miroir_proxy::config::{self, Sources};

    use super::{Facts, yaml};
    use crate::flags::Flags;
    use crate::record::Record;

    #[test]
    fn the_proxy_understands_it() {
        let flags = Flags::parse_from([
            "miroir-dev",
            "--node-bin=embedded",
            "--nodes=4",
            "--replica-groups=2",
            "--rf=2",
            r#"--admin-key=a"\'#:key"#,
        ]);
        let mut record = Record::decide(&flags, None, None).unwrap();
        record.node_ports = vec![11, 12, 13, 14];
        let facts = Facts {
            port: 1,
            metrics_port: 2,
            shards: 5,
            folder: "/a folder",
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("miroir.yaml");
        std::fs::write(&file, yaml(&record, &facts)).unwrap();
        let sources = Sources {
            file: Some(file),
            environment: BTreeMap::new(),
            ..Sources::of_this_process()
        };
        let config = config::load(&sources).unwrap();
        assert_eq!(
            (config.server.port, config.metrics.port, config.shards),
            (1, 2, 5)
        );
        assert_eq!(config.nodes.len(), 4);
        assert_eq!(config.nodes[3].replica_group, 1);
        assert_eq!(config.admin.api_key.unwrap().expose(), record.admin_key);
        assert_eq!(config.task_store.path.to_str(), Some("/a folder/store.db"));
    }
}
