//! A search, top to bottom: resolve, check, plan, scatter, merge, respond.

use std::sync::Arc;

use http::{Method, StatusCode};
use miroir_core::error::Code;
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::merge::{self, Facts, NodeRequest, Window};
use miroir_core::plan::{self, Constraints, Leg};
use miroir_core::wire::answer::SearchAnswer;
use miroir_core::wire::raw::RawError;
use miroir_core::wire::search::SearchQuery;
use miroir_node::Call;
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::{Failure, Reply};
use crate::request::scatter::{Gathered, ScatterEnd, degraded, scatter};
use crate::request::translate::Names;
use crate::request::{resolve, twin};

/// The answer to one search.
pub(crate) struct Answered {
    /// JSON, as the client gets it.
    pub(crate) body: Vec<u8>,
    /// Shards that it does not answer for.
    pub(crate) uncovered: ShardSet,
}

/// `POST` and `GET /indexes/{uid}/search`.
pub(crate) async fn search(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &SearchQuery,
) -> Result<Reply, Failure> {
    let answered = answer(app, uid, query, &new_request_uid()).await?;
    Ok(Reply::json_bytes(StatusCode::OK, answered.body).degraded(degraded(answered.uncovered)))
}

/// A name for the request, as servers make them; all answers of one request share it.
pub(crate) fn new_request_uid() -> String {
    Uuid::now_v7().to_string()
}

/// Answers one search.
pub(crate) async fn answer(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &SearchQuery,
    request_uid: &str,
) -> Result<Answered, Failure> {
    let started = Instant::now();
    let index = resolve::index(app, uid)?;
    twin::check_search(app, &index, query).await?;

    let view = app.view(index.node_uid());
    let constraints = Constraints::default();
    let rotation = app.next_rotation();
    let plan = plan::search(&view.cluster(), index.shards(), &constraints, rotation);
    let request = NodeRequest::new(query, &index.view);
    let window = Window::of(query, &index.view);
    let path = format!("/indexes/{}/search", index.node_uid());
    let call = |leg: &Leg, deadline| {
        let clause = leg.clause.as_ref().map(ToString::to_string);
        Call::read(Method::POST, path.as_str(), deadline)
            .json(request.body(clause.as_deref(), window.end))
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
    let Gathered { answers, uncovered } = match gathered {
        Ok(gathered) => gathered,
        Err(end) => return Err(explain_end(app, &index, query, end).await),
    };

    let legs = answers
        .iter()
        .map(|leg| {
            Ok(merge::Leg {
                answer: SearchAnswer::parse(&leg.answer.body)?,
                asked: window.end,
            })
        })
        .collect::<Result<Vec<_>, RawError>>()
        .map_err(Failure::internal)?;
    let facts = Facts {
        processing_time_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        request_uid,
        metadata: None,
    };
    let merged = merge::search(query, &index.view, &legs, &facts).map_err(Failure::internal)?;
    debug_assert!(
        merged.refill.is_empty(),
        "every leg was asked for the whole window"
    );
    Ok(Answered {
        body: merged.body,
        uncovered,
    })
}

/// A node's error names what Miroir added to its settings; a twin words it as a server with the user's settings would.
async fn explain_end(app: &App, index: &Index, query: &SearchQuery, end: ScatterEnd) -> Failure {
    let answer = match end {
        ScatterEnd::Failed(failure) => return failure,
        ScatterEnd::Rejected(answer) => answer,
    };
    let names = Names::new(index.node_uid(), &index.row.uid);
    // The one list that depends on the documents, which a twin does not have.
    if answer.error_code().as_deref() == Some(Code::InvalidSearchAttributesToSearchOn.name()) {
        return names.relay_listing(answer, &index.view);
    }
    match twin::refusal(app, index, "search", query.to_json()).await {
        Some(refusal) => refusal,
        None => names.relay(answer),
    }
}
