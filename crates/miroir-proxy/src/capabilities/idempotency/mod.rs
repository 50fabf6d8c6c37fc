//! `Idempotency-Key`: a write that a client sends again is answered with the task of the first one.
//!
//! The row that remembers a request is written in the transaction that makes its task durable, so that a crash leaves both or
//! neither. What carries it there is the task that works on the request: the claim is made at the edge, and taken where the task is
//! made. A request that makes no task leaves nothing, and its key stays free. Off: the header is ignored.

mod digest;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use miroir_core::error::Code;
use miroir_store::table::{IdempotencyKey, IdempotencyRow, TaskRow};
use miroir_store::{StoreError, Transaction};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::app::App;
use crate::clock;
use crate::http::body;
use crate::http::reply::{Failure, Reply};
use crate::tasks;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAY: HeaderName = HeaderName::from_static("x-miroir-idempotent-replay");
const LONGEST_KEY: usize = 255;
/// How many keyed writes go by between two looks at what has expired, and how much is forgotten in one.
const PRUNE_EVERY: u64 = 256;
const PRUNE_LIMIT: u64 = 10_000;

tokio::task_local! {
    static CLAIM: Claim;
}

/// Keyed writes that are being worked on.
#[derive(Default)]
pub(crate) struct Idempotency {
    in_flight: Mutex<HashMap<Name, watch::Receiver<()>>>,
    seen: AtomicU64,
}

/// A key and whose it is.
type Name = ([u8; 32], String);

/// What is to be remembered with the task of a request.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    name: Name,
    digest: [u8; 32],
    expires_at: i64,
}

/// The claim of the request that the running task works on.
pub(crate) fn claim() -> Option<Claim> {
    CLAIM.try_with(Claim::clone).ok()
}

/// Lets a story of the request that is being worked on make its claim.
pub(crate) fn carry<T>(story: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
    let claim = claim();
    async move {
        match claim {
            Some(claim) => CLAIM.scope(claim, story).await,
            None => story.await,
        }
    }
}

/// Remembers a request together with its task.
pub(crate) fn store(
    claim: Option<Claim>,
    tx: &mut dyn Transaction,
    task: &TaskRow,
) -> Result<(), StoreError> {
    let Some(claim) = claim else { return Ok(()) };
    let response = serde_json::to_vec(&tasks::summary(task))
        .expect("summaries have string keys and no numbers but integers");
    tx.idempotency().put(&IdempotencyRow {
        key: key_of(claim.name),
        digest: claim.digest,
        task_uid: Some(task.uid),
        status: StatusCode::ACCEPTED.as_u16(),
        response,
        expires_at: claim.expires_at,
    })
}

fn key_of((scope, key): Name) -> IdempotencyKey {
    IdempotencyKey { scope, key }
}

/// Answers a keyed write from memory, or has it carried out.
pub(crate) async fn once(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let wanted = app.config.idempotency.enabled && is_write(request.method(), request.uri().path());
    let key = match request.headers().get(&KEY).filter(|_| wanted) {
        None => return next.run(request).await,
        Some(value) => match read_key(value) {
            Ok(key) => key,
            Err(failure) => return failure.into_response(),
        },
    };
    match keyed(&app, key, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

async fn keyed(
    app: &Arc<App>,
    key: String,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let (mut head, body) = request.into_parts();
    let body = body::read(app, &head.headers, body).await?;
    let name = (digest::scope(&head.headers), key);
    let digest = digest::request(&head.method, &head.uri, &head.headers, &body);
    // The body is what it was before it was encoded.
    head.headers.remove(CONTENT_ENCODING);
    head.headers
        .insert(CONTENT_LENGTH, HeaderValue::from(body.len()));

    let limit = app.config.server.request_timeout_ms.duration();
    let turn = tokio::time::timeout(limit, app.idempotency.turn(&name)).await;
    let Ok(turn) = turn else {
        return Err(Failure::new(
            Code::MiroirSequencerUnavailable,
            "A request with the same `Idempotency-Key` is still being worked on. Retry later.",
        ));
    };
    let stored = key_of(name.clone());
    let row = app
        .store
        .read(move |tx| tx.idempotency().get(&stored))
        .await?;
    let now = clock::now_ms();
    if let Some(row) = row.filter(|row| row.expires_at > now) {
        return replay(row, &digest);
    }
    let ttl = i64::try_from(app.config.idempotency.ttl_seconds.duration().as_millis());
    let claim = Claim {
        name,
        digest,
        expires_at: now.saturating_add(ttl.unwrap_or(i64::MAX)),
    };
    let request = Request::from_parts(head, Body::from(body));
    let response = CLAIM.scope(claim, next.run(request)).await;
    let status = response.status();
    if status.is_success() && status != StatusCode::ACCEPTED {
        correct(app, &turn.name, status).await?;
    }
    drop(turn);
    app.idempotency.prune(app);
    Ok(response)
}

/// Some routes announce their task with another status, which only they know.
async fn correct(app: &App, name: &Name, status: StatusCode) -> Result<(), StoreError> {
    let key = key_of(name.clone());
    app.store
        .write(move |tx| {
            if let Some(mut row) = tx.idempotency().get(&key)? {
                row.status = status.as_u16();
                tx.idempotency().put(&row)?;
            }
            Ok(())
        })
        .await
}

fn replay(row: IdempotencyRow, digest: &[u8; 32]) -> Result<Response, Failure> {
    if row.digest != *digest {
        return Err(Failure::new(
            Code::MiroirIdempotencyKeyReused,
            "This `Idempotency-Key` was sent before with another request. Use a new key for every request.",
        ));
    }
    let status = StatusCode::from_u16(row.status).map_err(Failure::internal)?;
    let reply = Reply::json_bytes(status, row.response).header(REPLAY, "true");
    Ok(reply.into_response())
}

/// The right to work on a key; others wait for its end.
struct Turn<'a> {
    idempotency: &'a Idempotency,
    name: Name,
    _ends: watch::Sender<()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.idempotency.in_flight.lock().remove(&self.name);
    }
}

