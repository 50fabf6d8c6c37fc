//! One leg of a read, asked of other copies as well when it is late.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::{Either, select, try_join_all};
use miroir_core::id::NodeId;
use miroir_core::plan::{self, GroupChoice, Leg};
use miroir_node::{Answer, Call};
use tokio::time::{Instant, timeout};

use super::{LegAnswer, LegEnd, Scatter};
use crate::capabilities::replica_selection::Class;
use crate::http::reply::Cause;

impl Scatter<'_> {
    /// The answers for the shards of a leg: of its node, or of the nodes that took its place because it was late.
    pub(super) async fn hedged<T>(
        &self,
        leg: &Leg,
        call: &impl Fn(&Leg, Instant) -> Call,
        read: &impl Fn(&Leg, Answer) -> Result<T, Cause>,
    ) -> Result<Vec<LegAnswer<T>>, LegEnd> {
        let deadline = self.leg_deadline();
        let ask = |leg: Leg| async move {
            let call = call(&leg, deadline);
            let answer = self.leg(&leg, call, |answer| read(&leg, answer)).await?;
            Ok(LegAnswer { leg, answer })
        };
        let mut own = pin!(ask(leg.clone()));
        let Some(trigger) = self.trigger(&leg.node) else {
            return Ok(vec![own.await?]);
        };
        if let Ok(ended) = timeout(trigger, own.as_mut()).await {
            return Ok(vec![ended?]);
        }
        self.app.cluster.selection().late(&leg.node);
        let Some(others) = self.replacement(leg, trigger) else {
            return Ok(vec![own.await?]);
        };
        tracing::debug!(node_id = %leg.node, legs = others.len(), "leg is late and asked elsewhere");
        self.late.lock().insert(leg.node.clone());
        let hedge = pin!(try_join_all(others.into_iter().map(ask)));
        let metrics = &self.app.hedging.metrics;
        let won = |answers| {
            metrics.won(deadline.saturating_duration_since(Instant::now()));
            Ok(answers)
        };
        match select(own, hedge).await {
            Either::Left((Ok(answer), _)) => {
                metrics.lost();
                self.late.lock().remove(&leg.node);
                Ok(vec![answer])
            }
            Either::Right((Ok(answers), _)) => won(answers),
            // One side has failed; the other one may still answer.
            Either::Left((Err(LegEnd::Lost), hedge)) => won(hedge.await?),
            Either::Right((Err(LegEnd::Lost), own)) => Ok(vec![own.await?]),
            Either::Left((Err(end), _)) | Either::Right((Err(end), _)) => Err(end),
        }
    }

    /// When a leg to the node is late; `None` where nobody else could answer, or nothing is known of how long it takes.
    fn trigger(&self, node: &NodeId) -> Option<Duration> {
        let app = self.app;
        let topology = app.cluster.topology();
        let has_copies = topology.replication_factor() > 1 || topology.groups().len() > 1;
        if !has_copies || self.hedges.load(Ordering::Relaxed) >= app.hedging.most() {
            return None;
        }
        let p95 = app.cluster.selection().p95(node, Class::Search);
        app.hedging.trigger(p95)
    }

    /// The legs that can take the place of a late one for exactly its shards, if the process may afford them.
    fn replacement(&self, leg: &Leg, late_by: Duration) -> Option<Vec<Leg>> {
        let app = self.app;
        if self.hedges.load(Ordering::Relaxed) >= app.hedging.most() {
            return None;
        }
        let mut constraints = self.constraints.clone();
        if !app.hedging.may_leave_group() {
            let topology = app.cluster.topology();
            let group = topology.node(&leg.node)?.replica_group;
            constraints.group = GroupChoice::Require(group);
        }
        let mut excluded = self.failed.lock().clone();
        excluded.extend(self.late.lock().iter().cloned());
        excluded.insert(leg.node.clone());
        let plan = plan::reroute(
            &self.view.cluster(),
            self.shards,
            &constraints,
            self.rotation,
            &leg.shards,
            &excluded,
        );
        if plan.legs.is_empty() || !plan.uncovered.is_empty() {
            return None;
        }
        let scores = app.scores(Class::Search);
        let late = scores.of(&leg.node).max(late_by.as_secs_f64() * 1e3);
        if plan.legs.iter().all(|other| scores.of(&other.node) > late) {
            return None;
        }
        if !app.hedging.take(app.cluster.selection().now()) {
            return None;
        }
        self.hedges.fetch_add(1, Ordering::Relaxed);
        Some(plan.legs)
    }

    /// Asks a node that is spared for a part of what the legs ask for, to see how it does. Nobody waits for it.
    pub(super) fn try_out(&self, legs: &[Leg], call: &impl Fn(&Leg, Instant) -> Call) {
        let app = self.app;
        app.hedging.count(app.cluster.selection().now(), legs.len());
        let Some(node) = self.view.trial() else {
            return;
        };
        if self.tried.swap(true, Ordering::Relaxed) {
            return;
        }
        let cluster = self.view.cluster();
        let Some(leg) = plan::trial(&cluster, self.shards, self.constraints, node, legs) else {
            return;
        };
        let call = call(&leg, self.leg_deadline());
        let usual = app.cluster.selection().median(Class::Search);
        let patience = app.hedging.patience(usual);
        let cluster = Arc::clone(&app.cluster);
        tokio::spawn(async move {
            // What it brings is seen by the selection, whether it comes in time or not.
            if timeout(patience, cluster.call(&leg.node, call))
                .await
                .is_err()
            {
                cluster.selection().late(&leg.node);
            }
        });
    }
}
