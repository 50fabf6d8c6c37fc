//! A small HTTP client for tests: one request, its whole answer as bytes.
//!
//! It follows no redirect, decodes nothing and retries nothing, so that a test sees what the server did.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// How long one request may take before it counts as lost.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long [`Client::wait_task`] waits for a task to finish.
const TASK_TIMEOUT: Duration = Duration::from_secs(120);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The request could not be built: a bad path, method or header.
    #[error("cannot build the request")]
    Request(#[from] http::Error),
    /// No connection, or it broke before an answer began.
    #[error("no answer from {url}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What happened.
        #[source]
        source: hyper_util::client::legacy::Error,
    },
    /// The answer began but did not end.
    #[error("the answer broke off")]
    BrokenAnswer(#[from] hyper::Error),
    /// No answer within the time limit.
    #[error("no answer from {url} within {limit:?}")]
    Timeout {
        /// What was asked.
        url: String,
        /// How long was waited.
        limit: Duration,
    },
    /// An answer that should have been JSON was not.
    #[error("answer {status} is not JSON: {body}")]
    NotJson {
        /// Status of the answer.
        status: StatusCode,
        /// Its text.
        body: String,
    },
    /// A task did not finish in time; its last view is included.
    #[error("task still not finished: {last}")]
    TaskUnfinished {
        /// The view that was read last.
        last: Value,
    },
}

impl ClientError {
    /// Whether the server cannot have got anything of the request: there was no connection.
    #[must_use]
    pub fn never_left(&self) -> bool {
        matches!(self, Self::Unreachable { source, .. } if source.is_connect())
    }
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers as received.
    pub headers: HeaderMap,
    /// Body as received.
    pub body: Bytes,
}

impl Response {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value, ClientError> {
        serde_json::from_slice(&self.body).map_err(|_| ClientError::NotJson {
            status: self.status,
            body: self.text(),
        })
    }

    /// The body as text; invalid UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text; `None` when absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The uid of the task that the answer announces.
    #[must_use]
    pub fn task_uid(&self) -> Option<u64> {
        self.json().ok()?.get("taskUid")?.as_u64()
    }
}

/// Speaks to one server with one key. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    key: Option<String>,
    timeout: Duration,
    pool: Pool<HttpConnector, Full<Bytes>>,
}

fn pool(most_idle: usize) -> Pool<HttpConnector, Full<Bytes>> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Pool::builder(TokioExecutor::new())
        .pool_max_idle_per_host(most_idle)
        .build(connector)
}

impl Client {
    /// `base` is a URL without a path, such as `http://127.0.0.1:7700`.
    #[must_use]
    pub fn new(base: &str, key: Option<&str>) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            key: key.map(ToOwned::to_owned),
            timeout: REQUEST_TIMEOUT,
            pool: pool(usize::MAX),
        }
    }

    /// The same server with another key, or with none.
    #[must_use]
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self {
            key: key.map(ToOwned::to_owned),
            ..self.clone()
        }
    }

    /// The same server with another time limit per request.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            timeout,
            ..self.clone()
        }
    }

    /// The same server over a new connection for every request. A server may close a connection after an error that it
    /// found before it read the body; a request that already uses that connection would be lost, now and then.
    #[must_use]
    pub fn with_fresh_connections(&self) -> Self {
        Self {
            pool: pool(0),
            ..self.clone()
        }
    }

    /// The URL that paths are appended to.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request as given; the key is added unless `headers` name an `Authorization`.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Response, ClientError> {
        let url = format!("{}{path}", self.base);
        let mut request = Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(key) = &self.key
            && !headers
                .iter()
                .any(|(name, _)| *name == header::AUTHORIZATION)
        {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        let request = request.body(Full::new(body))?;
        let exchange =
            async {
                let answer = self.pool.request(request).await.map_err(|source| {
                    ClientError::Unreachable {
                        url: url.clone(),
                        source,
                    }
                })?;
                let (head, body) = answer.into_parts();
                let body = body.collect().await?.to_bytes();
                Ok(Response {
                    status: head.status,
                    headers: head.headers,
                    body,
                })
            };
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ClientError::Timeout {
                url: url.clone(),
                limit: self.timeout,
            }),
        }
    }

    async fn send_json(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Response, ClientError> {
        let json = [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )];
        self.send(method, path, &json, Bytes::from(body.to_string()))
            .await
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Result<Response, ClientError> {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// `POST` with a JSON body
    pub async fn post(&self, path: &str, body: &Value) -> Result<Response, ClientError> {
        self.send_json(Method::POST, path, body).await
    }

    /// `PUT` with a JSON body
    pub async fn put(&self, path: &str, body: &Value) -> Result<Response, ClientError> {
        self.send_json(Method::PUT, path, body).await
    }

    /// `PATCH` with a JSON body
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Response, ClientError> {
        self.send_json(Method::PATCH, path, body).await
    }

    /// `DELETE` without a body
    pub async fn delete(&self, path: &str) -> Result<Response, ClientError> {
        self.send(Method::DELETE, path, &[], Bytes::new()).await
    }

    /// Waits until a task is no longer enqueued or processing and returns its view. An answer that is not a task view
    /// (a 404 or 401, for example) is returned as it is.
    pub async fn wait_task(&self, uid: u64) -> Result<Value, ClientError> {
        let deadline = tokio::time::Instant::now() + TASK_TIMEOUT;
        let mut pause = Duration::from_millis(5);
        loop {
            let view = self.get(&format!("/tasks/{uid}")).await?.json()?;
            let running = matches!(view["status"].as_str(), Some("enqueued" | "processing"));
            if !running {
                return Ok(view);
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(ClientError::TaskUnfinished { last: view });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }
}