impl Idempotency {
    async fn turn(&self, name: &Name) -> Turn<'_> {
        loop {
            let mut other = {
                let mut in_flight = self.in_flight.lock();
                match in_flight.get(name) {
                    Some(other) => other.clone(),
                    None => {
                        let (ends, other) = watch::channel(());
                        in_flight.insert(name.clone(), other);
                        return Turn {
                            idempotency: self,
                            name: name.clone(),
                            _ends: ends,
                        };
                    }
                }
            };
            // Nothing is ever sent: it ends with the other one's turn.
            let _ = other.changed().await;
        }
    }

    fn prune(&self, app: &Arc<App>) {
        if !self
            .seen
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(PRUNE_EVERY)
        {
            return;
        }
        let most = app.config.idempotency.max_cached_keys as u64;
        let store = Arc::clone(app);
        app.spawn_worker(async move {
            let now = clock::now_ms();
            let pruned = store
                .store
                .write(move |tx| tx.idempotency().prune(now, most, PRUNE_LIMIT))
                .await;
            match pruned {
                Ok(0) => {}
                Ok(evicted) => {
                    tracing::warn!(evicted, "idempotency keys are forgotten before their time")
                }
                Err(error) => tracing::warn!(%error, "idempotency keys cannot be pruned"),
            }
        });
    }
}

/// Visible ASCII, not too long.
fn read_key(value: &HeaderValue) -> Result<String, Failure> {
    let bytes = value.as_bytes();
    let is_valid =
        (1..=LONGEST_KEY).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    if is_valid {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    Err(Failure::new(
        Code::MiroirInvalidHeader,
        format!("`Idempotency-Key` must be 1 to {LONGEST_KEY} visible ASCII characters."),
    ))
}

/// Whether a request may make a task. Some reads are written as `POST`.
fn is_write(method: &Method, path: &str) -> bool {
    const READS: [&str; 7] = [
        "search",
        "multi-search",
        "facet-search",
        "similar",
        "fetch",
        "fields",
        "explain",
    ];
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => false,
        Method::POST => !READS.contains(&last),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};

    use super::{is_write, read_key};

    #[test]
    fn keys_are_visible_ascii() {
        let key = |text: &str| read_key(&HeaderValue::from_bytes(text.as_bytes()).unwrap()).ok();
        assert_eq!(key("8e03978e"), Some("8e03978e".to_owned()));
        assert_eq!(key(""), None);
        assert_eq!(key("two words"), None);
        assert_eq!(key("schlüssel"), None);
        assert!(key(&"k".repeat(255)).is_some());
        assert_eq!(key(&"k".repeat(256)), None);
    }

    #[test]
    fn searches_are_no_writes() {
        for (method, path, expected) in [
            (Method::POST, "/indexes/a/search", false),
            (Method::POST, "/indexes/a/documents/fetch", false),
            (Method::GET, "/indexes/a/documents", false),
            (Method::POST, "/indexes/a/documents", true),
            (Method::POST, "/indexes/a/documents/delete-batch", true),
            (Method::PATCH, "/indexes/a/settings", true),
            (Method::DELETE, "/tasks", true),
            (Method::POST, "/multi-search", false),
        ] {
            assert_eq!(is_write(&method, path), expected, "{method} {path}");
        }
    }
}
