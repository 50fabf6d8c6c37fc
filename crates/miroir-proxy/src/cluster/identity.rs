//! Whether a node is the one it was, on the disk that it had (data-path.md 7).
//!
//! Every node carries a hidden index with one document: the cluster, the node's id and a random incarnation, written when the node was
//! first met. A node that shows another one or none, or whose newest task is older than one that it has shown before, has lost its
//! disk or was rolled back: every copy on it becomes stale before it serves anything, and it gets a new incarnation.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use miroir_core::id::NodeId;
use miroir_core::topology::Observation;
use miroir_node::{Answer, Call, EnqueuedTask, NodeTask};
use serde::{Deserialize, Serialize};
use serde_json::json;
use thiserror::Error;
use tokio::time::Instant;

use crate::app::App;
use crate::cluster::Cluster;
use crate::http::reply::chain;

/// Clients cannot create an index of this name.
pub(crate) const IDENTITY_INDEX: &str = "miroir__identity";
const DOCUMENT: &str = "identity";
/// A node that is met for the first time may have a queue of its own.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(30);

/// The document on the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    id: String,
    cluster: String,
    node: String,
    incarnation: String,
}

/// What the store knows of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    /// Empty before the first contact.
    incarnation: String,
    newest_task: Option<u32>,
}

/// What the node shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    identity: Option<Identity>,
    newest_task: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Judgement {
    Same,
    /// It has not been met before.
    New,
    /// It was met, and the process ended before that was remembered.
    Remember {
        incarnation: String,
    },
    Lost,
    /// Its address leads to another node of this cluster.
    Stranger {
        node: String,
    },
}

fn judge(cluster: &str, node: &NodeId, known: &Known, shown: &Shown) -> Judgement {
    let of_cluster = shown
        .identity
        .as_ref()
        .filter(|identity| identity.cluster == cluster);
    match of_cluster {
        Some(identity) if identity.node != node.as_str() => Judgement::Stranger {
            node: identity.node.clone(),
        },
        Some(identity) if known.incarnation.is_empty() => Judgement::Remember {
            incarnation: identity.incarnation.clone(),
        },
        Some(identity)
            if identity.incarnation == known.incarnation
                && shown.newest_task >= known.newest_task =>
        {
            Judgement::Same
        }
        None if known.incarnation.is_empty() && shown.newest_task >= known.newest_task => {
            Judgement::New
        }
        Some(_) | None => Judgement::Lost,
    }
}

