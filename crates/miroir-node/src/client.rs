//! The connections to one node.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Uri};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use miroir_core::id::NodeId;
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use crate::answer::Answer;
use crate::call::{Call, Kind};
use crate::error::{NodeError, Stage};
use crate::outgoing::Outgoing;
use crate::tls::Tls;

/// Bounds of the connections kept to one node.
#[derive(Debug, Clone, Copy)]
pub struct PoolLimits {
    /// Idle connections kept open.
    pub max_idle: usize,
    /// Calls under way at once; more wait for a slot.
    pub max_total: usize,
    pub idle_timeout: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            max_idle: 32,
            max_total: 128,
            idle_timeout: Duration::from_secs(60),
        }
    }
}

/// The client of one node.
///
/// Dropping the future of [`NodeClient::call`] cancels the call: an HTTP/1.1 connection in the middle of an exchange is closed,
/// which a node notices.
pub struct NodeClient {
    id: NodeId,
    /// `http://host:port` or `https://host:port`, no trailing slash.
    address: String,
    authorization: Option<HeaderValue>,
    reads: Pool,
    writes: Pool,
    slots: Semaphore,
}

type Pool = Client<HttpsConnector<HttpConnector>, Outgoing>;

impl NodeClient {
    /// `address` is `http://host[:port]`, or `https://host[:port]` if `tls` trusts it. `key` is sent as the bearer of every call.
    ///
    /// # Errors
    /// A key with bytes that no header may carry.
    pub fn new(
        id: NodeId,
        address: &str,
        key: Option<&str>,
        limits: PoolLimits,
        tls: &Tls,
    ) -> Result<Self, http::header::InvalidHeaderValue> {
        let authorization = match key {
            Some(key) => {
                let mut value = HeaderValue::try_from(format!("Bearer {key}"))?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        Ok(Self {
            id,
            address: address.trim_end_matches('/').to_owned(),
            authorization,
            reads: pool(limits, tls, true),
            writes: pool(limits, tls, false),
            slots: Semaphore::new(limits.max_total),
        })
    }

    pub fn id(&self) -> &NodeId {
        &self.id
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends the call and reads the whole answer, whatever its status, within the call's deadline.
    pub async fn call(&self, call: Call) -> Result<Answer, NodeError> {
        let deadline = call.deadline;
        let slot = timeout_at(deadline, self.slots.acquire())
            .await
            .map_err(|_| NodeError::timeout(&self.id, Stage::Queue))?;
        let _slot = slot.map_err(|closed| NodeError::failed(&self.id, Stage::Queue, closed))?;

        let pool = match call.kind {
            Kind::Read => &self.reads,
            Kind::Write => &self.writes,
        };
        let request = self.request(call)?;
        let response = timeout_at(deadline, pool.request(request))
            .await
            .map_err(|_| NodeError::timeout(&self.id, Stage::Wait))?
            .map_err(|error| {
                let stage = if error.is_connect() {
                    Stage::Connect
                } else {
                    Stage::Wait
                };
                NodeError::failed(&self.id, stage, error)
            })?;

        let (head, body) = response.into_parts();
        let body = timeout_at(deadline, body.collect())
            .await
            .map_err(|_| NodeError::timeout(&self.id, Stage::Read))?
            .map_err(|error| NodeError::failed(&self.id, Stage::Read, error))?
            .to_bytes();
        let content_type = head
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Ok(Answer {
            status: head.status,
            content_type,
            body,
        })
    }

    fn request(&self, call: Call) -> Result<Request<Outgoing>, NodeError> {
        let uri: Uri = format!("{}{}", self.address, call.path).parse().map_err(
            |error: http::uri::InvalidUri| NodeError::failed(&self.id, Stage::Connect, error),
        )?;
        let mut request = Request::builder().method(call.method).uri(uri);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let body = match call.body {
            Some((content_type, body)) => {
                request = request.header(CONTENT_TYPE, content_type.as_str());
                Outgoing::from(body)
            }
            None => Outgoing::empty(),
        };
        request
            .body(body)
            .map_err(|error| NodeError::failed(&self.id, Stage::Connect, error))
    }
}

impl std::fmt::Debug for NodeClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeClient")
            .field("id", &self.id)
            .field("address", &self.address)
            .finish()
    }
}

/// `resend_unsent`: a call that met a connection which died while idle is sent again on a new one. The library does so only while no
/// byte has left; writes still refuse, because their outcome is looked up on the node instead of guessed.
fn pool(limits: PoolLimits, tls: &Tls, resend_unsent: bool) -> Pool {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    // Without it the second of two small writes waits 40 ms for the acknowledgement of the first.
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_keepalive(Some(Duration::from_secs(60)));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config((*tls.0).clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    Client::builder(TokioExecutor::new())
        // Without a timer the pool never closes idle connections.
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(limits.idle_timeout)
        .pool_max_idle_per_host(limits.max_idle)
        .retry_canceled_requests(resend_unsent)
        .build(connector)
}

/// A host that drops packets must not use up the whole deadline of a request that another copy could answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
