//! Calls to addresses that somebody else chose: webhooks, the targets of exports. No redirects are followed, and where a name
//! leads is judged after it has been resolved, on the very addresses that are connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};
use tower::Service;

use crate::reach::Reach;
use crate::tls::Tls;

/// Bytes of an answer that are read; no receiver has more to say.
const LONGEST_ANSWER: usize = 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends requests to where [`Reach`] lets them go.
#[derive(Clone)]
pub struct External {
    client: Client<HttpsConnector<HttpConnector<Guarded>>, Full<Bytes>>,
    reach: Reach,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ExternalError {
    /// The address is not one that clients may name.
    #[error("Rejected IP")]
    OutOfReach,
    #[error("no answer in time")]
    Timeout,
    #[error("the connection failed: {0}")]
    Connection(#[from] hyper_util::client::legacy::Error),
    #[error("the answer broke off: {0}")]
    Answer(Box<dyn std::error::Error + Send + Sync>),
}

impl External {
    #[must_use]
    pub fn new(reach: Reach, tls: &Tls) -> Self {
        let mut connector = HttpConnector::new_with_resolver(Guarded {
            resolver: GaiResolver::new(),
            reach: reach.clone(),
        });
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config((*tls.0).clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Self { client, reach }
    }

    /// Sends a request whose URI is absolute, and reads the answer.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<(StatusCode, Bytes), ExternalError> {
        // A host that is an address is not resolved, so nobody else would judge it.
        if literal(request.uri()).is_some_and(|address| !self.reach.allows(address)) {
            return Err(ExternalError::OutOfReach);
        }
        let exchange = async {
            let answer = self.client.request(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect();
            let body = body.await.map_err(ExternalError::Answer)?;
            Ok::<_, ExternalError>((status, body.to_bytes()))
        };
        let outcome = timeout_at(deadline, exchange).await;
        outcome.unwrap_or(Err(ExternalError::Timeout))
    }
}

fn literal(uri: &Uri) -> Option<IpAddr> {
    let host = uri.host()?;
    let host = host.strip_prefix('[').unwrap_or(host);
    host.strip_suffix(']').unwrap_or(host).parse().ok()
}

/// Resolves names, and leaves out addresses that are out of reach.
#[derive(Clone)]
struct Guarded {
    resolver: GaiResolver,
    reach: Reach,
}

type Resolved = Pin<Box<dyn Future<Output = io::Result<std::vec::IntoIter<SocketAddr>>> + Send>>;

impl Service<Name> for Guarded {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Resolved;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.resolver.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Resolved {
        let resolving = self.resolver.call(name);
        let reach = self.reach.clone();
        Box::pin(async move {
            let found = resolving.await?;
            let within: Vec<SocketAddr> =
                found.filter(|address| reach.allows(address.ip())).collect();
            match within.is_empty() {
                false => Ok(within.into_iter()),
                true => Err(io::Error::other(ExternalError::OutOfReach)),
            }
        })
    }
}
