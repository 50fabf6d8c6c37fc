//! A listener that stands in front of a server: what [`crate::tap`] and the benchmark's nodes share.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// The server behind.
#[derive(Debug)]
pub(crate) struct Behind {
    url: String,
    pool: Pool<HttpConnector, Full<Bytes>>,
}

/// What it answered, as far as anybody looks at it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

impl Behind {
    /// `url` has no path.
    pub(crate) fn at(url: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            url: url.to_owned(),
            pool: Pool::builder(TokioExecutor::new()).build(connector),
        }
    }

    /// Asks the same of it; `None` when there is no answer.
    pub(crate) async fn ask(&self, mut head: Parts, body: Bytes) -> Option<Answer> {
        let path = head.uri.path_and_query()?;
        head.uri = format!("{}{path}", self.url).parse::<Uri>().ok()?;
        for of_this_hop in [HOST, TRANSFER_ENCODING, CONTENT_LENGTH] {
            head.headers.remove(of_this_hop);
        }
        let request = Request::from_parts(head, Full::new(body));
        let (head, body) = self.pool.request(request).await.ok()?.into_parts();
        Some(Answer {
            status: head.status,
            content_type: head.headers.get(CONTENT_TYPE).cloned(),
            body: body.collect().await.ok()?.to_bytes(),
        })
    }
}

impl Answer {
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        if let Some(content_type) = self.content_type {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        response
    }
}

/// What a client gets when the server behind gives no answer.
pub(crate) fn no_answer() -> Response<Full<Bytes>> {
    let mut failed = Response::new(Full::default());
    *failed.status_mut() = StatusCode::BAD_GATEWAY;
    failed
}

/// Answers whatever comes, until the runtime ends.
pub(crate) async fn listen<F, A>(listener: TcpListener, answer: F)
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        // Small answers must not wait for an acknowledgement; a connection that is gone already fails at its first read.
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        let serve = service_fn(move |request| {
            let answer = answer(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
    }
}
