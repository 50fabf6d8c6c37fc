//! `POST /indexes/{uid}/facet-search`: the values of one facet, counted on one fresh copy of each shard.

use std::sync::Arc;

use http::{Method, StatusCode};
use miroir_core::error::Code;
use miroir_core::id::IndexUid;
use miroir_core::merge::facet_search::{FacetHit, merge};
use miroir_core::plan::{self, Leg};
use miroir_core::wire::search::FacetSearchQuery;
use miroir_node::Call;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::app::App;
use crate::http::reply::{Failure, Reply};
use crate::request::scatter::{ScatterEnd, degraded, scatter};
use crate::request::translate::Names;
use crate::request::{narrow, refused, resolve, twin};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeAnswer {
    facet_hits: Vec<FacetHit>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
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
    let plan = plan::search(&view.cluster(), index.shards(), &constraints, rotation);
    let path = format!("/indexes/{}/facet-search", index.node_uid());
    let call = |leg: &Leg, deadline| {
        let clause = leg
            .clause
            .as_ref()
            .map(|clause| serde_json::Value::from(clause.to_string()));
        let filter = super::filter_with(query.filter.as_ref(), clause);
        let body = FacetSearchQuery {
            filter,
            ..query.clone()
        };
        Call::read(Method::POST, path.as_str(), deadline).json(body.to_json())
    };
    let gathered = scatter(
        app,
        &view,
        index.shards(),
        &constraints,
        plan,
        rotation,
        call,
    )
    .await;
    let gathered = match gathered {
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
    let mut answers = Vec::with_capacity(gathered.answers.len());
    for leg in &gathered.answers {
        answers.push(
            leg.answer
                .json::<NodeAnswer>()
                .map_err(Failure::internal)?
                .facet_hits,
        );
    }
    let order = index.settings.facet_order(&query.facet_name);
    let answer = Answer {
        facet_hits: merge(answers, order, index.settings.max_values_per_facet()),
        facet_query: query.facet_query.as_deref(),
        processing_time_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    Ok(Reply::json(StatusCode::OK, &answer).degraded(degraded(gathered.uncovered)))
}
