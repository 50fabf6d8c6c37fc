//! `POST /indexes/{uid}/facet-search`: the values of one facet, counted on one fresh copy of each shard.

use std::sync::Arc;

use http::{Method, StatusCode};
use miroir_core::error::Code;
use miroir_core::id::IndexUid;
use miroir_core::merge::facet_search::{FacetHit, merge};
use miroir_core::merge::recount;
use miroir_core::plan::Leg;
use miroir_core::settings::{FacetOrder, values_per_facet};
use miroir_core::wire::search::FacetSearchQuery;
use miroir_node::{Answer, Call};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::{Cause, Failure, Reply};
use crate::request::scatter::{Gathered, Scatter, ScatterEnd, degraded};
use crate::request::translate::Names;
use crate::request::{narrow, refused, resolve, twin};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeAnswer {
    facet_hits: Vec<FacetHit>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientAnswer<'a> {
    facet_hits: Vec<FacetHit>,
    facet_query: Option<&'a str>,
    processing_time_ms: u64,
}

pub(crate) async fn facet_search(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &FacetSearchQuery,
) -> Result<Reply, Failure> {
    let started = Instant::now();
    let index = resolve::index(app, uid)?;
    twin::check_facet_search(app, &index, query).await?;
    let view = app.view(index.node_uid());
    let constraints = narrow::filter(app, &index, query.filter.as_ref());
    let rotation = app.next_rotation();
    let scatter = Scatter::new(app, &view, index.shards(), &constraints, rotation);
    let counting = Counting {
        index: &index,
        query,
        scatter,
    };
    let gathered = match counting.first().await {
        Ok(gathered) => gathered,
        Err(ScatterEnd::Failed(failure)) => return Err(failure),
        Err(ScatterEnd::Rejected(answer))
            if answer.error_code().as_deref()
                == Some(Code::InvalidSearchAttributesToSearchOn.name()) =>
        {
            let body = query.to_json();
            return Err(
                refused::with_all_attributes(app, &index, "facet-search", &body, answer).await,
            );
        }
        Err(ScatterEnd::Rejected(answer)) => {
            let refusal = twin::refusal(app, &index, "facet-search", query.to_json()).await;
            return Err(refusal.unwrap_or_else(|| Names::of(&index).relay(answer)));
        }
    };
    let (legs, mut lists): (Vec<Leg>, Vec<Vec<FacetHit>>) = gathered
        .answers
        .into_iter()
        .map(|answer| (answer.leg, answer.answer))
        .unzip();
    counting.complete(&legs, &mut lists).await;
    let order = index.settings.facet_order(&query.facet_name);
    let answer = ClientAnswer {
        facet_hits: merge(lists, order, index.settings.max_values_per_facet()),
        facet_query: query.facet_query.as_deref(),
        processing_time_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    Ok(Reply::json(StatusCode::OK, &answer).degraded(degraded(gathered.uncovered)))
}

/// What is asked of the nodes.
struct Counting<'a> {
    index: &'a Index,
    query: &'a FacetSearchQuery,
    scatter: Scatter<'a>,
}

impl Counting<'_> {
    /// The list of each leg.
    async fn first(&self) -> Result<Gathered<Vec<FacetHit>>, ScatterEnd> {
        let plan = self.scatter.plan();
        let call = |leg: &Leg, deadline| self.call(leg, deadline, None);
        let mut gathered = self
            .scatter
            .round(plan.legs, call, |_, answer| read(answer))
            .await?;
        gathered.uncovered = gathered.uncovered.union(&plan.uncovered);
        self.scatter.judge(gathered)
    }

    /// Adds what nodes left out of their lists of the most frequent values. A node that cannot say it has said enough.
    async fn complete(&self, legs: &[Leg], lists: &mut [Vec<FacetHit>]) {
        let (settings, facet) = (&self.index.settings, &self.query.facet_name);
        if settings.facet_order(facet) != FacetOrder::Count || legs.len() < 2 {
            return;
        }
        let shown = settings.max_values_per_facet();
        let most = values_per_facet(shown, self.index.shards());
        let Some(left_out) = recount::left_out_of_search(facet, lists, shown, most) else {
            return;
        };
        let deadline = self.scatter.leg_deadline();
        let (mut asked, mut calls) = (Vec::new(), Vec::new());
        for (at, leg) in legs.iter().enumerate() {
            if let Some(filter) = left_out.filter(at) {
                asked.push(at);
                calls.push((leg, self.call(leg, deadline, Some(filter))));
            }
        }
        if let Ok(more) = self.scatter.again(calls, read).await {
            for (at, hits) in asked.into_iter().zip(more) {
                lists[at].extend(left_out.only(at, hits));
            }
        }
    }

    /// The request of a leg, for those of its documents that pass `filter`.
    fn call(&self, leg: &Leg, deadline: Instant, filter: Option<String>) -> Call {
        let clause = leg.clause.as_ref().map(ToString::to_string);
        let both: Vec<String> = clause.into_iter().chain(filter).collect();
        let both = (!both.is_empty()).then(|| both.join(" AND ").into());
        let body = FacetSearchQuery {
            filter: super::filter_with(self.query.filter.as_ref(), both),
            ..self.query.clone()
        };
        let path = format!("/indexes/{}/facet-search", self.index.node_uid());
        Call::read(Method::POST, path, deadline).json(body.to_json())
    }
}

fn read(answer: Answer) -> Result<Vec<FacetHit>, Cause> {
    Ok(answer.json::<NodeAnswer>()?.facet_hits)
}
