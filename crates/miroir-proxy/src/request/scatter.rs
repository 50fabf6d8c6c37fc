//! Scatter: sends the legs of a read, and while there is time sends the shards of a failed leg to other copies.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::StatusCode;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{NodeId, ShardCount, ShardSet};
use miroir_core::plan::{self, Constraints, Leg, ReadPlan};
use miroir_node::{Answer, Call};
use tokio::time::Instant;

use crate::app::{App, ClusterView};
use crate::config::UnavailableShardPolicy;
use crate::http::reply::{Failure, chain};

/// A leg and what its node answered: a success, always.
pub(crate) struct LegAnswer {
    pub(crate) leg: Leg,
    pub(crate) answer: Answer,
}

/// What a scatter brought.
pub(crate) struct Gathered {
    pub(crate) answers: Vec<LegAnswer>,
    /// Shards that no reachable fresh copy could answer for.
    pub(crate) uncovered: ShardSet,
}

/// Why a scatter brought nothing.
pub(crate) enum ScatterEnd {
    /// A node says that the request itself is wrong. Every node would say so.
    Rejected(Answer),
    Failed(Failure),
}

/// Sends every leg of the plan. `call` makes a leg's request, given the leg and its deadline.
pub(crate) async fn scatter(
    app: &App,
    view: &ClusterView<'_>,
    shards: ShardCount,
    constraints: &Constraints,
    plan: ReadPlan,
    rotation: u64,
    call: impl Fn(&Leg, Instant) -> Call,
) -> Result<Gathered, ScatterEnd> {
    let deadline = Instant::now() + app.config.server.request_timeout_ms.duration();
    let send = |leg: Leg| {
        let call = call(&leg, app.cluster.read_deadline().min(deadline));
        async move {
            let result = app.cluster.call(&leg.node, call).await;
            (leg, result)
        }
    };
    let mut uncovered = plan.uncovered;
    let mut open: FuturesUnordered<_> = plan.legs.into_iter().map(&send).collect();
    let mut answers = Vec::with_capacity(open.len());
    let mut failed: BTreeSet<NodeId> = constraints.exclude_nodes.clone();
    while let Some((leg, result)) = open.next().await {
        let reason = match result {
            Ok(answer) if answer.is_success() => {
                answers.push(LegAnswer { leg, answer });
                continue;
            }
            Ok(answer)
                if answer.status.is_client_error()
                    && answer.status != StatusCode::UNAUTHORIZED
                    && answer.status != StatusCode::FORBIDDEN =>
            {
                return Err(ScatterEnd::Rejected(answer));
            }
            Ok(answer) => format!("the node answers {}", answer.status),
            Err(error) => chain(&error),
        };
        tracing::warn!(node_id = %leg.node, error = reason, "leg failed, its shards are asked for elsewhere");
        failed.insert(leg.node.clone());
        if Instant::now() >= deadline {
            uncovered = uncovered.union(&leg.shards);
            continue;
        }
        let detour = plan::reroute(
            &view.cluster(),
            shards,
            constraints,
            rotation,
            &leg.shards,
            &failed,
        );
        uncovered = uncovered.union(&detour.uncovered);
        open.extend(detour.legs.into_iter().map(&send));
    }
    // Legs end in any order; equal requests must give equal answers.
    answers.sort_by(|a, b| {
        (a.leg.shards.first(), &a.leg.node).cmp(&(b.leg.shards.first(), &b.leg.node))
    });
    if answers.is_empty() || (!uncovered.is_empty() && is_error(app)) {
        return Err(ScatterEnd::Failed(unavailable(&uncovered)));
    }
    Ok(Gathered { answers, uncovered })
}

fn is_error(app: &App) -> bool {
    app.config.scatter.unavailable_shard_policy == UnavailableShardPolicy::Error
}

/// 503 for shards without a fresh reachable copy.
pub(crate) fn unavailable(shards: &ShardSet) -> Failure {
    ApiError::new(
        Code::MiroirShardUnavailable,
        format!("No fresh copy of shards {shards} can be reached right now. Retry when the nodes are back."),
    )
    .into()
}

/// The value of `X-Miroir-Degraded` for a read.
pub(crate) fn degraded(uncovered: ShardSet) -> Option<String> {
    (!uncovered.is_empty()).then(|| plan::Degraded::Uncovered(uncovered).to_string())
}

/// Asks the nodes that have a fresh copy of one document's shard, one after the other.
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
    for node in nodes {
        match app.cluster.read(&node, path).await {
            Ok(answer) if !answer.status.is_server_error() => return Ok(answer),
            Ok(answer) => {
                tracing::warn!(node_id = %node, status = answer.status.as_u16(), "read failed")
            }
            Err(error) => tracing::warn!(node_id = %node, error = %chain(&error), "read failed"),
        }
    }
    Err(unavailable(&shard))
}
