//! What a fresh index has on these nodes: the ranking rules differ between versions of the server.

use std::time::Duration;

use http::Method;
use miroir_core::id::NodeId;
use miroir_node::{Call, EnqueuedTask, NodeTask};
use serde_json::json;
use thiserror::Error;
use tokio::time::Instant;

use crate::cluster::Cluster;

/// A hidden empty index on every node that is asked; clients cannot create one of this name.
pub(crate) const HIDDEN_INDEX: &str = "miroir__defaults";

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct NodeDefaults {
    pub(crate) ranking_rules: Vec<String>,
}

#[derive(Debug, Error)]
pub(crate) enum DefaultsError {
    #[error("no node can be reached")]
    NoNode,
    #[error(
        "node `{node}` does not tell the ranking rules of a fresh index (status {status}): check node_master_key"
    )]
    Refused { node: NodeId, status: u16 },
}

/// Asks the first node that answers.
pub(crate) async fn ask(cluster: &Cluster) -> Result<NodeDefaults, DefaultsError> {
    let mut last = DefaultsError::NoNode;
    for node in cluster.reachable() {
        match ask_node(cluster, &node).await {
            Ok(defaults) => return Ok(defaults),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn ask_node(cluster: &Cluster, node: &NodeId) -> Result<NodeDefaults, DefaultsError> {
    let path = format!("/indexes/{HIDDEN_INDEX}/settings/ranking-rules");
    let answer = cluster
        .read(node, &path)
        .await
        .map_err(|_| DefaultsError::NoNode)?;
    if let (true, Ok(ranking_rules)) = (answer.is_success(), answer.json()) {
        return Ok(NodeDefaults { ranking_rules });
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    let create = Call::write(Method::POST, "/indexes", deadline)
        .json(json!({"uid": HIDDEN_INDEX}).to_string());
    let created = cluster
        .call(node, create)
        .await
        .map_err(|_| DefaultsError::NoNode)?;
    let refused = |status: http::StatusCode| DefaultsError::Refused {
        node: node.clone(),
        status: status.as_u16(),
    };
    let task: EnqueuedTask = created.json().map_err(|_| refused(created.status))?;
    while Instant::now() < deadline {
        let answer = cluster
            .read(node, &format!("/tasks/{}", task.task_uid))
            .await
            .map_err(|_| DefaultsError::NoNode)?;
        let task: NodeTask = answer.json().map_err(|_| refused(answer.status))?;
        if task.is_finished() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = cluster
        .read(node, &path)
        .await
        .map_err(|_| DefaultsError::NoNode)?;
    answer
        .json()
        .map(|ranking_rules| NodeDefaults { ranking_rules })
        .map_err(|_| refused(answer.status))
}
