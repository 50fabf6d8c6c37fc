//! A search, top to bottom: resolve, check, plan, scatter, merge, respond.

use std::sync::Arc;

use http::StatusCode;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::merge::{Facts, Page, Window, page};
use miroir_core::wire::search::{SearchKind, SearchQuery};
use tokio::time::Instant;

use crate::app::App;
use crate::catalog::Index;
use crate::clock;
use crate::http::over_fetch::OverFetch;
use crate::http::reply::{Failure, Reply};
use crate::request::found::Purpose;
use crate::request::ranked::Reading;
use crate::request::scatter::{ScatterEnd, degraded};
use crate::request::translate::Names;
use crate::request::{hybrid, marked, metadata, narrow, refused, resolve, twin, unreadable};

/// The answer to one search.
pub(crate) struct Answered {
    /// JSON, as the client gets it.
    pub(crate) body: Vec<u8>,
    /// Shards that it does not answer for.
    pub(crate) uncovered: ShardSet,
    /// Some ids were equal to the engine, and stand in the order of their canonical form.
    pub(crate) ambiguous_ids: bool,
}

/// What a search has from the request that it is part of.
pub(crate) struct Terms<'a> {
    pub(crate) request_uid: &'a str,
    /// Whether the answer says what was asked.
    pub(crate) metadata: bool,
    pub(crate) over_fetch: OverFetch,
    /// When the nodes must have answered; earlier, if the configuration says so.
    pub(crate) deadline: Option<Instant>,
}

/// `POST` and `GET /indexes/{uid}/search`.
pub(crate) async fn search(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &SearchQuery,
    over_fetch: OverFetch,
    metadata: bool,
) -> Result<Reply, Failure> {
    let terms = Terms {
        request_uid: &new_request_uid(),
        metadata,
        over_fetch,
        deadline: None,
    };
    let answered = answer(app, uid, query, &terms).await?;
    Ok(Reply::json_bytes(StatusCode::OK, answered.body).degraded(degraded(answered.uncovered)))
}

/// A name for the request, as servers make them; all answers of one request share it.
pub(crate) fn new_request_uid() -> String {
    let milliseconds = u64::try_from(clock::now_ms()).unwrap_or_default();
    // Chance of this thread's generator: the kernel's costs a system call for every name.
    let chance: [u8; 10] = rand::random();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &chance)
        .into_uuid()
        .to_string()
}

/// Answers one search.
pub(crate) async fn answer(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &SearchQuery,
    terms: &Terms<'_>,
) -> Result<Answered, Failure> {
    let started = Instant::now();
    let index = match resolve::index(app, uid) {
        Ok(index) => index,
        Err(unknown) => return Err(without_index(app, query, unknown).await),
    };
    let default_ratio = app.config.vector_search.hybrid_alpha_default.0;
    let query = &*query.with_default_ratio(default_ratio);
    twin::check_search(app, &index, query).await?;

    let view = app.view(index.node_uid());
    let constraints = narrow::search(app, &index, query);
    let mut reading = Reading::new(app, &index, &view, &constraints);
    if let Some(deadline) = terms.deadline {
        reading = reading.until(deadline);
    }
    answer_from(app, uid, &reading, query, terms, started).await
}

/// What is wrong with a search of no index: its filter, if that cannot be read.
async fn without_index(app: &App, query: &SearchQuery, unknown: ApiError) -> Failure {
    let unreadable = match &query.filter {
        Some(filter) => unreadable::filter(app, filter).await,
        None => None,
    };
    unreadable.unwrap_or_else(|| unknown.into())
}

/// Answers one search out of a reading that begins with it. A twin has been asked, if need be.
pub(crate) async fn answer_from(
    app: &Arc<App>,
    uid: &IndexUid,
    reading: &Reading<'_>,
    query: &SearchQuery,
    terms: &Terms<'_>,
    started: Instant,
) -> Result<Answered, Failure> {
    let index = reading.index;
    let window = Window::of(query, &index.view);
    let mut found =
        hybrid::find(app, reading, query, window, terms.over_fetch, Purpose::Page).await?;
    marked::complete(app, reading, query, window, &mut found).await?;
    let page = Page {
        legs: &found.legs,
        hits: found.hits.get(window.start..).unwrap_or_default(),
        documents: found.documents.as_ref(),
        total: found.total,
        counted: &found.counted(),
        recounts: &found.recounts,
        is_semantic: query.kind() != SearchKind::Keyword,
    };
    let metadata = terms.metadata.then(|| metadata::of(query, uid, index));
    let facts = Facts {
        processing_time_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        request_uid: terms.request_uid,
        metadata: metadata.as_deref(),
    };
    let body = page::write(query, &index.view, &page, &facts).map_err(Failure::internal)?;
    Ok(Answered {
        body,
        ambiguous_ids: found.ambiguous_ids,
        uncovered: found.uncovered,
    })
}

/// What a scatter brought, or its end in the words of a server.
pub(crate) async fn explained<T>(
    app: &App,
    index: &Index,
    query: &SearchQuery,
    brought: Result<T, ScatterEnd>,
) -> Result<T, Failure> {
    match brought {
        Ok(brought) => Ok(brought),
        Err(end) => Err(explain_end(app, index, query, end).await),
    }
}

/// A node's error names what Miroir added to its settings; a twin words it as a server with the user's settings would.
pub(crate) async fn explain_end(
    app: &App,
    index: &Index,
    query: &SearchQuery,
    end: ScatterEnd,
) -> Failure {
    let answer = match end {
        ScatterEnd::Failed(failure) => return failure,
        ScatterEnd::Rejected(answer) => answer,
    };
    // The one list that depends on the documents, which a twin does not have.
    if answer.error_code().as_deref() == Some(Code::InvalidSearchAttributesToSearchOn.name()) {
        return refused::with_all_attributes(app, index, "search", &query.to_json(), answer).await;
    }
    match twin::refusal(app, index, "search", query.without_embedding().to_json()).await {
        Some(refusal) => refusal,
        None => Names::of(index).relay(answer),
    }
}
