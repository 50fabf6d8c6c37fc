//! Explain: the plan of a search as the planner makes it, what is not exact about its answer, and what to warn of.
//!
//! Without `execute` no node is asked anything, and the plan is the one that the search executed next will have: the turn on
//! groups and nodes is looked at, not taken.

mod exactness;
mod plan;
mod run;
mod warnings;

use std::sync::Arc;

use futures_util::future::join_all;
use http::{HeaderName, StatusCode};
use miroir_core::error::Code;
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::plan::{Degraded, render_degraded};
use miroir_core::wire::search::{MultiSearch, SearchQuery};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::app::App;
use crate::http::over_fetch::OverFetch;
use crate::http::reply::{Failure, Reply};
use crate::request::multi_search::inside;
use crate::request::ranked::Reading;
use crate::request::search::{Terms, answer_from, new_request_uid};
use crate::request::{narrow, resolve, twin};
use plan::{PlanView, Situation};
use run::RunView;
use warnings::Warning;

/// Said of an execution while the index's settings are about to change.
const SETTINGS_PENDING: HeaderName = HeaderName::from_static("x-miroir-settings-pending");

/// What the caller wants, and may see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) execute: bool,
    pub(crate) by_operator: bool,
}

/// One search explained.
#[derive(Serialize)]
struct Explained {
    resolved_uid: IndexUid,
    plan: PlanView,
    warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution: Option<RunView>,
    /// As the search route gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Box<RawValue>>,
    #[serde(skip)]
    uncovered: ShardSet,
}

/// `POST /indexes/{uid}/explain`.
pub(crate) async fn search(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &SearchQuery,
    asked: Asked,
) -> Result<Reply, Failure> {
    let turn = Turn::of(app, asked);
    let explained = explain(app, uid, query, asked, turn.rotation(app, 0)).await?;
    let missing = Degraded::Uncovered(explained.uncovered.clone());
    let missing = (!explained.uncovered.is_empty()).then(|| missing.to_string());
    Ok(reply(&explained, [&explained], asked).degraded(missing))
}

#[derive(Serialize)]
struct ManyExplained {
    results: Vec<Explained>,
}

/// `POST /multi-search/explain`: each query by itself, in the order they were asked.
pub(crate) async fn multi_search(
    app: &Arc<App>,
    request: &MultiSearch,
    asked: Asked,
) -> Result<Reply, Failure> {
    if request.federation.is_some() {
        return Err(Failure::new(
            Code::MiroirCapabilityDisabled,
            "Federated multi-search is not explained in this version of Miroir: leave out `federation`.",
        ));
    }
    let turn = Turn::of(app, asked);
    let explained = request.queries.iter().enumerate().map(|(position, query)| {
        let rotation = turn.rotation(app, position as u64);
        async move {
            let uid = resolve::uid(&query.index_uid.0)?;
            query.check_alone()?;
            explain(app, &uid, &query.query, asked, rotation).await
        }
    });
    let mut results = Vec::with_capacity(request.queries.len());
    for (position, explained) in join_all(explained).await.into_iter().enumerate() {
        results.push(explained.map_err(|failure| inside(position, failure))?);
    }
    let missing: Vec<_> = results
        .iter()
        .filter(|explained| !explained.uncovered.is_empty())
        .map(|explained| {
            let missing = Degraded::Uncovered(explained.uncovered.clone());
            (explained.resolved_uid.clone(), missing)
        })
        .collect();
    let missing = render_degraded(missing.iter().map(|(index, missing)| (index, missing)));
    let many = ManyExplained { results };
    Ok(reply(&many, &many.results, asked).degraded(missing))
}

fn reply<'a>(
    body: &impl Serialize,
    all: impl IntoIterator<Item = &'a Explained>,
    asked: Asked,
) -> Reply {
    let reply = Reply::json(StatusCode::OK, body);
    let pending = all
        .into_iter()
        .any(|explained| explained.plan.broadcast_pending);
    if pending && asked.execute {
        reply.header(SETTINGS_PENDING, "true")
    } else {
        reply
    }
}

/// Whether turns on groups and nodes are taken or only looked at.
#[derive(Clone, Copy)]
enum Turn {
    Taken,
    /// The number of the next one.
    Seen(u64),
}

impl Turn {
    fn of(app: &App, asked: Asked) -> Self {
        if asked.execute {
            Self::Taken
        } else {
            Self::Seen(app.peek_rotation())
        }
    }

    fn rotation(self, app: &App, position: u64) -> u64 {
        match self {
            Self::Taken => app.next_rotation(),
            Self::Seen(next) => next + position,
        }
    }
}

async fn explain(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &SearchQuery,
    asked: Asked,
    rotation: u64,
) -> Result<Explained, Failure> {
    let started = Instant::now();
    let index = resolve::index(app, uid)?;
    if asked.execute {
        twin::check_search(app, &index, query).await?;
    }
    let view = app.usual_view(index.node_uid());
    let constraints = narrow::search(app, &index, query);
    let reading = Reading::in_turn(app, &index, &view, &constraints, rotation);
    let situation = Situation::of(app, &index, &view);
    let plan = reading.plan();
    let mut warnings = warnings::of(query, &index, &constraints, &situation);
    warnings.retain(|warning| asked.by_operator || !warning.is_for_operators());
    warnings.truncate(app.config.explain.max_warnings);
    let mut explained = Explained {
        resolved_uid: index.row.uid.clone(),
        plan: PlanView::new(query, &index, &constraints, &plan, &situation),
        warnings,
        execution: None,
        result: None,
        uncovered: ShardSet::new(),
    };
    if asked.execute {
        let terms = Terms {
            request_uid: &new_request_uid(),
            metadata: false,
            over_fetch: OverFetch::configured(app),
            deadline: None,
        };
        let answered = answer_from(app, uid, &reading, query, &terms, started).await?;
        let run = RunView::new(reading.calls(), started.elapsed(), answered.ambiguous_ids);
        explained.execution = Some(run);
        let text = String::from_utf8(answered.body).map_err(Failure::internal)?;
        explained.result = Some(RawValue::from_string(text).map_err(Failure::internal)?);
        explained.uncovered = answered.uncovered;
    }
    Ok(explained)
}
