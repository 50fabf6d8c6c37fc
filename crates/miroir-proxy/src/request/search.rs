//! A search, top to bottom: resolve, check, plan, scatter, merge, respond.

use std::sync::Arc;

use http::StatusCode;
use miroir_core::error::Code;
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::merge::phases::{self, Documents};
use miroir_core::merge::{Facts, Page, Window, page};
use miroir_core::plan::Constraints;
use miroir_core::wire::search::SearchQuery;
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::{Failure, Reply};
use crate::request::counted::{Counts, Missed};
use crate::request::ranked::{Ranked, Reading};
use crate::request::scatter::{ScatterEnd, degraded, unavailable};
use crate::request::translate::Names;
use crate::request::{metadata, resolve, twin};

/// The answer to one search.
pub(crate) struct Answered {
    /// JSON, as the client gets it.
    pub(crate) body: Vec<u8>,
    /// Shards that it does not answer for.
    pub(crate) uncovered: ShardSet,
}

/// What a search has from the request that it is part of.
pub(crate) struct Terms<'a> {
    pub(crate) request_uid: &'a str,
    /// Whether the answer says what was asked.
    pub(crate) metadata: bool,
    /// When the nodes must have answered; earlier, if the configuration says so.
    pub(crate) deadline: Option<Instant>,
}

/// `POST` and `GET /indexes/{uid}/search`.
pub(crate) async fn search(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &SearchQuery,
    metadata: bool,
) -> Result<Reply, Failure> {
    let terms = Terms {
        request_uid: &new_request_uid(),
        metadata,
        deadline: None,
    };
    let answered = answer(app, uid, query, &terms).await?;
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
    terms: &Terms<'_>,
) -> Result<Answered, Failure> {
    let started = Instant::now();
    let index = resolve::index(app, uid)?;
    twin::check_search(app, &index, query).await?;

    let view = app.view(index.node_uid());
    let constraints = Constraints::default();
    let mut reading = Reading::new(app, &index, &view, &constraints);
    if let Some(deadline) = terms.deadline {
        reading = reading.until(deadline);
    }
    let window = Window::of(query, &index.view);
    let two = phases::are_two(query, &index.view, window, reading.asked(window.end));
    let mut found = find(&reading, query, window, two).await;
    // A node was lost between two questions about one list. It is not asked again, so this ends.
    while matches!(found, Err(Missed::Lost)) && reading.has_time() {
        found = find(&reading, query, window, two).await;
    }
    let found = match found {
        Ok(found) => found,
        Err(Missed::Ended(end)) => return Err(explain_end(app, &index, query, end).await),
        Err(Missed::Lost) => return Err(unavailable(&index.shards().all())),
    };
    let Found {
        ranked,
        documents,
        counts,
    } = &found;
    let counted: Vec<_> = match &counts.facets {
        Some(answers) => answers.iter().collect(),
        None => ranked.legs.iter().map(|leg| &leg.answer).collect(),
    };
    let page = Page {
        legs: &ranked.legs,
        hits: window.of_order(&ranked.order),
        documents: documents.as_ref(),
        total: counts.total,
        counted: &counted,
    };
    let metadata = terms.metadata.then(|| metadata::of(query, uid, &index));
    let facts = Facts {
        processing_time_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        request_uid: terms.request_uid,
        metadata: metadata.as_deref(),
    };
    let body = page::write(query, &index.view, &page, &facts).map_err(Failure::internal)?;
    Ok(Answered {
        body,
        uncovered: found.ranked.uncovered,
    })
}

/// All that an answer is written from.
struct Found {
    ranked: Ranked,
    /// `None` when the hits have them.
    documents: Option<Documents>,
    counts: Counts,
}

async fn find(
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
    two_phases: bool,
) -> Result<Found, Missed> {
    if two_phases {
        let ranked = reading.ranked(&phases::ranks(query), window.end).await?;
        let page = window.of_order(&ranked.order);
        let documents = reading.documents(query, &ranked, page);
        let counts = reading.counts(query, &ranked, window.end);
        let (documents, counts) = futures_util::try_join!(documents, counts)?;
        if documents.is_some() {
            return Ok(Found {
                ranked,
                documents,
                counts,
            });
        }
    }
    let ranked = reading.ranked(query, window.end).await?;
    let counts = reading.counts(query, &ranked, window.end).await?;
    Ok(Found {
        ranked,
        documents: None,
        counts,
    })
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
