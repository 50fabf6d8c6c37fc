//! Identical searches at the same time share one scatter, and its bytes.
//!
//! Identical means byte for byte, with the same credential and every header that a search looks at. A scatter is joined only while
//! it runs, and only if it began in the last moments: and never across the end of a task, so that whoever has seen a write succeed
//! gets an answer that began after it. Those who wait for a scatter drive it, so it goes on as long as anybody does. An answer
//! that is an error, or lacks shards, reaches those who wait. Off: every search is alone.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::app::App;
use crate::http::reply::Failure;

/// Longer questions are asked alone: keeping them would cost more than it saves.
const LONGEST_BODY: u64 = 64 << 10;

/// The routes that search, by the last word of their paths.
const SEARCHES: [&str; 4] = ["search", "multi-search", "facet-search", "similar"];

/// Every header that changes what a search answers.
const HEADERS: [HeaderName; 7] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    HeaderName::from_static("meili-include-metadata"),
    HeaderName::from_static("x-miroir-over-fetch"),
    HeaderName::from_static("x-miroir-min-settings-version"),
    HeaderName::from_static("x-miroir-multi-search-partial"),
];

pub(crate) type Fingerprint = [u8; 32];

/// The scatters that can be joined.
#[derive(Default)]
pub(crate) struct Coalescing {
    flights: Mutex<HashMap<Fingerprint, (Instant, WeakShared<Flight>)>>,
}

/// One scatter. `None`: it has ended without an answer, as by a panic.
type Flight = BoxFuture<'static, Option<Answer>>;

/// A finished answer.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Answers a search by a scatter that somebody else has begun, or begins one that others may join.
pub(crate) async fn share(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let length = body.size_hint().exact();
    if !length.is_some_and(|length| may_share(&app, &head, length)) {
        return next.run(Request::from_parts(head, body)).await;
    }
    let Ok(body) = body.collect().await else {
        // The handler says what is wrong with a body that did not come to its end: it gets none.
        return next.run(Request::from_parts(head, Body::empty())).await;
    };
    let body = body.to_bytes();
    let fingerprint = fingerprint(&app, &head, &body);
    let answer = next.run(Request::from_parts(head, Body::from(body)));
    app.coalescing.join(&app, fingerprint, answer.boxed()).await
}

/// Whether others may wait for the answer of a request with so long a body.
pub(crate) fn may_share(app: &App, head: &Parts, length: u64) -> bool {
    app.config.query_coalescing.enabled && length <= LONGEST_BODY && is_search(head)
}

/// What identical requests have in common at this moment.
pub(crate) fn fingerprint(app: &App, head: &Parts, body: &[u8]) -> Fingerprint {
    digest(head, body, app.open_tasks.ended())
}

impl Coalescing {
    /// Waits for a scatter that is under way, or else for `answer`, which others may then wait for too.
    pub(crate) async fn join(
        &self,
        app: &App,
        fingerprint: Fingerprint,
        answer: BoxFuture<'static, Response>,
    ) -> Response {
        let landed = self.board(app, fingerprint, answer).await;
        let Some(answer) = landed else {
            let ended = Failure::internal("a search has ended without an answer");
            return ended.into_response();
        };
        let mut response = Response::new(Body::from(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }

    fn board(
        &self,
        app: &App,
        fingerprint: Fingerprint,
        answer: BoxFuture<'static, Response>,
    ) -> Shared<Flight> {
        let limits = &app.config.query_coalescing;
        let mut flights = self.flights.lock();
        let can_join = |began: &Instant, flight: &Shared<Flight>| {
            began.elapsed() <= limits.window_ms.duration()
                && flight.peek().is_none()
                && flight.strong_count().unwrap_or(usize::MAX) <= limits.max_subscribers
        };
        if let Some((began, flight)) = flights.get(&fingerprint)
            && let Some(flight) = flight.upgrade()
            && can_join(began, &flight)
        {
            return flight;
        }
        if flights.len() >= limits.max_pending_queries {
            flights.retain(|_, (_, flight)| flight.upgrade().is_some());
        }
        let flight = AssertUnwindSafe(finish(answer)).catch_unwind();
        let flight = flight.map(|ended| ended.ok().flatten()).boxed().shared();
        if let Some(weak) = flight.downgrade()
            && flights.len() < limits.max_pending_queries
        {
            flights.insert(fingerprint, (Instant::now(), weak));
        }
        flight
    }
}

async fn finish(answer: BoxFuture<'static, Response>) -> Option<Answer> {
    let (head, body) = answer.await.into_parts();
    Some(Answer {
        status: head.status,
        headers: head.headers,
        body: body.collect().await.ok()?.to_bytes(),
    })
}

fn is_search(head: &Parts) -> bool {
    let path = head.uri.path().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    matches!(head.method, Method::GET | Method::POST) && SEARCHES.contains(&last)
}

/// `ended`: of the tasks that had ended when the search came.
fn digest(head: &Parts, body: &[u8], ended: u64) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    add(&ended.to_le_bytes());
    add(head.method.as_str().as_bytes());
    add(head.uri.path().as_bytes());
    add(head.uri.query().unwrap_or_default().as_bytes());
    for name in HEADERS {
        add(head
            .headers
            .get(name)
            .map_or(&[][..], |value| value.as_bytes()));
    }
    add(body);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;

    use super::{Parts, digest, is_search};

    fn head(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap().into_parts().0
    }

    #[test]
    fn only_searches_are_shared() {
        let is = |method, uri| is_search(&head(method, uri, &[]));
        assert!(is("POST", "/indexes/a/search"));
        assert!(is("GET", "/indexes/a/search"));
        assert!(is("POST", "/multi-search"));
        assert!(!is("POST", "/indexes/a/documents/fetch"));
        assert!(!is("PATCH", "/indexes/search"));
        assert!(!is("POST", "/indexes/a/documents"));
    }

    #[test]
    fn another_access_another_header_or_a_later_moment_is_another_search() {
        let of = |headers: &[(&str, &str)], body: &str, ended| {
            let head = head("POST", "/indexes/a/search", headers);
            digest(&head, body.as_bytes(), ended)
        };
        let first = of(&[("authorization", "Bearer a")], "{}", 3);
        assert_eq!(
            first,
            of(&[("authorization", "Bearer a"), ("accept", "x")], "{}", 3)
        );
        assert_ne!(first, of(&[("authorization", "Bearer b")], "{}", 3));
        assert_ne!(first, of(&[("authorization", "Bearer a")], "{ }", 3));
        assert_ne!(first, of(&[("authorization", "Bearer a")], "{}", 4));
        let over = [("authorization", "Bearer a"), ("x-miroir-over-fetch", "5")];
        assert_ne!(first, of(&over, "{}", 3));
    }
}
