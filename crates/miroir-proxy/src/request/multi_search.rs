//! `POST /multi-search`: searches side by side, answered in the order they were asked, or as one list.

mod census;
mod federated;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use http::{HeaderMap, StatusCode};
use miroir_core::access::{Access, both_filters};
use miroir_core::error::{ApiError, Code};
use miroir_core::plan::{Degraded, render_degraded};
use miroir_core::wire::deserialize::from_json;
use miroir_core::wire::raw::push_string;
use miroir_core::wire::search::{IndexQuery, MultiSearch};
use tokio::time::Instant;

use crate::app::App;
use crate::http::over_fetch::OverFetch;
use crate::http::reply::{Failure, Reply, chain};
use crate::request::search::{Answered, Terms, answer, new_request_uid};
use crate::request::{metadata, resolve};

/// The header by which a client takes errors of single queries beside the answers to the others.
const PARTIAL: &str = "x-miroir-multi-search-partial";

pub(crate) async fn multi_search(
    app: &Arc<App>,
    access: &Access,
    headers: &HeaderMap,
    over_fetch: OverFetch,
    body: &[u8],
) -> Result<Reply, Failure> {
    let takes_errors = takes_errors(headers)?;
    let mut request: MultiSearch = from_json(body)?;
    within_reach(access, &mut request.queries)?;
    let metadata = metadata::is_wanted(headers);
    let batch = Batch::begin(app, metadata, over_fetch, request.queries.len());
    match &request.federation {
        Some(federation) => federated::answer(app, &request.queries, federation, &batch).await,
        None => apart(app, &request.queries, &batch, takes_errors).await,
    }
}

/// Adds what a tenant token demands of each query. The first query out of reach fails the whole request, before any other check.
pub(crate) fn within_reach(access: &Access, queries: &mut [IndexQuery]) -> Result<(), Failure> {
    for (position, query) in queries.iter_mut().enumerate() {
        let uid = &query.index_uid.0;
        if !access.covers(uid) {
            return Err(inside(position, ApiError::invalid_api_key().into()));
        }
        query.query.filter = both_filters(query.query.filter.take(), access.filter(uid));
    }
    Ok(())
}

/// What the queries of one request share.
struct Batch {
    request_uid: String,
    metadata: bool,
    over_fetch: OverFetch,
    started: Instant,
    /// Of the batch.
    deadline: Instant,
    per_query: Duration,
    /// Queries that run at once.
    at_once: usize,
    waves: usize,
}

impl Batch {
    fn begin(app: &App, metadata: bool, over_fetch: OverFetch, queries: usize) -> Self {
        let config = &app.config.multi_search;
        let started = Instant::now();
        let at_once = if config.enabled {
            config.max_queries_per_batch as usize
        } else {
            1
        };
        Self {
            request_uid: new_request_uid(),
            metadata,
            over_fetch,
            started,
            deadline: started + config.total_timeout_ms.duration(),
            per_query: config.per_query_timeout_ms.duration(),
            at_once,
            waves: queries.div_ceil(at_once),
        }
    }

    /// Of a query that begins now.
    fn deadline_of_query(&self) -> Instant {
        self.deadline.min(Instant::now() + self.per_query)
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Each query with an answer of its own.
async fn apart(
    app: &Arc<App>,
    queries: &[IndexQuery],
    batch: &Batch,
    takes_errors: bool,
) -> Result<Reply, Failure> {
    let searches: Vec<_> = queries.iter().map(|query| one(app, query, batch)).collect();
    // Answers come in the order of the queries, so that the first error is the one of the lowest position.
    let mut answers = stream::iter(searches).buffered(batch.at_once).enumerate();
    let mut body = b"{\"results\":[".to_vec();
    let mut degraded = Vec::new();
    while let Some((position, answered)) = answers.next().await {
        let uid = &queries[position].index_uid.0;
        if position > 0 {
            body.push(b',');
        }
        body.extend_from_slice(b"{\"indexUid\":");
        push_string(uid, &mut body);
        body.push(b',');
        match answered {
            Ok(answered) => {
                body.extend_from_slice(&answered.body[1..]);
                if !answered.uncovered.is_empty() {
                    degraded.push((resolve::uid(uid)?, Degraded::Uncovered(answered.uncovered)));
                }
            }
            Err(failure) if takes_errors => {
                let (status, error) = described(failure);
                body.extend_from_slice(format!("\"status\":{status},\"error\":").as_bytes());
                body.extend_from_slice(&error.to_json());
                body.push(b'}');
            }
            Err(failure) => return Err(inside(position, failure)),
        }
    }
    body.extend_from_slice(b"]}");
    let degraded = render_degraded(degraded.iter().map(|(index, degraded)| (index, degraded)));
    Ok(Reply::json_bytes(StatusCode::OK, body).degraded(degraded))
}

async fn one(app: &Arc<App>, query: &IndexQuery, batch: &Batch) -> Result<Answered, Failure> {
    let uid = resolve::uid(&query.index_uid.0)?;
    query.check_alone()?;
    let terms = Terms {
        request_uid: &batch.request_uid,
        metadata: batch.metadata,
        over_fetch: batch.over_fetch,
        deadline: Some(batch.deadline_of_query()),
    };
    answer(app, &uid, &query.query, &terms).await
}

fn takes_errors(headers: &HeaderMap) -> Result<bool, ApiError> {
    match headers.get(PARTIAL).map(|value| value.as_bytes()) {
        None | Some(b"false") => Ok(false),
        Some(b"true") => Ok(true),
        Some(_) => Err(ApiError::new(
            Code::MiroirInvalidHeader,
            "Invalid value of the header `X-Miroir-Multi-Search-Partial`: expected `true` or `false`.",
        )),
    }
}

/// An error of one query, told where the query stands.
pub(crate) fn inside(position: usize, failure: Failure) -> Failure {
    reworded(failure, |message| {
        format!("Inside `.queries[{position}]`: {message}")
    })
}

/// The failure in other words. A missing index is the request's fault here, not an address that does not exist.
fn reworded(failure: Failure, word: impl FnOnce(&str) -> String) -> Failure {
    match failure {
        Failure::Error { error, cause } if error.status() != 404 => Failure::Error {
            error: ApiError::new(error.code, word(&error.message)),
            cause,
        },
        failure => {
            let (status, error) = described(failure);
            let status = if status == 404 { 400 } else { status };
            Failure::Relayed {
                status: StatusCode::from_u16(status).unwrap_or_default(),
                body: ApiError::new(error.code, word(&error.message))
                    .to_json()
                    .into(),
            }
        }
    }
}

/// Status and error of a failure that becomes a part of an answer.
fn described(failure: Failure) -> (u16, ApiError) {
    match failure {
        Failure::Error { error, cause } => {
            if let Some(cause) = cause {
                tracing::warn!(code = error.code.name(), error = %chain(&*cause), "query failed");
            }
            (error.status(), error)
        }
        Failure::Relayed { status, body } => match serde_json::from_slice::<ApiError>(&body) {
            Ok(error) => (status.as_u16(), error),
            Err(_) => {
                let error = ApiError::new(Code::Internal, String::from_utf8_lossy(&body));
                (status.as_u16(), error)
            }
        },
    }
}
