//! A reference and a fleet of the oracle's own, so that one command is a whole run.

use std::str::FromStr;

use crate::client::Client;
use crate::cluster::{Cluster, ClusterError, MASTER_KEY};
use crate::process::{Node, ProcessError};
use serde_json::json;

/// What a fleet is like, as `nodes=5,rf=2,rg=1,shards=16,kill`; what is not said is that of a single node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FleetShape {
    /// Nodes in total.
    pub nodes: u16,
    /// Copies of a shard inside one group.
    pub rf: u16,
    /// Replica groups.
    pub rg: u16,
    /// Shards of an index.
    pub shards: u16,
    /// A node is killed in the middle of the run; another copy of everything must exist.
    pub kill: bool,
}

/// A text that describes no fleet.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not part of a fleet such as `nodes=5,rf=2,rg=1,shards=16,kill`")]
pub struct UnknownShape(String);

impl FromStr for FleetShape {
    type Err = UnknownShape;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut shape = Self {
            nodes: 1,
            rf: 1,
            rg: 1,
            shards: 8,
            kill: false,
        };
        for part in text.split(',') {
            let unknown = || UnknownShape(part.to_owned());
            if part == "kill" {
                shape.kill = true;
                continue;
            }
            let (name, value) = part.split_once('=').ok_or_else(unknown)?;
            let place = match name {
                "nodes" => &mut shape.nodes,
                "rf" => &mut shape.rf,
                "rg" => &mut shape.rg,
                "shards" => &mut shape.shards,
                _ => return Err(unknown()),
            };
            *place = value.parse().map_err(|_| unknown())?;
        }
        if shape.kill && shape.rf < 2 && shape.rg < 2 {
            return Err(UnknownShape("kill without a second copy".to_owned()));
        }
        Ok(shape)
    }
}

/// A running fleet and the server it is compared with. Both run what tests run: the embedded node, or a real server.
#[derive(Debug)]
pub struct Fleet {
    reference: Node,
    cluster: Cluster,
}

impl Fleet {
    /// Starts both. The experimental features that queries ask for are on everywhere.
    pub async fn start(shape: FleetShape) -> Result<Self, ClusterError> {
        let builder = Cluster::builder()
            .nodes(shape.nodes)
            .rf(shape.rf)
            .replica_groups(shape.rg)
            .shards(shape.shards)
            // A machine that also runs all the nodes may let one of them wait.
            .config("health.timeout_ms", 2_000)
            .config("health.interval_ms", 5_000);
        let (reference, cluster) = tokio::try_join!(
            async { Ok(Node::start("reference", MASTER_KEY).await?) },
            builder.start()
        )?;
        for node in cluster.nodes().iter().chain([&reference]) {
            let features = json!({ "containsFilter": true });
            node.client()
                .patch("/experimental-features", &features)
                .await
                .map_err(|error| std::io::Error::other(error.to_string()))?;
        }
        Ok(Self { reference, cluster })
    }

    /// A client of the reference.
    #[must_use]
    pub fn reference(&self) -> Client {
        self.reference.client()
    }

    /// A client of the fleet.
    #[must_use]
    pub fn candidate(&self) -> Client {
        self.cluster.client()
    }

    /// Kills the last node.
    pub fn kill_one(&mut self) -> Result<(), ProcessError> {
        let last = self.cluster.node_count() - 1;
        self.cluster.node(last).kill()
    }
}
