//! The best hits of one query over all shards: plan, scatter, merge, and ask again those legs that had too few.
//!
//! What becomes of the hits is the caller's business; several lists can be made in one [`Reading`].

mod alone;

use http::Method;
use miroir_core::id::ShardSet;
use miroir_core::merge::distinct::has_several;
use miroir_core::merge::limits::{self, Share};
use miroir_core::merge::{self, MergeError, NodeRequest, Order, Wanted, order};
use miroir_core::plan::{Constraints, Leg, ReadPlan};
use miroir_core::wire::answer::SearchAnswer;
use miroir_core::wire::search::SearchQuery;
use miroir_node::{Answer, Call};
use tokio::time::Instant;

use crate::app::{App, ClusterView};
use crate::catalog::Index;
use crate::http::reply::{Cause, Failure};
use crate::request::scatter::{CallReport, Gathered, LegAnswer, LegEnd, Scatter, ScatterEnd};
use crate::telemetry::metrics::Reads;

/// One read of one index as the fleet was when it began. All lists made in it ask the same copies, as long as they answer.
pub(crate) struct Reading<'a> {
    pub(crate) index: &'a Index,
    metrics: &'a Reads,
    scatter: Scatter<'a>,
    path: String,
}

/// The best hits of one query, and the answers that they lie in.
pub(crate) struct Ranked {
    /// The answers of the nodes, one for each leg.
    pub(crate) legs: Vec<merge::Leg>,
    /// Who gave them, in the same order.
    pub(crate) sources: Vec<Leg>,
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
        Self::in_turn(app, index, view, constraints, app.next_rotation())
    }

    /// In a turn that the caller has taken, or only looked at.
    pub(crate) fn in_turn(
        app: &'a App,
        index: &'a Index,
        view: &'a ClusterView<'a>,
        constraints: &'a Constraints,
        rotation: u64,
    ) -> Self {
        Self {
            index,
            metrics: &app.metrics.reads,
            scatter: Scatter::new(app, view, index.shards(), constraints, rotation),
            path: format!("/indexes/{}/search", index.node_uid()),
        }
    }

    /// Who will be asked, as things stand.
    pub(crate) fn plan(&self) -> ReadPlan {
        self.scatter.plan()
    }

    /// The requests made so far.
    pub(crate) fn calls(&self) -> Vec<CallReport> {
        self.scatter.calls()
    }

    /// How many hits the legs would be asked for in all at first, if all nodes answer.
    pub(crate) fn asked(&self, end: usize) -> usize {
        first_limits(&self.plan(), end).sum()
    }

    /// The same, to end no later than this.
    pub(crate) fn until(mut self, deadline: Instant) -> Self {
        self.scatter = self.scatter.until(deadline);
        self
    }

    /// One round over all shards for something that is no list; with what it brought come the shards that it lacks.
    pub(crate) async fn once<T>(
        &self,
        call: impl Fn(&Leg, Instant) -> Call,
        read: impl Fn(Answer) -> Result<T, Cause>,
    ) -> Result<(Vec<T>, ShardSet), ScatterEnd> {
        let plan = self.scatter.plan();
        let read = |_: &Leg, answer| read(answer);
        let mut gathered = self.scatter.round(plan.legs, call, read).await?;
        gathered.uncovered = gathered.uncovered.union(&plan.uncovered);
        let gathered = self.scatter.judge(gathered)?;
        let answers = gathered.answers.into_iter().map(|leg| leg.answer);
        Ok((answers.collect(), gathered.uncovered))
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
        self.ranked_over(query, end, 1).await
    }

    /// The same, with legs asked for `factor` times the hits that they are expected to have: a node that searches its vectors
    /// approximately finds more of them then.
    pub(crate) async fn ranked_over(
        &self,
        query: &SearchQuery,
        end: usize,
        factor: usize,
    ) -> Result<Ranked, ScatterEnd> {
        let view = &self.index.view;
        let wanted = Wanted::of(query, view, end);
        // The first hits of a node are all that can be among the first of all, but where distances decide.
        let most = match wanted.ahead {
            0 => end,
            _ => view.max_total_hits,
        };
        let ranked = self
            .list(&NodeRequest::new(query, view), &wanted, most, factor)
            .await?;
        match wanted.distinct {
            Some(attribute)
                if ranked.legs.len() > 1
                    && has_several(&ranked.legs, &ranked.order, attribute).map_err(broken)? =>
            {
                let request = NodeRequest::whole(query, view);
                let most = view.max_total_hits;
                self.list(&request, &wanted, most, factor).await
            }
            _ => Ok(ranked),
        }
    }

    /// The same with all that a distinct attribute would leave out.
    pub(crate) async fn ranked_whole(
        &self,
        query: &SearchQuery,
        end: usize,
    ) -> Result<Ranked, ScatterEnd> {
        let view = &self.index.view;
        let wanted = Wanted {
            distinct: None,
            ..Wanted::of(query, view, end)
        };
        let most = match wanted.ahead {
            0 => end,
            _ => view.max_total_hits,
        };
        let request = NodeRequest::whole(query, view);
        self.list(&request, &wanted, most, 1).await
    }

    /// Asks until the order is certain. No node is asked for more than `most` hits, all limits times `factor`.
    async fn list(
        &self,
        request: &NodeRequest,
        wanted: &Wanted<'_>,
        most: usize,
        factor: usize,
    ) -> Result<Ranked, ScatterEnd> {
        let most = most.saturating_mul(factor);
        let plan = self.plan();
        let limits: Vec<usize> = first_limits(&plan, wanted.end + wanted.ahead)
            .map(|limit| limit.saturating_mul(factor))
            .collect();
        self.metrics.scattered(plan.legs.len());
        let first = plan.legs.into_iter().zip(limits).collect();
        let mut gathered = self.round(request, first, most).await?;
        gathered.uncovered = gathered.uncovered.union(&plan.uncovered);
        let mut round = 1;
        loop {
            let (sources, legs, uncovered) = split(self.scatter.judge(gathered)?);
            let merging = Instant::now();
            let order = order::merge(&legs, wanted).map_err(broken)?;
            self.metrics.merged(merging.elapsed());
            if order.refill.is_empty() {
                return Ok(Ranked {
                    legs,
                    sources,
                    order,
                    uncovered,
                });
            }
            let refill = limits::refill(&legs, &shares(&sources), &order, wanted.end, most, round);
            let mut again = Vec::with_capacity(refill.len());
            let mut kept = Vec::with_capacity(legs.len());
            for (at, (leg, answer)) in sources.into_iter().zip(legs).enumerate() {
                match refill.iter().find(|(position, _)| *position == at) {
                    Some((_, limit)) => again.push((leg, *limit)),
                    None => kept.push(LegAnswer { leg, answer }),
                }
            }
            self.metrics.refilled(again.len());
            gathered = self.round(request, again, most).await?;
            gathered.answers.extend(kept);
            gathered.uncovered = gathered.uncovered.union(&uncovered);
            round += 1;
        }
    }

    /// Asks each leg for so many hits; the legs that stand in for a failed one are asked for as many as it was.
    async fn round(
        &self,
        request: &NodeRequest,
        legs: Vec<(Leg, usize)>,
        most: usize,
    ) -> Result<Gathered<merge::Leg>, ScatterEnd> {
        let limit = |leg: &Leg| {
            let origin = legs
                .iter()
                .find(|(origin, _)| leg.shards.is_subset(&origin.shards));
            origin.map_or(0, |(_, limit)| *limit)
        };
        let call = |leg: &Leg, deadline: Instant| {
            let clause = leg.clause.as_ref().map(ToString::to_string);
            Call::read(Method::POST, self.path.as_str(), deadline)
                .json(request.body(clause.as_deref(), limit(leg)))
        };
        let read = |leg: &Leg, answer: Answer| -> Result<merge::Leg, Cause> {
            let asked = Some(limit(leg)).filter(|asked| *asked < most);
            Ok(merge::Leg {
                answer: SearchAnswer::parse(answer.body)?,
                asked: asked.unwrap_or(usize::MAX),
            })
        };
        let legs = legs.iter().map(|(leg, _)| leg.clone()).collect();
        let gathered = self.scatter.round(legs, call, read).await?;
        for LegAnswer { leg, answer } in &gathered.answers {
            self.scatter.note_hits(&leg.node, answer.answer.hits.len());
        }
        Ok(gathered)
    }

    /// Asks some legs of a finished list for more: `ask` gives the leg at a position its filter, besides that on its shards,
    /// and the number of hits.
    pub(crate) async fn again(
        &self,
        ranked: &Ranked,
        request: &NodeRequest,
        ask: impl Fn(usize) -> Option<(Option<String>, usize)>,
    ) -> Result<Vec<SearchAnswer>, LegEnd> {
        let deadline = self.scatter.leg_deadline();
        let mut calls = Vec::with_capacity(ranked.sources.len());
        for (at, leg) in ranked.sources.iter().enumerate() {
            let Some((filter, limit)) = ask(at) else {
                continue;
            };
            let clause = leg.clause.as_ref().map(ToString::to_string);
            let both: Vec<String> = clause.into_iter().chain(filter).collect();
            let both = (!both.is_empty()).then(|| both.join(" AND "));
            let call = Call::read(Method::POST, self.path.as_str(), deadline)
                .json(request.body(both.as_deref(), limit));
            calls.push((leg, call));
        }
        let read = |answer: Answer| -> Result<SearchAnswer, Cause> {
            Ok(SearchAnswer::parse(answer.body)?)
        };
        self.scatter.again(calls, read).await
    }

    /// Whether it makes sense to begin anew after a node was lost.
    pub(crate) fn has_time(&self) -> bool {
        self.scatter.has_time()
    }
}

fn broken(error: MergeError) -> ScatterEnd {
    ScatterEnd::Failed(Failure::internal(error))
}

/// How many hits each leg of a plan is asked for at first, when the best `end` of all are wanted.
pub(crate) fn first_limits(plan: &ReadPlan, end: usize) -> impl Iterator<Item = usize> + use<> {
    let shares = shares(&plan.legs).into_iter();
    shares.map(move |share| limits::first(end, share))
}

fn shares(legs: &[Leg]) -> Vec<Share> {
    let of = legs.iter().map(|leg| leg.shards.len()).sum();
    let share = |leg: &Leg| Share {
        shards: leg.shards.len(),
        of,
    };
    legs.iter().map(share).collect()
}

fn split(gathered: Gathered<merge::Leg>) -> (Vec<Leg>, Vec<merge::Leg>, ShardSet) {
    let (sources, legs) = gathered
        .answers
        .into_iter()
        .map(|answer| (answer.leg, answer.answer))
        .unzip();
    (sources, legs, gathered.uncovered)
}
