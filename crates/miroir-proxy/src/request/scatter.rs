//! Scatter: sends the legs of a read, and while there is time sends the shards of a failed leg to other copies. A leg that is late is
//! asked of other copies as well (`hedged`).

mod hedged;
mod owners;

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;
use http::StatusCode;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{NodeId, ShardCount, ShardSet};
use miroir_core::plan::{self, Constraints, Leg, ReadPlan};
use miroir_node::{Answer, Call};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::app::{App, ClusterView};
use crate::config::UnavailableShardPolicy;
use crate::http::reply::{Cause, Failure, chain};
use crate::request::known_attributes;

pub(crate) use owners::ask_owners;

/// A leg and what its node answered: a success, always.
pub(crate) struct LegAnswer<T = Answer> {
    pub(crate) leg: Leg,
    pub(crate) answer: T,
}

/// What a scatter brought.
pub(crate) struct Gathered<T = Answer> {
    pub(crate) answers: Vec<LegAnswer<T>>,
    /// Shards that no reachable fresh copy could answer for.
    pub(crate) uncovered: ShardSet,
}

/// Why a scatter brought nothing.
pub(crate) enum ScatterEnd {
    /// A node says that the request itself is wrong. Every node would say so.
    Rejected(Answer),
    Failed(Failure),
}

/// Why a leg brought nothing.
pub(crate) enum LegEnd {
    /// The node says that the request itself is wrong.
    Rejected(Answer),
    /// The node has failed, and counts as failed for the rest of the read.
    Lost,
}

/// What the rounds of one read share: who may answer, how long it may take, and which nodes have failed it.
pub(crate) struct Scatter<'a> {
    app: &'a App,
    view: &'a ClusterView<'a>,
    shards: ShardCount,
    constraints: &'a Constraints,
    rotation: u64,
    deadline: Instant,
    failed: Mutex<BTreeSet<NodeId>>,
    /// Nodes whose legs others have answered: asked again only where nobody else can answer.
    late: Mutex<BTreeSet<NodeId>>,
    hedges: AtomicU32,
    /// The node that is on trial has been asked.
    tried: AtomicBool,
    calls: Mutex<Vec<CallReport>>,
    /// The plan as long as no node has failed or been late.
    first_plan: OnceLock<ReadPlan>,
}

/// One request to a node, as explain shows it.
#[derive(Debug, Clone)]
pub(crate) struct CallReport {
    pub(crate) node: NodeId,
    pub(crate) shards: ShardSet,
    pub(crate) took: Duration,
    /// `None`: there was no answer.
    pub(crate) status: Option<u16>,
    /// Where the answer was a list of hits.
    pub(crate) hits: Option<usize>,
}

impl<'a> Scatter<'a> {
    /// A read that begins now. `rotation` is the one that its plan is made with.
    pub(crate) fn new(
        app: &'a App,
        view: &'a ClusterView<'a>,
        shards: ShardCount,
        constraints: &'a Constraints,
        rotation: u64,
    ) -> Self {
        Self {
            app,
            view,
            shards,
            constraints,
            rotation,
            deadline: Instant::now() + app.config.server.request_timeout_ms.duration(),
            failed: Mutex::new(constraints.exclude_nodes.clone()),
            late: Mutex::default(),
            hedges: AtomicU32::new(0),
            tried: AtomicBool::new(false),
            calls: Mutex::default(),
            first_plan: OnceLock::new(),
        }
    }

    /// The requests that have ended, in that order.
    pub(crate) fn calls(&self) -> Vec<CallReport> {
        self.calls.lock().clone()
    }

    /// The last answer of a node was a list of so many hits.
    pub(crate) fn note_hits(&self, node: &NodeId, hits: usize) {
        let mut calls = self.calls.lock();
        if let Some(call) = calls.iter_mut().rev().find(|call| call.node == *node) {
            call.hits = Some(hits);
        }
    }

    /// The same, to end no later than this.
    pub(crate) fn until(mut self, deadline: Instant) -> Self {
        self.deadline = self.deadline.min(deadline);
        self
    }

