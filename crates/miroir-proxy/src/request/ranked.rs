//! The best hits of one query over all shards: plan, scatter, merge, and ask again those legs that had too few.
//!
//! What becomes of the hits is the caller's business; several lists can be made in one [`Reading`].

use http::Method;
use miroir_core::id::ShardSet;
use miroir_core::merge::limits::{self, Share};
use miroir_core::merge::{self, NodeRequest, Order, Wanted, order};
use miroir_core::plan::{Constraints, Leg};
use miroir_core::wire::answer::SearchAnswer;
use miroir_core::wire::search::SearchQuery;
use miroir_node::{Answer, Call};
use tokio::time::Instant;

use crate::app::{App, ClusterView};
use crate::catalog::Index;
use crate::http::reply::{Cause, Failure};
use crate::request::scatter::{Gathered, LegAnswer, Scatter, ScatterEnd};

/// One read of one index as the fleet was when it began. All lists made in it ask the same copies, as long as they answer.
pub(crate) struct Reading<'a> {
    pub(crate) index: &'a Index,
    scatter: Scatter<'a>,
    path: String,
}

/// The best hits of one query, and the answers that they lie in.
pub(crate) struct Ranked {
    /// The answers of the nodes, one for each leg.
    pub(crate) legs: Vec<merge::Leg>,
    /// Who gave them, in the same order.
    /// The first hits of the order over all legs, as many as were wanted or as there are; complete, nothing to refill.
    pub(crate) order: Order,
    /// Shards that no leg answers for.
    pub(crate) uncovered: ShardSet,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(
        app: &'a App,
        index: &'a Index,
        view: &'a ClusterView<'a>,
        constraints: &'a Constraints,
    ) -> Self {
        let rotation = app.next_rotation();
        Self {
            index,
            scatter: Scatter::new(app, view, index.shards(), constraints, rotation),
            path: format!("/indexes/{}/search", index.node_uid()),
        }
    }

    /// The first `end` hits of `query`; its own page does not matter.
    ///
    /// A leg that had too few is asked anew for more from its first hit on, on the same node, so that no list is ever made
    /// of two states of a node. If that node is gone, so is its list: the leg's shards are asked for on other copies.
    pub(crate) async fn ranked(
        &self,
        query: &SearchQuery,
        end: usize,
    ) -> Result<Ranked, ScatterEnd> {
        let view = &self.index.view;
        let request = NodeRequest::new(query, view);
        let wanted = Wanted::of(query, view, end);
        let plan = self.scatter.plan();
        let of = plan.legs.iter().map(|leg| leg.shards.len()).sum();
        let share = |leg: &Leg| Share {
            shards: leg.shards.len(),
            of,
        };
        let limit = |leg: &Leg| limits::first(end, share(leg));
        let mut gathered = self.round(&request, plan.legs, limit).await?;
        gathered.uncovered = gathered.uncovered.union(&plan.uncovered);
        for round in 1.. {
            let (sources, legs, uncovered) = split(self.scatter.judge(gathered)?);
            let order = order::merge(&legs, &wanted)
                .map_err(|error| ScatterEnd::Failed(Failure::internal(error)))?;
            let shares: Vec<Share> = sources.iter().map(share).collect();
            let refill = limits::refill(&legs, &shares, &order, end, end, round);
            if order.refill.is_empty() || refill.is_empty() {
                return Ok(Ranked {
                    legs,
                    order,
                    uncovered,
                });
            }
            gathered = self
                .refill(&request, sources, legs, uncovered, refill)
                .await?;
        }
        unreachable!("the rounds end inside the loop")
    }

    /// Asks the legs in `refill` (position, hits wanted) anew; the others keep their answers.
    async fn refill(
        &self,
        request: &NodeRequest,
        sources: Vec<Leg>,
        legs: Vec<merge::Leg>,
        uncovered: ShardSet,
        refill: Vec<(usize, usize)>,
    ) -> Result<Gathered<merge::Leg>, ScatterEnd> {
        let mut again = Vec::with_capacity(refill.len());
        let mut kept = Vec::with_capacity(legs.len());
        for (at, (leg, answer)) in sources.into_iter().zip(legs).enumerate() {
            match refill.iter().find(|(position, _)| *position == at) {
                Some((_, limit)) => again.push((leg, *limit)),
                None => kept.push(LegAnswer { leg, answer }),
            }
        }
        // A leg sent elsewhere has some of the shards of the leg that it stands for.
        let limit = |leg: &Leg| {
            let origin = again
                .iter()
                .find(|(origin, _)| leg.shards.is_subset(&origin.shards));
            origin.map_or(0, |(_, limit)| *limit)
        };
        let legs = again.iter().map(|(leg, _)| leg.clone()).collect();
        let mut gathered = self.round(request, legs, limit).await?;
        gathered.answers.extend(kept);
        gathered.uncovered = gathered.uncovered.union(&uncovered);
        Ok(gathered)
    }

    async fn round(
        &self,
        request: &NodeRequest,
        legs: Vec<Leg>,
        limit: impl Fn(&Leg) -> usize,
    ) -> Result<Gathered<merge::Leg>, ScatterEnd> {
        let call = |leg: &Leg, deadline: Instant| {
            let clause = leg.clause.as_ref().map(ToString::to_string);
            Call::read(Method::POST, self.path.as_str(), deadline)
                .json(request.body(clause.as_deref(), limit(leg)))
        };
        let read = |leg: &Leg, answer: Answer| -> Result<merge::Leg, Cause> {
            Ok(merge::Leg {
                answer: SearchAnswer::parse(answer.body)?,
                asked: limit(leg),
            })
        };
        self.scatter.round(legs, call, read).await
    }
}

fn split(gathered: Gathered<merge::Leg>) -> (Vec<Leg>, Vec<merge::Leg>, ShardSet) {
    let (sources, legs) = gathered
        .answers
        .into_iter()
        .map(|answer| (answer.leg, answer.answer))
        .unzip();
    (sources, legs, gathered.uncovered)
}
