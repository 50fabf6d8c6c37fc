//! Rules across keys: what is refused although every value is fine on its own, and what is worth a warning.

use super::overlay::Overlay;
use super::{Backend, Config, nodes};

/// A secret shorter than this can be guessed.
const SHORTEST_KEY: usize = 16;

/// Nodes of the largest group times this is the fewest shards that spread evenly.
const SHARDS_PER_NODE: usize = 8;

/// Adds a problem for every rule that is broken. Rules about a key with a problem of its own are skipped.
pub(super) fn check(overlay: &mut Overlay) {
    let config = overlay.config.clone();
    if config.replicas > 1 && config.task_store.backend == Backend::Sqlite {
        let text = format!(
            "a SQLite store cannot be shared by {} processes, expected 1 (the redis store is not built in this version)",
            config.replicas
        );
        refuse(overlay, "replicas", "task_store.backend", text);
    }
    if config.metrics.port == config.server.port {
        let text = format!(
            "{} is also server.port, expected another port",
            config.metrics.port
        );
        refuse(overlay, "metrics.port", "server.port", text);
    }
    let at_most = [
        (
            "health.timeout_ms",
            config.health.timeout_ms.0,
            "health.interval_ms",
            config.health.interval_ms.0,
        ),
        (
            "scatter.node_timeout_ms",
            config.scatter.node_timeout_ms.0,
            "server.request_timeout_ms",
            config.server.request_timeout_ms.0,
        ),
        (
            "connection_pool_per_node.max_idle",
            config.connection_pool_per_node.max_idle as u64,
            "connection_pool_per_node.max_total",
            config.connection_pool_per_node.max_total as u64,
        ),
        (
            "scatter.min_copies",
            u64::from(config.scatter.min_copies),
            "replication_factor",
            u64::from(config.replication_factor),
        ),
    ];
    for (small, value, large, limit) in at_most {
        if value > limit {
            refuse(
                overlay,
                small,
                large,
                format!("got {value}, expected at most {large}, which is {limit}"),
            );
        }
    }
    check_tls(overlay, &config);
    let epsilon = config.replica_selection.exploration_epsilon.0;
    if epsilon > 0.5 {
        let key = "replica_selection.exploration_epsilon";
        let text = format!("got {epsilon}, expected a number from 0 to 0.5");
        refuse(overlay, key, key, text);
    }
    nodes::check(overlay);
}

/// A certificate is of no use without its key.
fn check_tls(overlay: &mut Overlay, config: &Config) {
    let (server, node) = (&config.server.tls, &config.node_tls);
    let needed = [
        (
            "server.tls.cert_file",
            &server.cert_file,
            "server.tls.key_file",
            &server.key_file,
        ),
        (
            "server.tls.key_file",
            &server.key_file,
            "server.tls.cert_file",
            &server.cert_file,
        ),
        (
            "server.tls.client_ca_file",
            &server.client_ca_file,
            "server.tls.cert_file",
            &server.cert_file,
        ),
        (
            "node_tls.client_cert_file",
            &node.client_cert_file,
            "node_tls.client_key_file",
            &node.client_key_file,
        ),
        (
            "node_tls.client_key_file",
            &node.client_key_file,
            "node_tls.client_cert_file",
            &node.client_cert_file,
        ),
    ];
    for (path, file, other, companion) in needed {
        if file.is_some() && companion.is_none() {
            refuse(
                overlay,
                path,
                other,
                format!("{other} is not set, expected both"),
            );
        }
    }
}

/// Reports at the first key, or at the second one if only that was written.
fn refuse(overlay: &mut Overlay, key: &str, other: &str, text: String) {
    if overlay.any_mistaken(&[key, other]) {
        return;
    }
    let own = overlay
        .written
        .get(key)
        .or_else(|| overlay.written.get(other))
        .cloned();
    let origin = own.unwrap_or(super::problem::Origin::Default);
    overlay
        .problems
        .push(super::problem::Problem::at_key(&origin, key, text));
}

impl Config {
    /// What is allowed but most likely not wanted, one sentence each. Never contains a secret.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let keys = [
            ("master_key", &self.master_key),
            ("admin.api_key", &self.admin.api_key),
        ];
        for (path, secret) in keys {
            if secret
                .as_ref()
                .is_some_and(|secret| secret.expose().len() < SHORTEST_KEY)
            {
                warnings.push(format!(
                    "miroir.{path} is shorter than {SHORTEST_KEY} bytes"
                ));
            }
        }
        if self.master_key.is_none() {
            warnings.push(
                "miroir.master_key is not set: client routes are open to everybody".to_owned(),
            );
        }
        if self.master_key.is_some() && self.master_key == self.admin.api_key {
            warnings.push(
                "miroir.master_key equals miroir.admin.api_key: clients could administer"
                    .to_owned(),
            );
        }
        let group_sizes = (0..self.replica_groups).map(|group| {
            self.nodes
                .iter()
                .filter(|node| node.replica_group == group)
                .count()
        });
        let largest = group_sizes.max().unwrap_or(0);
        let wanted = SHARDS_PER_NODE * largest;
        if usize::from(self.shards) < wanted {
            warnings.push(format!(
                "miroir.shards is {}, fewer than {SHARDS_PER_NODE} per node of the largest group ({wanted}): load will \
                 spread unevenly",
                self.shards
            ));
        }
        warnings
    }
}
