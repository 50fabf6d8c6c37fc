//! `POST /multi-search`: independent searches, answered side by side in the order they were asked.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, StatusCode};
use miroir_core::error::{ApiError, Code};
use miroir_core::plan::{Degraded, render_degraded};
use miroir_core::wire::raw::push_string;
use miroir_core::wire::search::{IndexQuery, MultiSearch};

use crate::app::App;
use crate::http::reply::{Failure, Reply};
use crate::request::search::{Answered, answer, new_request_uid};
use crate::request::{resolve, twin};

pub(crate) async fn multi_search(app: &Arc<App>, body: Bytes) -> Result<Reply, Failure> {
    let Some(request) = MultiSearch::read(&body) else {
        return Err(refused_by_a_server(app, body).await);
    };
    if request.federation.is_some() {
        return Err(Failure::new(
            Code::MiroirCapabilityDisabled,
            "Federated multi-search is not part of this version of Miroir: leave out `federation` and merge the results.",
        ));
    }
    let request_uid = new_request_uid();
    let searches = request
        .queries
        .iter()
        .map(|query| one(app, query, &request_uid));
    let mut body = b"{\"results\":[".to_vec();
    let mut degraded = Vec::new();
    for (position, (query, answered)) in request
        .queries
        .iter()
        .zip(join_all(searches).await)
        .enumerate()
    {
        let answered = answered.map_err(|failure| inside(position, failure))?;
        if position > 0 {
            body.push(b',');
        }
        body.extend_from_slice(b"{\"indexUid\":");
        push_string(&query.index_uid.0, &mut body);
        body.push(b',');
        body.extend_from_slice(&answered.body[1..]);
        if !answered.uncovered.is_empty() {
            degraded.push((
                resolve::uid(&query.index_uid.0)?,
                Degraded::Uncovered(answered.uncovered),
            ));
        }
    }
    body.extend_from_slice(b"]}");
    let degraded = render_degraded(degraded.iter().map(|(index, degraded)| (index, degraded)));
    Ok(Reply::json_bytes(StatusCode::OK, body).degraded(degraded))
}

async fn one(app: &Arc<App>, query: &IndexQuery, request_uid: &str) -> Result<Answered, Failure> {
    let uid = resolve::uid(&query.index_uid.0)?;
    query.query.refuse_network()?;
    answer(app, &uid, &query.query, request_uid).await
}

/// The first bad query fails the request. A missing index is the request's fault here, not an address that does not exist.
fn inside(position: usize, failure: Failure) -> Failure {
    let (status, error) = match failure {
        Failure::Error { error, cause: None } => (error.status(), error),
        Failure::Relayed { status, body } => match serde_json::from_slice::<ApiError>(&body) {
            Ok(error) => (status.as_u16(), error),
            Err(_) => return Failure::Relayed { status, body },
        },
        failure => return failure,
    };
    let status = if status == 404 {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::from_u16(status).unwrap_or_default()
    };
    let error = ApiError::new(
        error.code,
        format!("Inside `.queries[{position}]`: {}", error.message),
    );
    Failure::Relayed {
        status,
        body: error.to_json().into(),
    }
}

/// A body that is wrong in itself is refused by any server before it looks at an index.
async fn refused_by_a_server(app: &App, body: Bytes) -> Failure {
    match twin::ask(app, Method::POST, "/multi-search", Some(body.to_vec())).await {
        Some(answer) if answer.status.is_client_error() => Failure::Relayed {
            status: answer.status,
            body: answer.body,
        },
        _ => Failure::new(Code::BadRequest, "The body is not a list of searches."),
    }
}
