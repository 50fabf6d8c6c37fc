//! One request from its arrival to its answer: its id, its line in the log, its place in the metrics.

use std::sync::LazyLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use miroir_core::id::IndexUid;
use opentelemetry::KeyValue;
use tracing::{Instrument as _, Level, Span};

use crate::app::App;
use crate::http::reply::DEGRADED;
use crate::telemetry::log::Line;
use crate::telemetry::metrics::InFlight;
use crate::telemetry::traces;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Routes that monitoring calls every few seconds; they leave no line.
const UNLOGGED: [&str; 3] = ["/health", "/_miroir/ready", "/_miroir/metrics"];
/// The longest id that is taken over from a client.
const LONGEST_ID: usize = 64;

/// Whether the configured level has a line for each request. Asked once, on a thread of its own: a subscriber of several layers takes
/// the answer for the beginning of an event, and would leave out the next span of the thread.
static IS_LOGGED: LazyLock<bool> = LazyLock::new(|| {
    let asked = std::thread::spawn(|| tracing::event_enabled!(Level::INFO));
    asked.join().unwrap_or(true)
});

tokio::task_local! {
    /// Of the request that is worked on.
    static ID: HeaderValue;
}

/// Gives `read` the id of the request that is worked on.
pub(super) fn with_id<T>(read: impl FnOnce(Option<&str>) -> T) -> T {
    let id = ID.try_with(HeaderValue::clone).ok();
    read(id.as_ref().and_then(|id| id.to_str().ok()))
}

/// Lets what goes on elsewhere belong to the request that is worked on.
pub(crate) fn carry<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let id = ID.try_with(HeaderValue::clone).ok();
    let span = Span::current();
    async move {
        match id {
            Some(id) => ID.scope(id, work).await,
            None => work.await,
        }
    }
    .instrument(span)
}

/// A request that is worked on; all of them are, also what is answered before there is a route.
pub(crate) struct Observed {
    begun: Instant,
    _in_flight: InFlight,
    id: HeaderValue,
    method: Method,
    index: Option<IndexUid>,
    span: Span,
}

impl Observed {
    pub(crate) fn begin(app: &App, request: &Request) -> Self {
        let id = id_of(request);
        Self {
            begun: Instant::now(),
            _in_flight: app.metrics.requests.begin(),
            method: request.method().clone(),
            index: index_of(request.uri().path()),
            span: traces::request(request.headers()),
            id,
        }
    }

    /// Works on it: what this brings about belongs to it.
    pub(crate) fn within<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        ID.scope(self.id.clone(), work)
            .instrument(self.span.clone())
    }

    /// It has its answer. `template` is that of its route, where the answer does not tell.
    pub(crate) fn end(self, app: &App, template: Option<&'static str>, response: &mut Response) {
        let status = response.status();
        let route = response.extensions().get::<MatchedPath>();
        let template = template.or_else(|| route.map(MatchedPath::as_str));
        let index = self.index.filter(|_| template.is_some());
        let template = template.unwrap_or("unmatched");
        let duration = self.begun.elapsed();
        app.metrics
            .requests
            .end(&self.method, template, status, duration);
        let degraded = response.headers().contains_key(DEGRADED);
        // Writes that some copies missed are answered with 202.
        if degraded && status == StatusCode::OK {
            app.metrics.reads.answered_in_part();
        }
        let id = self.id.to_str().unwrap_or_default();
        if !UNLOGGED.contains(&template) && *IS_LOGGED {
            let mut line = Line::new("request completed", module_path!(), id);
            if let Some((trace_id, span_id)) = traces::place(&self.span) {
                line = line.text("trace_id", &trace_id).text("span_id", &span_id);
            }
            line = line
                .text("method", self.method.as_str())
                .text("path_template", template);
            if let Some(index) = &index {
                line = line.text("index", index.as_str());
            }
            line.number("status", status.as_u16().into())
                .number(
                    "duration_ms",
                    duration.as_millis().try_into().unwrap_or(u64::MAX),
                )
                .truth("degraded", degraded)
                .write();
        }
        if traces::are_on() {
            let mut attributes = vec![
                KeyValue::new("status", i64::from(status.as_u16())),
                KeyValue::new("degraded", degraded),
                KeyValue::new(
                    "request_id",
                    self.id.to_str().unwrap_or_default().to_owned(),
                ),
            ];
            attributes.extend(index.map(|index| KeyValue::new("index", index.to_string())));
            traces::end(&self.span, &self.method, template, attributes);
        }
        response.headers_mut().insert(REQUEST_ID, self.id);
    }
}

/// Tells [`Observed::end`], which stands outside of the routes, which of them has answered.
pub(crate) async fn name_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// The client's, if it is one that may be written into a log, else a fresh one.
fn id_of(request: &Request) -> HeaderValue {
    let of_client = request.headers().get(&REQUEST_ID);
    match of_client.filter(|id| is_valid(id.as_bytes())) {
        Some(id) => id.clone(),
        None => {
            let id: u64 = rand::random();
            HeaderValue::from_str(&format!("{id:016x}")).expect("hexadecimal digits")
        }
    }
}

fn is_valid(id: &[u8]) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The index in a path below `/indexes/`, if it is the name of one: nothing else may come from a path into the log.
fn index_of(path: &str) -> Option<IndexUid> {
    let rest = path.strip_prefix("/indexes/")?;
    rest.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_safe_ids_reach_the_log() {
        let movies = index_of("/indexes/movies/search").map(|uid| uid.to_string());
        assert_eq!(movies.as_deref(), Some("movies"));
        assert_eq!(index_of("/indexes/a%20secret"), None);
        assert_eq!(index_of("/tasks/1"), None);
        assert!(is_valid(b"9f1c2a7be4d00a13"));
        assert!(is_valid(b"a_B-3"));
        assert!(!is_valid(b""));
        assert!(!is_valid(b"two words"));
        assert!(!is_valid(&[b'a'; 65]));
    }
}