    /// Legs for all shards that are wanted, without the nodes that have failed meanwhile.
    pub(crate) fn plan(&self) -> ReadPlan {
        let is_first =
            self.late.lock().is_empty() && *self.failed.lock() == self.constraints.exclude_nodes;
        match is_first {
            true => self.first_plan.get_or_init(|| self.plan_now()).clone(),
            false => self.plan_now(),
        }
    }

    fn plan_now(&self) -> ReadPlan {
        let mut constraints = self.constraints.clone();
        self.without_the_late(|excluded| {
            constraints.exclude_nodes = excluded;
            let cluster = self.view.cluster();
            plan::search(&cluster, self.shards, &constraints, self.rotation)
        })
    }

    /// The plan without the nodes that have failed, and without those that were late if it lacks nothing then.
    fn without_the_late(&self, mut plan: impl FnMut(BTreeSet<NodeId>) -> ReadPlan) -> ReadPlan {
        let failed = self.failed.lock().clone();
        let late = self.late.lock().clone();
        if !late.is_empty() {
            let whole = plan(failed.union(&late).cloned().collect());
            if whole.uncovered.is_empty() {
                return whole;
            }
        }
        plan(failed)
    }

    /// One round: sends every leg, and the shards of legs that fail to other copies. `call` makes a leg's request, given the
    /// leg and its deadline, and `read` reads the answer; a node whose answer cannot be read has failed. Whether the
    /// shards that come back uncovered are too many is for [`Scatter::judge`].
    pub(crate) async fn round<T>(
        &self,
        legs: Vec<Leg>,
        call: impl Fn(&Leg, Instant) -> Call,
        read: impl Fn(&Leg, Answer) -> Result<T, Cause>,
    ) -> Result<Gathered<T>, ScatterEnd> {
        self.try_out(&legs, &call);
        let send = |leg: Leg| {
            let (call, read) = (&call, &read);
            async move {
                let result = self.hedged(&leg, call, read).await;
                (leg, result)
            }
        };
        let mut uncovered = ShardSet::default();
        let mut open: FuturesUnordered<_> = legs.into_iter().map(&send).collect();
        let mut answers = Vec::with_capacity(open.len());
        while let Some((leg, result)) = open.next().await {
            match result {
                Ok(parts) => answers.extend(parts),
                Err(LegEnd::Rejected(answer)) => return Err(ScatterEnd::Rejected(answer)),
                Err(LegEnd::Lost) if Instant::now() >= self.deadline => {
                    uncovered = uncovered.union(&leg.shards);
                }
                Err(LegEnd::Lost) => {
                    let detour = self.detour(&leg.shards);
                    self.app.metrics.reads.retried(detour.legs.len());
                    uncovered = uncovered.union(&detour.uncovered);
                    open.extend(detour.legs.into_iter().map(&send));
                }
            }
        }
        Ok(Gathered { answers, uncovered })
    }

    /// Asks the nodes of finished legs for more about the same documents; no other copy may answer, because it might be in
    /// another state. The first leg that brings nothing ends it.
    pub(crate) async fn again<T>(
        &self,
        calls: Vec<(&Leg, Call)>,
        read: impl Fn(Answer) -> Result<T, Cause>,
    ) -> Result<Vec<T>, LegEnd> {
        let calls = calls.into_iter();
        try_join_all(calls.map(|(leg, call)| self.leg(leg, call, &read))).await
    }

    /// When a leg that is sent now counts as lost.
    pub(crate) fn leg_deadline(&self) -> Instant {
        self.app.cluster.read_deadline().min(self.deadline)
    }

    /// Whether there is time for another round.
    pub(crate) fn has_time(&self) -> bool {
        Instant::now() < self.deadline
    }

