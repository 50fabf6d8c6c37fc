//! A whole fleet for one test: nodes, a proxy, and the keys to both.

mod builder;
mod config;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitStatus;

pub use builder::ClusterBuilder;
use serde_json::Value;
use tempfile::TempDir;

use crate::bench::Canned;
use crate::client::Client;
use crate::process::{Node, ProcessError, Proxy};
use crate::tap::{Searches, Tap};
use crate::watch::Watch;

/// The clients' master key of every test fleet.
pub const MASTER_KEY: &str = "client-master-key-of-the-tests";
/// The nodes' master key of every test fleet.
pub const NODE_MASTER_KEY: &str = "node-master-key-of-the-tests";
/// The admin API key of every test fleet.
pub const ADMIN_KEY: &str = "admin-api-key-of-the-tests";

/// The proxy's configuration in the fleet's folder.
const CONFIG_FILE: &str = "config.yaml";
/// The proxy's store in the fleet's folder.
const STORE_FILE: &str = "store.db";

/// Why a fleet could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A process failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file or socket failed.
    #[error("cannot prepare the fleet")]
    System(#[from] std::io::Error),
}

/// A running fleet. Dropping it ends every process of it and removes its files.
#[derive(Debug)]
pub struct Cluster {
    // Fields are dropped in this order: the proxy first, so that it never logs about nodes that go away.
    proxy: Proxy,
    nodes: Vec<Node>,
    taps: Vec<Tap>,
    canned: Vec<Canned>,
    watches: Vec<Watch>,
    searches: Searches,
    folder: TempDir,
}

impl Cluster {
    /// Starts describing a fleet: one node, one group, one copy and 8 shards unless said otherwise.
    #[must_use]
    pub fn builder() -> ClusterBuilder {
        ClusterBuilder::default()
    }

    /// Base URL of the proxy.
    #[must_use]
    pub fn proxy_url(&self) -> String {
        self.proxy.url()
    }

    /// A client of the proxy with the master key.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&self.proxy_url(), Some(MASTER_KEY))
    }

    /// A client of the proxy's admin API.
    #[must_use]
    pub fn admin(&self) -> Client {
        Client::new(&self.proxy_url(), Some(ADMIN_KEY))
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Node `position`, counted from 0; its id is `node-<position>`. Panics when there is none.
    pub fn node(&mut self, position: usize) -> &mut Node {
        &mut self.nodes[position]
    }

    /// Every node.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What the proxy asked of its nodes, if they are tapped.
    #[must_use]
    pub fn searches(&self) -> &Searches {
        &self.searches
    }

    /// The tap of node `position`. Panics when there is none.
    #[must_use]
    pub fn tap(&self, position: usize) -> &Tap {
        &self.taps[position]
    }

    /// The file of the proxy's store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.path().join(STORE_FILE)
    }

    /// The listeners that answer reads in the nodes' stead, if the fleet has them.
    #[must_use]
    pub fn canned(&self) -> &[Canned] {
        &self.canned
    }

    /// The listeners that look at what nodes get, if the fleet has them.
    #[must_use]
    pub fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// The proxy process.
    pub fn proxy(&mut self) -> &mut Proxy {
        &mut self.proxy
    }

    /// Ends the proxy politely (`SIGTERM`).
    pub async fn stop_proxy(&mut self) -> Result<ExitStatus, ClusterError> {
        Ok(self.proxy.stop().await?)
    }

    /// Ends the proxy at once (`SIGKILL`).
    pub fn kill_proxy(&mut self) -> Result<(), ClusterError> {
        Ok(self.proxy.kill()?)
    }

    /// Starts the proxy again with the same configuration and store (killing it first if it still runs), and waits
    /// until it is ready.
    pub async fn restart_proxy(&mut self) -> Result<(), ClusterError> {
        Ok(self.proxy.restart().await?)
    }

    /// Sets a key of the proxy's configuration, such as `health.interval_ms`, for its next start.
    pub fn configure(&self, key: &str, value: impl Into<Value>) -> Result<(), ClusterError> {
        let file = self.folder.path().join(CONFIG_FILE);
        let text = config::with(&std::fs::read_to_string(&file)?, key, value.into())
            .map_err(std::io::Error::from)?;
        Ok(std::fs::write(file, text)?)
    }

    /// Sets one key of the proxy's configuration, such as `query_planner.enabled`, and starts it again with that.
    pub async fn reconfigure_proxy(
        &mut self,
        key: &str,
        value: impl Into<Value>,
    ) -> Result<(), ClusterError> {
        self.configure(key, value)?;
        self.restart_proxy().await
    }

    /// Starts another node with the id `node-<count>` that the proxy does not know of yet; returns its position.
    pub async fn start_node(&mut self) -> Result<usize, ClusterError> {
        let position = self.nodes.len();
        self.nodes
            .push(Node::start(&format!("node-{position}"), NODE_MASTER_KEY).await?);
        Ok(position)
    }
}
