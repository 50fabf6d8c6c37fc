//! Reading what one copy of a shard can answer: of its owners one after the other.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use miroir_core::id::{NodeId, ShardSet};
use miroir_node::{Answer, NodeError};

use super::{lacks_index, unavailable};
use crate::app::{App, ClusterView};
use crate::capabilities::replica_selection::Class;
use crate::http::reply::{Failure, chain};

/// Asks the nodes that have a fresh copy of one document's shard, one after the other; the next one already when an answer is late.
pub(crate) async fn ask_owners(
    app: &Arc<App>,
    view: &ClusterView<'_>,
    nodes: Vec<NodeId>,
    shard: ShardSet,
    path: &str,
) -> Result<Answer, Failure> {
    debug_assert!(
        view.stale()
            .iter()
            .all(|(node, stale)| !nodes.contains(node) || stale.is_disjoint(&shard))
    );
    if let [only] = &nodes[..] {
        let result = app.cluster.read(only, path).await;
        let answer = usable(app, view, only.clone(), result);
        return answer.ok_or_else(|| unavailable(&shard));
    }
    let ask = |node: NodeId| async move {
        let result = app.cluster.read(&node, path).await;
        (node, result)
    };
    let (hedging, selection) = (&app.hedging, app.cluster.selection());
    let mut owners = nodes.into_iter().peekable();
    let mut asked = FuturesUnordered::new();
    let mut hedges_left = hedging.most();
    while let Some(node) = owners.next() {
        let trigger = match owners.peek() {
            Some(_) if hedges_left > 0 => hedging.trigger(selection.p95(&node, Class::Document)),
            _ => None,
        };
        asked.push(ask(node.clone()));
        if let Some(trigger) = trigger {
            hedging.count(selection.now(), 1);
            let ended = tokio::time::timeout(trigger, asked.next()).await;
            match ended {
                Ok(Some((node, result))) => match usable(app, view, node, result) {
                    Some(answer) => return Ok(answer),
                    None => continue,
                },
                Ok(None) => continue,
                Err(_) => selection.late(&node),
            }
            if hedging.take(selection.now()) {
                hedges_left -= 1;
                continue;
            }
            hedges_left = 0;
        }
        while let Some((node, result)) = asked.next().await {
            if let Some(answer) = usable(app, view, node, result) {
                return Ok(answer);
            }
        }
    }
    Err(unavailable(&shard))
}

/// What an owner says, unless it cannot say it.
fn usable(
    app: &App,
    view: &ClusterView<'_>,
    node: NodeId,
    result: Result<Answer, NodeError>,
) -> Option<Answer> {
    match result {
        Ok(answer)
            if !answer.status.is_server_error() && !lacks_index(app, view, &node, &answer) =>
        {
            return Some(answer);
        }
        Ok(answer) => {
            tracing::warn!(node_id = %node, status = answer.status.as_u16(), "read failed");
        }
        Err(error) => tracing::warn!(node_id = %node, error = %chain(&error), "read failed"),
    }
    None
}
