//! A listener in front of a node that looks at every request: does it carry the node key and nothing of a client's?

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::net::TcpListener;

use crate::cluster::NODE_MASTER_KEY;
use crate::edge::FORBIDDEN;
use crate::front::{self, Behind};

/// Headers that stay at the edge.
const KEPT_OUT: &[&str] = &[
    "x-admin-key",
    "x-forwarded-for",
    "taskid",
    "meili-proxy-search",
    "idempotency-key",
];

/// The listener of one node.
#[derive(Debug)]
pub struct Watch {
    url: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    behind: Behind,
    requests: AtomicU64,
    faults: Mutex<Vec<String>>,
}

impl Watch {
    /// Listens in front of the node at `target` until the runtime ends.
    pub async fn start(target: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            behind: Behind::at(target),
            requests: AtomicU64::new(0),
            faults: Mutex::default(),
        });
        let watching = state.clone();
        tokio::spawn(front::listen(listener, move |request| {
            let state = watching.clone();
            async move { state.pass(request).await.unwrap_or_else(front::no_answer) }
        }));
        Ok(Self { url, state })
    }

    /// Where the proxy is to find the node.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many requests have come.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::Relaxed)
    }

    /// Requests that should not have come.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let faults = self.state.faults.lock();
        faults.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    async fn pass(&self, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(what) = fault(&head, &body) {
            let what = format!("{what}: {} {}", head.method, head.uri);
            let faults = self.faults.lock();
            faults.unwrap_or_else(PoisonError::into_inner).push(what);
        }
        Some(self.behind.ask(head, body).await?.into_response())
    }
}

fn fault(head: &Parts, body: &[u8]) -> Option<String> {
    let expected = format!("Bearer {NODE_MASTER_KEY}");
    let shown = head.headers.get_all(AUTHORIZATION).iter();
    let shown: Vec<&[u8]> = shown.map(|value| value.as_bytes()).collect();
    if shown != [expected.as_bytes()] {
        return Some("not the node key alone".to_owned());
    }
    let passed_on = head.headers.keys().find(|name| {
        let name = name.as_str();
        name.starts_with("x-miroir-") || KEPT_OUT.contains(&name) || name == COOKIE.as_str()
    });
    if let Some(name) = passed_on {
        return Some(format!("a client's `{name}`"));
    }
    let forbidden = FORBIDDEN.as_bytes();
    let is_forbidden = head.uri.to_string().contains(FORBIDDEN)
        || body.windows(forbidden.len()).any(|part| part == forbidden);
    is_forbidden.then(|| "a request that nobody was allowed to make".to_owned())
}