    /// Sends a leg, and again as long as its node refuses an attribute that other nodes know.
    async fn leg<T>(
        &self,
        leg: &Leg,
        mut call: Call,
        read: impl Fn(Answer) -> Result<T, Cause>,
    ) -> Result<T, LegEnd> {
        loop {
            let refusal = match self.send(leg, call.clone(), &read).await {
                Err(LegEnd::Rejected(refusal)) => refusal,
                end => return end,
            };
            let index = &self.view.index;
            match known_attributes::narrowed(self.app, index, &call, &refusal).await {
                Some(narrower) => call = narrower,
                None => return Err(LegEnd::Rejected(refusal)),
            }
        }
    }

    async fn send<T>(
        &self,
        leg: &Leg,
        call: Call,
        read: impl Fn(Answer) -> Result<T, Cause>,
    ) -> Result<T, LegEnd> {
        let begun = Instant::now();
        let result = self.app.cluster.call(&leg.node, call).await;
        self.calls.lock().push(CallReport {
            node: leg.node.clone(),
            shards: leg.shards.clone(),
            took: begun.elapsed(),
            status: result.as_ref().ok().map(|answer| answer.status.as_u16()),
            hits: None,
        });
        let reason = match result {
            Ok(answer) if answer.is_success() => match read(answer) {
                Ok(answer) => return Ok(answer),
                Err(error) => chain(&*error),
            },
            Ok(answer) if lacks_index(self.app, self.view, &leg.node, &answer) => {
                "the node does not have the index".to_owned()
            }
            Ok(answer)
                if answer.status.is_client_error()
                    && answer.status != StatusCode::UNAUTHORIZED
                    && answer.status != StatusCode::FORBIDDEN =>
            {
                return Err(LegEnd::Rejected(answer));
            }
            Ok(answer) => format!("the node answers {}", answer.status),
            Err(error) => chain(&error),
        };
        tracing::warn!(node_id = %leg.node, error = reason, "leg failed, its shards are asked for elsewhere");
        self.failed.lock().insert(leg.node.clone());
        Err(LegEnd::Lost)
    }

    fn detour(&self, shards: &ShardSet) -> ReadPlan {
        self.without_the_late(|excluded| {
            plan::reroute(
                &self.view.cluster(),
                self.shards,
                self.constraints,
                self.rotation,
                shards,
                &excluded,
            )
        })
    }

    /// Puts the answers in an order that does not depend on who was first, and refuses what the policy refuses.
    pub(crate) fn judge<T>(&self, mut gathered: Gathered<T>) -> Result<Gathered<T>, ScatterEnd> {
        gathered.answers.sort_by(|a, b| {
            (a.leg.shards.first(), &a.leg.node).cmp(&(b.leg.shards.first(), &b.leg.node))
        });
        let is_error =
            self.app.config.scatter.unavailable_shard_policy == UnavailableShardPolicy::Error;
        if gathered.answers.is_empty() || (!gathered.uncovered.is_empty() && is_error) {
            return Err(ScatterEnd::Failed(unavailable(&gathered.uncovered)));
        }
        Ok(gathered)
    }
}

/// A read of one round. `call` makes a leg's request, given the leg and its deadline.
pub(crate) async fn scatter(
    app: &App,
    view: &ClusterView<'_>,
    shards: ShardCount,
    constraints: &Constraints,
    plan: ReadPlan,
    rotation: u64,
    call: impl Fn(&Leg, Instant) -> Call,
) -> Result<Gathered, ScatterEnd> {
    let scatter = Scatter::new(app, view, shards, constraints, rotation);
    app.metrics.reads.scattered(plan.legs.len());
    let mut gathered = scatter
        .round(plan.legs, call, |_, answer| Ok(answer))
        .await?;
    gathered.uncovered = gathered.uncovered.union(&plan.uncovered);
    scatter.judge(gathered)
}

/// A node without an index that the catalog has is not the node that it was: it cannot answer for its shards, and is looked at now.
fn lacks_index(app: &App, view: &ClusterView<'_>, node: &NodeId, answer: &Answer) -> bool {
    let lacks = answer.status == StatusCode::NOT_FOUND
        && answer.error_code().as_deref() == Some(Code::IndexNotFound.name())
        && app.catalog.knows(&view.index);
    if lacks {
        app.cluster.health_board().suspect(node);
    }
    lacks
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
