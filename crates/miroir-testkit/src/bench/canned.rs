//! A node that has learnt its answers: the real one behind it answers a read once, after that the same bytes come back at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::front::{self, Answer, Behind};

/// A read: what makes two of them the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Read {
    pub(super) method: Method,
    /// With its query.
    pub(super) path: String,
    pub(super) body: Bytes,
}

/// The listener of one node.
#[derive(Debug)]
pub struct Canned {
    address: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    behind: Behind,
    learning: AtomicBool,
    learnt: RwLock<Learnt>,
    reads: AtomicU64,
    delay_microseconds: AtomicU64,
    frozen: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Learnt {
    answers: HashMap<Read, Answer>,
    last: Option<Read>,
}

impl Canned {
    /// Listens in front of the node at `url` until the runtime ends. It learns nothing before it is told to.
    pub async fn start(url: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let state = Arc::new(State {
            behind: Behind::at(url),
            learning: AtomicBool::new(false),
            learnt: RwLock::default(),
            reads: AtomicU64::new(0),
            delay_microseconds: AtomicU64::new(0),
            frozen: watch::Sender::new(false),
        });
        let answering = state.clone();
        tokio::spawn(front::listen(listener, move |request| {
            let state = answering.clone();
            async move { state.answer(request).await.unwrap_or_else(front::no_answer) }
        }));
        Ok(Self { address, state })
    }

    /// Such as `127.0.0.1:4711`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Where the proxy is to find the node.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on nothing that is read changes.
    pub(super) fn learn(&self) {
        self.state.learning.store(true, Ordering::Relaxed);
    }

    /// The read that was learnt last.
    pub(super) fn last(&self) -> Option<Read> {
        let learnt = self.state.learnt.read();
        learnt.unwrap_or_else(PoisonError::into_inner).last.clone()
    }

    /// How many reads have come.
    pub(super) fn reads(&self) -> u64 {
        self.state.reads.load(Ordering::Relaxed)
    }

    /// Lets every answer take so much longer.
    pub fn delay(&self, delay: Duration) {
        let microseconds = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.state
            .delay_microseconds
            .store(microseconds, Ordering::Relaxed);
    }

    /// Holds every answer back until it is told otherwise.
    pub fn freeze(&self, frozen: bool) {
        self.state.frozen.send_replace(frozen);
    }
}

impl State {
    async fn answer(&self, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        self.hold_back().await;
        if !is_read(&head.method, head.uri.path()) || !self.learning.load(Ordering::Relaxed) {
            return Some(self.behind.ask(head, body).await?.into_response());
        }
        self.reads.fetch_add(1, Ordering::Relaxed);
        let read = Read {
            method: head.method.clone(),
            path: head.uri.path_and_query()?.to_string(),
            body,
        };
        if let Some(answer) = self.known(&read) {
            return Some(answer.into_response());
        }
        let answer = self.behind.ask(head, read.body.clone()).await?;
        let mut learnt = self.learnt.write().unwrap_or_else(PoisonError::into_inner);
        learnt.answers.insert(read.clone(), answer.clone());
        learnt.last = Some(read);
        Some(answer.into_response())
    }

    fn known(&self, read: &Read) -> Option<Answer> {
        let learnt = self.learnt.read().unwrap_or_else(PoisonError::into_inner);
        learnt.answers.get(read).cloned()
    }

    async fn hold_back(&self) {
        let delay = self.delay_microseconds.load(Ordering::Relaxed);
        if delay > 0 {
            tokio::time::sleep(Duration::from_micros(delay)).await;
        }
        if *self.frozen.borrow() {
            let mut frozen = self.frozen.subscribe();
            // The sender lives as long as this state.
            let _ = frozen.wait_for(|frozen| !frozen).await;
        }
    }
}

/// Searches and documents.
fn is_read(method: &Method, path: &str) -> bool {
    path.ends_with("-search")
        || path.ends_with("/search")
        || path.ends_with("/documents/fetch")
        || (*method == Method::GET && path.contains("/documents"))
}
