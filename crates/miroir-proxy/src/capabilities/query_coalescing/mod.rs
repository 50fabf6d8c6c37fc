//! Identical searches at the same time share one scatter, and its bytes.
//!
//! Identical means byte for byte, with the same credential and every header that a search looks at. A scatter is joined only while
//! it runs, and only if it began in the last moments: and never across the end of a task, so that whoever has seen a write succeed
//! gets an answer that began after it. The scatter runs in a task of its own and goes on as long as anybody waits for it. An answer
//! that is an error, or lacks shards, reaches those who wait. Off: every search is alone.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::AbortHandle;
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

type Fingerprint = [u8; 32];

/// The scatters that can be joined.
#[derive(Default)]
pub(crate) struct Coalescing {
    flights: Mutex<HashMap<Fingerprint, Weak<Flight>>>,
}

/// One scatter. It ends when nobody waits for it any more.
struct Flight {
    began: Instant,
    answer: watch::Receiver<Option<Answer>>,
    scatter: AbortHandle,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.scatter.abort();
    }
}

/// A finished answer.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Answers a search by a scatter that somebody else has begun, or begins one that others may join.
pub(crate) async fn share(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if !app.config.query_coalescing.enabled || !is_search(&request) {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        // The handler says what is wrong with a body that did not come to its end: it gets none.
        return next.run(Request::from_parts(head, Body::empty())).await;
    };
    let body = body.to_bytes();
    let fingerprint = fingerprint(&head, &body, app.open_tasks.ended());
    app.coalescing
        .board(&app, fingerprint, head, body, next)
        .land()
        .await
}

impl Coalescing {
    /// The scatter to wait for: one that is under way, or a new one.
    fn board(
        &self,
        app: &App,
        fingerprint: Fingerprint,
        head: Parts,
        body: Bytes,
        next: Next,
    ) -> Arc<Flight> {
        let limits = &app.config.query_coalescing;
        let mut flights = self.flights.lock();
        let known = flights.get(&fingerprint).and_then(Weak::upgrade);
        let can_join = |flight: &Arc<Flight>| {
            flight.began.elapsed() <= limits.window_ms.duration()
                && flight.answer.borrow().is_none()
                && Arc::strong_count(flight) <= limits.max_subscribers
        };
        if let Some(flight) = known.filter(can_join) {
            return flight;
        }
        if flights.len() >= limits.max_pending_queries {
            flights.retain(|_, flight| flight.strong_count() > 0);
        }
        let (sender, answer) = watch::channel(None);
        let scatter = tokio::spawn(async move {
            let response = next.run(Request::from_parts(head, Body::from(body))).await;
            let (head, body) = response.into_parts();
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => return,
            };
            sender.send_replace(Some(Answer {
                status: head.status,
                headers: head.headers,
                body,
            }));
        });
        let flight = Arc::new(Flight {
            began: Instant::now(),
            answer,
            scatter: scatter.abort_handle(),
        });
        if flights.len() < limits.max_pending_queries {
            flights.insert(fingerprint, Arc::downgrade(&flight));
        }
        flight
    }
}

impl Flight {
    async fn land(self: Arc<Self>) -> Response {
        let mut receiver = self.answer.clone();
        let answer = match receiver.wait_for(Option::is_some).await {
            Ok(answer) => answer.clone(),
            Err(_) => None,
        };
        match answer {
            Some(answer) => {
                let mut response = Response::new(Body::from(answer.body));
                *response.status_mut() = answer.status;
                *response.headers_mut() = answer.headers;
                response
            }
            None => Failure::internal("a search has ended without an answer").into_response(),
        }
    }
}

fn is_search(request: &Request) -> bool {
    let path = request.uri().path().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let length = request.body().size_hint().exact();
    matches!(*request.method(), Method::GET | Method::POST)
        && SEARCHES.contains(&last)
        && length.is_some_and(|length| length <= LONGEST_BODY)
}

/// `ended`: of the tasks that had ended when the search came.
fn fingerprint(head: &Parts, body: &[u8], ended: u64) -> Fingerprint {
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

    use super::{fingerprint, is_search};

    fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Request {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    }

    #[test]
    fn only_searches_are_shared() {
        let is = |method, uri| is_search(&request(method, uri, &[], "{}"));
        assert!(is("POST", "/indexes/a/search"));
        assert!(is("GET", "/indexes/a/search"));
        assert!(is("POST", "/multi-search"));
        assert!(!is("POST", "/indexes/a/documents/fetch"));
        assert!(!is("PATCH", "/indexes/search"));
        assert!(!is("POST", "/indexes/a/documents"));
        let long = "x".repeat(1 << 20);
        assert!(!is_search(&request("POST", "/multi-search", &[], &long)));
    }

    #[test]
    fn another_access_another_header_or_a_later_moment_is_another_search() {
        let of = |headers: &[(&str, &str)], body: &str, ended| {
            let (head, _) = request("POST", "/indexes/a/search", headers, body).into_parts();
            fingerprint(&head, body.as_bytes(), ended)
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