#[derive(Debug, Error)]
enum Trouble {
    #[error("the node does not answer")]
    Silent,
    #[error("the node answers {0} to its own task list: check node_master_key")]
    Refused(StatusCode),
    #[error("the node answers {0} to its identity")]
    Unwilling(StatusCode),
    #[error("the store cannot be used: {0}")]
    Store(#[from] miroir_store::StoreError),
    #[error("the address leads to node `{0}`: two nodes cannot share a server")]
    Stranger(String),
}

/// Looks at a node that has just answered a probe, and says on the board what it is.
pub(crate) async fn check(app: &Arc<App>, node: &NodeId, timeout: Duration) {
    let board = app.cluster.health_board();
    match try_check(app, node, timeout).await {
        Ok(()) if board.needs_identity(node) => {
            board.observe(node, Observation::IdentityConfirmed, None);
        }
        // The probe itself has counted already.
        Ok(()) | Err(Trouble::Silent) => {}
        // It says nothing about the node. One that must be identified first stays out until the store works again.
        Err(error @ Trouble::Store(_)) => {
            tracing::warn!(node_id = %node, error = chain(&error), "node cannot be identified now");
        }
        Err(error @ Trouble::Stranger(_)) => {
            board.observe(node, Observation::IdentityLost, Some(chain(&error)));
        }
        Err(error) => board.observe(node, Observation::Slow, Some(chain(&error))),
    }
}

async fn try_check(app: &Arc<App>, node: &NodeId, timeout: Duration) -> Result<(), Trouble> {
    let board = app.cluster.health_board();
    // Known before the node is asked: tasks that it takes meanwhile must not look like lost ones.
    let known = match board.known(node) {
        Some((incarnation, newest_task)) => Known {
            incarnation,
            newest_task,
        },
        None => stored(app, node).await?,
    };
    let shown = Shown {
        newest_task: newest_task(&app.cluster, node, timeout).await?,
        identity: shown(&app.cluster, node, Instant::now() + timeout).await?,
    };
    let mut incarnation = known.incarnation.clone();
    match judge(app.cluster_id(), node, &known, &shown) {
        Judgement::Same => {}
        Judgement::Stranger { node } => return Err(Trouble::Stranger(node)),
        Judgement::Remember { incarnation: found } => {
            incarnation = found;
            remember(app, node, &incarnation, shown.newest_task).await?;
        }
        Judgement::New => {
            incarnation = claim(app, node, shown.newest_task).await?;
        }
        Judgement::Lost => {
            let error = "the node is not what it was: its data is lost or rolled back";
            tracing::error!(node_id = %node, error);
            board.observe(node, Observation::IdentityLost, Some(error.to_owned()));
            app.distrust(node).await?;
            incarnation = claim(app, node, shown.newest_task).await?;
        }
    }
    if incarnation == known.incarnation && shown.newest_task > known.newest_task {
        let (node, uid) = (node.clone(), shown.newest_task.unwrap_or_default());
        app.store
            .write(move |tx| tx.nodes().raise_task_uid(&node, uid))
            .await?;
    }
    board.confirm(node, &incarnation, shown.newest_task);
    Ok(())
}

async fn stored(app: &App, node: &NodeId) -> Result<Known, Trouble> {
    let node = node.clone();
    let row = app.store.read(move |tx| tx.nodes().get(&node)).await?;
    Ok(row.map_or_else(Known::default, |row| Known {
        incarnation: row.incarnation,
        newest_task: row.last_task_uid,
    }))
}

async fn newest_task(
    cluster: &Cluster,
    node: &NodeId,
    timeout: Duration,
) -> Result<Option<u32>, Trouble> {
    #[derive(Deserialize)]
    struct Page {
        results: Vec<Task>,
    }
    #[derive(Deserialize)]
    struct Task {
        uid: u32,
    }
    let call = Call::get("/tasks?limit=1", Instant::now() + timeout);
    let answer = ask(cluster, node, call).await?;
    let page: Page = answer.json().map_err(|_| Trouble::Refused(answer.status))?;
    Ok(page.results.first().map(|task| task.uid))
}

async fn shown(
    cluster: &Cluster,
    node: &NodeId,
    deadline: Instant,
) -> Result<Option<Identity>, Trouble> {
    let path = format!("/indexes/{IDENTITY_INDEX}/documents/{DOCUMENT}");
    let answer = ask(cluster, node, Call::get(path, deadline)).await?;
    match answer.status {
        StatusCode::OK => answer
            .json()
            .map(Some)
            .map_err(|_| Trouble::Unwilling(answer.status)),
        StatusCode::NOT_FOUND => Ok(None),
        status => Err(Trouble::Unwilling(status)),
    }
}

/// Whether the node still shows the incarnation that was confirmed last. One that does not say counts as another.
pub(super) async fn is_same(cluster: &Cluster, node: &NodeId) -> bool {
    let Some((incarnation, _)) = cluster.health_board().known(node) else {
        return false;
    };
    let shown = shown(cluster, node, cluster.read_deadline()).await;
    shown.is_ok_and(|shown| shown.is_some_and(|identity| identity.incarnation == incarnation))
}

async fn ask(cluster: &Cluster, node: &NodeId, call: Call) -> Result<Answer, Trouble> {
    cluster.call(node, call).await.map_err(|_| Trouble::Silent)
}

/// Gives the node a new incarnation and remembers it.
async fn claim(app: &App, node: &NodeId, newest_task: Option<u32>) -> Result<String, Trouble> {
    let incarnation = uuid::Uuid::new_v4().simple().to_string();
    let document = Identity {
        id: DOCUMENT.to_owned(),
        cluster: app.cluster_id().to_owned(),
        node: node.to_string(),
        incarnation: incarnation.clone(),
    };
    let deadline = Instant::now() + CLAIM_TIMEOUT;
    let path = format!("/indexes/{IDENTITY_INDEX}/documents?primaryKey=id");
    let call = Call::write(Method::POST, path, deadline).json(json!([document]).to_string());
    let answer = ask(&app.cluster, node, call).await?;
    let task: EnqueuedTask = answer
        .json()
        .map_err(|_| Trouble::Unwilling(answer.status))?;
    let path = format!("/tasks/{}", task.task_uid);
    while Instant::now() < deadline {
        let answer = ask(&app.cluster, node, Call::get(path.as_str(), deadline)).await?;
        let task: NodeTask = answer
            .json()
            .map_err(|_| Trouble::Unwilling(answer.status))?;
        if task.succeeded() {
            remember(app, node, &incarnation, newest_task).await?;
            return Ok(incarnation);
        }
        if task.is_finished() {
            return Err(Trouble::Unwilling(answer.status));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(Trouble::Silent)
}

async fn remember(
    app: &App,
    node: &NodeId,
    incarnation: &str,
    newest_task: Option<u32>,
) -> Result<(), Trouble> {
    let (node, incarnation) = (node.clone(), incarnation.to_owned());
    app.store
        .write(move |tx| {
            let Some(mut row) = tx.nodes().get(&node)? else {
                return Ok(());
            };
            row.incarnation = incarnation;
            row.last_task_uid = newest_task;
            tx.nodes().update(&row)
        })
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Identity, Judgement, Known, Shown, judge};

    fn identity(cluster: &str, node: &str, incarnation: &str) -> Option<Identity> {
        Some(Identity {
            id: "identity".to_owned(),
            cluster: cluster.to_owned(),
            node: node.to_owned(),
            incarnation: incarnation.to_owned(),
        })
    }

    #[test]
    fn a_node_is_the_one_it_was_or_has_lost_its_disk() {
        let ours = || identity("c", "a", "first");
        let table = [
            ("first", Some(7), ours(), Some(7), Judgement::Same),
            ("first", Some(7), ours(), Some(9), Judgement::Same),
            // Rolled back to an older state of its own disk.
            ("first", Some(7), ours(), Some(6), Judgement::Lost),
            ("first", Some(7), None, None, Judgement::Lost),
            // Wiped, and busy since.
            ("first", Some(7), None, Some(900), Judgement::Lost),
            (
                "first",
                Some(7),
                identity("c", "a", "second"),
                Some(8),
                Judgement::Lost,
            ),
            (
                "first",
                Some(7),
                identity("other", "a", "first"),
                Some(8),
                Judgement::Lost,
            ),
            ("", None, None, None, Judgement::New),
            (
                "",
                None,
                identity("other", "a", "first"),
                Some(8),
                Judgement::New,
            ),
            // A store from before identities existed.
            ("", Some(7), None, Some(8), Judgement::New),
            ("", Some(7), None, Some(6), Judgement::Lost),
            (
                "",
                None,
                ours(),
                Some(1),
                Judgement::Remember {
                    incarnation: "first".to_owned(),
                },
            ),
            (
                "first",
                Some(7),
                identity("c", "b", "first"),
                Some(8),
                Judgement::Stranger {
                    node: "b".to_owned(),
                },
            ),
        ];
        let node = "a".parse().expect("an id");
        for (incarnation, known_task, identity, newest_task, expected) in table {
            let known = Known {
                incarnation: incarnation.to_owned(),
                newest_task: known_task,
            };
            let shown = Shown {
                identity,
                newest_task,
            };
            assert_eq!(
                judge("c", &node, &known, &shown),
                expected,
                "{known:?} {shown:?}"
            );
        }
    }
}
