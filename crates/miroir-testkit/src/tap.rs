//! A listener in front of a node that passes everything on and remembers the searches: what a proxy asks of its nodes can be
//! counted, and a node can be lost at a certain question.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;

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
    target: String,
    searches: Searches,
    /// Searches that the node still answers.
    left: AtomicUsize,
    pool: Pool<HttpConnector, Full<Bytes>>,
}

impl Tap {
    /// Listens in front of the node at `target` until the runtime ends.
    pub async fn start(node: &str, target: &str, searches: Searches) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            node: node.to_owned(),
            target: target.to_owned(),
            searches,
            left: AtomicUsize::new(usize::MAX),
            pool: Pool::builder(TokioExecutor::new()).build_http(),
        });
        tokio::spawn(listen(listener, state.clone()));
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
}

async fn listen(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = state.clone();
        let serve = service_fn(move |request| {
            let state = state.clone();
            async move { Ok::<_, Infallible>(state.pass(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
    }
}

impl State {
    async fn pass(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.exchange(request).await.unwrap_or_else(|| {
            let mut failed = Response::new(Full::default());
            *failed.status_mut() = StatusCode::BAD_GATEWAY;
            failed
        })
    }

    /// `None` when the node gives no answer, or is not to.
    async fn exchange(&self, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
        let (mut head, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let is_search = head.uri.path().ends_with("/search");
        if is_search {
            let take = |left: usize| left.checked_sub(1);
            self.left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
                .ok()?;
        }
        let path = head.uri.path_and_query()?;
        head.uri = format!("{}{path}", self.target).parse::<Uri>().ok()?;
        head.headers.remove(HOST);
        head.headers.remove(TRANSFER_ENCODING);
        head.headers.remove(CONTENT_LENGTH);
        let asked = body.clone();
        let answer = self
            .pool
            .request(Request::from_parts(head, Full::new(body)))
            .await
            .ok()?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        if is_search && head.status.is_success() {
            self.searches.push(Asked {
                node: self.node.clone(),
                request: serde_json::from_slice(&asked).ok()?,
                answer: serde_json::from_slice(&body).ok()?,
            });
        }
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = head.status;
        if let Some(content_type) = head.headers.get(CONTENT_TYPE) {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, content_type.clone());
        }
        Some(response)
    }
}
