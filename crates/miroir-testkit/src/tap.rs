//! A listener in front of a node that passes everything on and remembers the searches: what a proxy asks of its nodes can be
//! counted, a node can be lost at a certain question, and what it answers to a write can be lost on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::front::{self, Behind};

/// One search that a node answered.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The id of the node.
    pub node: String,
    /// The body of the request.
    pub request: Value,
    /// The body of the answer.
    pub answer: Value,
}

impl Asked {
    /// How many hits the answer moved.
    #[must_use]
    pub fn hits(&self) -> usize {
        self.answer["hits"].as_array().map_or(0, Vec::len)
    }
}

/// Searches of all tapped nodes, in the order in which their answers were complete.
#[derive(Debug, Clone, Default)]
pub struct Searches(Arc<Mutex<Vec<Asked>>>);

impl Searches {
    /// What was asked since the last time, and forgets it.
    #[must_use]
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, asked: Asked) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(asked);
    }
}

/// The listener of one node.
#[derive(Debug)]
pub struct Tap {
    url: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    node: String,
    behind: Behind,
    searches: Searches,
    /// Searches that the node still answers.
    left: AtomicUsize,
    /// Answers to writes of documents that will be lost.
    lost: AtomicUsize,
}

impl Tap {
    /// Listens in front of the node at `target` until the runtime ends.
    pub async fn start(node: &str, target: &str, searches: Searches) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            node: node.to_owned(),
            behind: Behind::at(target),
            searches,
            left: AtomicUsize::new(usize::MAX),
            lost: AtomicUsize::new(0),
        });
        let passing = state.clone();
        tokio::spawn(front::listen(listener, move |request| {
            let state = passing.clone();
            async move { state.pass(request).await }
        }));
        Ok(Self { url, state })
    }

    /// Where the proxy is to find the node.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets the node answer so many more searches, and fail all that follow.
    pub fn answer_only(&self, searches: usize) {
        self.state.left.store(searches, Ordering::SeqCst);
    }

    /// Loses the answers to so many writes of documents that the node takes: the proxy sees a bad gateway.
    pub fn lose_answers(&self, writes: usize) {
        self.state.lost.store(writes, Ordering::SeqCst);
    }
}

/// Counts down; `None` when nothing is left.
fn take_one(counter: &AtomicUsize) -> Option<usize> {
    let take = |left: usize| left.checked_sub(1);
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
        .ok()
}

impl State {
    async fn pass(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let answer = self.exchange(request).await;
        answer.unwrap_or_else(front::no_answer)
    }

    /// `None` when the node gives no answer, or is not to.
    async fn exchange(&self, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let is_search = head.uri.path().ends_with("/search");
        let is_write = head.method != Method::GET && head.uri.path().ends_with("/documents");
        if is_search {
            take_one(&self.left)?;
        }
        let answer = self.behind.ask(head, body.clone()).await?;
        if is_write && take_one(&self.lost).is_some() {
            return None;
        }
        if is_search && answer.status.is_success() {
            self.searches.push(Asked {
                node: self.node.clone(),
                request: serde_json::from_slice(&body).ok()?,
                answer: serde_json::from_slice(&answer.body).ok()?,
            });
        }
        Some(answer.into_response())
    }
}
