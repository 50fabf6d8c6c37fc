//! How a fleet is described and started.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{CONFIG_FILE, Cluster, ClusterError, NODE_MASTER_KEY, config};
use crate::bench::Canned;
use crate::process::{Node, Port, Proxy};
use crate::tap::{Searches, Tap};
use crate::watch::Watch;

const TURN_LENGTH: &str = "replica_selection.turn_length";

/// The description of a fleet.
#[derive(Debug, Clone)]
pub struct ClusterBuilder {
    nodes: u16,
    replica_groups: u16,
    replication_factor: u16,
    shards: u16,
    node_flags: Vec<String>,
    extra: Vec<(String, Value)>,
    front: Front,
}

/// What stands between the proxy and each node.
#[derive(Debug, Clone, Copy)]
enum Front {
    Nothing,
    Tap,
    Canned,
    Watch,
}

impl Default for ClusterBuilder {
    fn default() -> Self {
        Self {
            nodes: 1,
            replica_groups: 1,
            replication_factor: 1,
            shards: 8,
            node_flags: Vec::new(),
            // Tests wait for health changes; the slowest allowed default would make them crawl. They read several times to see
            // every copy.
            extra: vec![
                ("health.interval_ms".to_owned(), json!(200)),
                ("health.timeout_ms".to_owned(), json!(200)),
                (TURN_LENGTH.to_owned(), json!(1)),
            ],
            front: Front::Nothing,
        }
    }
}

impl ClusterBuilder {
    /// Nodes in total; they are dealt to the groups in turn.
    #[must_use]
    pub fn nodes(self, nodes: u16) -> Self {
        Self { nodes, ..self }
    }

    /// Replica groups.
    #[must_use]
    pub fn replica_groups(self, replica_groups: u16) -> Self {
        Self {
            replica_groups,
            ..self
        }
    }

    /// Copies of a shard inside one group.
    #[must_use]
    pub fn rf(self, replication_factor: u16) -> Self {
        Self {
            replication_factor,
            ..self
        }
    }

    /// Shards of new indexes.
    #[must_use]
    pub fn shards(self, shards: u16) -> Self {
        Self { shards, ..self }
    }

    /// Starts every node with one more flag of the server, such as `--http-payload-size-limit=1024`.
    #[must_use]
    pub fn node_flag(mut self, flag: &str) -> Self {
        self.node_flags.push(flag.to_owned());
        self
    }

    /// Reads take turns on copies as they do unless set, instead of each for itself: for what measures.
    #[must_use]
    pub fn usual_turns(mut self) -> Self {
        self.extra.retain(|(key, _)| key != TURN_LENGTH);
        self
    }

    /// Sets one more key of the proxy's configuration, such as `health.interval_ms`; a later value wins.
    #[must_use]
    pub fn config(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extra.push((key.to_owned(), value.into()));
        self
    }

    /// Puts a [`Tap`] between the proxy and each node.
    #[must_use]
    pub fn tapped(self) -> Self {
        Self {
            front: Front::Tap,
            ..self
        }
    }

    /// Puts a [`Canned`] between the proxy and each node.
    #[must_use]
    pub fn canned(self) -> Self {
        Self {
            front: Front::Canned,
            ..self
        }
    }

    /// Puts a [`Watch`] between the proxy and each node.
    #[must_use]
    pub fn watched(self) -> Self {
        Self {
            front: Front::Watch,
            ..self
        }
    }

    /// Starts the nodes, then the proxy, and waits until the proxy is ready.
    pub async fn start(self) -> Result<Cluster, ClusterError> {
        let ids: Vec<String> = (0..self.nodes)
            .map(|position| format!("node-{position}"))
            .collect();
        let flags: Vec<&str> = self.node_flags.iter().map(String::as_str).collect();
        let nodes = futures_util::future::try_join_all(
            ids.iter()
                .map(|id| Node::start_with_flags(id, NODE_MASTER_KEY, &flags)),
        )
        .await?;
        let folder = TempDir::with_prefix("miroir-proxy-")?;
        let searches = Searches::default();
        let (mut taps, mut canned, mut watches) = (Vec::new(), Vec::new(), Vec::new());
        let mut fronts = Vec::new();
        for node in &nodes {
            match self.front {
                Front::Nothing => {}
                Front::Tap => {
                    let tap = Tap::start(node.id(), &node.url(), searches.clone()).await?;
                    fronts.push(tap.url().to_owned());
                    taps.push(tap);
                }
                Front::Canned => {
                    let front = Canned::start(&node.url()).await?;
                    fronts.push(front.url());
                    canned.push(front);
                }
                Front::Watch => {
                    let watch = Watch::start(&node.url()).await?;
                    fronts.push(watch.url().to_owned());
                    watches.push(watch);
                }
            }
        }
        let proxy = self.start_proxy(&nodes, &fronts, folder.path()).await?;
        Ok(Cluster {
            proxy,
            nodes,
            taps,
            canned,
            watches,
            searches,
            folder,
        })
    }

    async fn start_proxy(
        &self,
        nodes: &[Node],
        fronts: &[String],
        folder: &Path,
    ) -> Result<Proxy, ClusterError> {
        let file = folder.join(CONFIG_FILE);
        let (port, metrics_port) = (Port::free()?, Port::free()?);
        let config = config::document(&config::Facts {
            nodes,
            fronts,
            replica_groups: self.replica_groups,
            replication_factor: self.replication_factor,
            shards: self.shards,
            port: port.number(),
            metrics_port: metrics_port.number(),
            folder,
            extra: &self.extra,
        });
        std::fs::write(&file, config)?;
        let mut proxy = Proxy::start(&file, port, metrics_port, folder)?;
        proxy.wait_ready().await?;
        Ok(proxy)
    }
}
