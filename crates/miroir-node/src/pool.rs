//! The connections that are kept open to one node.

use std::collections::VecDeque;
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::connection::Connection;
use crate::tls::Tls;

/// What a connection is made of: with or without TLS.
pub(crate) type Stream = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

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

/// A host that drops packets must not use up the whole deadline of a request that another copy could answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Opens connections and keeps those that are not in use.
///
/// Nobody watches an idle connection: whether its node has closed it is seen when it is taken, and what is too old goes when another
/// one is put back, which the health probe does every few seconds.
pub(crate) struct Pool {
    connector: HttpsConnector<HttpConnector>,
    address: Uri,
    /// The one used last is at the back, and is the next to be used.
    idle: Mutex<VecDeque<(Instant, Connection<Stream>)>>,
    limits: PoolLimits,
}

impl Pool {
    pub(crate) fn new(address: Uri, limits: PoolLimits, tls: &Tls) -> Self {
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
        Self {
            connector,
            address,
            idle: Mutex::default(),
            limits,
        }
    }

    /// A connection that has been used before and that its node still holds open.
    pub(crate) fn take(&self) -> Option<Connection<Stream>> {
        loop {
            let (used, mut connection) = self.idle.lock().pop_back()?;
            if used.elapsed() < self.limits.idle_timeout && connection.is_open() {
                return Some(connection);
            }
        }
    }

    /// A connection that nobody has used.
    pub(crate) async fn connect(
        &self,
    ) -> Result<Connection<Stream>, Box<dyn std::error::Error + Send + Sync>> {
        let stream = self.connector.clone().oneshot(self.address.clone()).await?;
        Ok(Connection::new(TokioIo::new(stream)))
    }

    /// Keeps a connection whose exchange is complete.
    pub(crate) fn put(&self, connection: Connection<Stream>) {
        let now = Instant::now();
        let mut idle = self.idle.lock();
        idle.push_back((now, connection));
        let old = |(used, _): &(Instant, _)| now - *used >= self.limits.idle_timeout;
        while idle.len() > self.limits.max_idle || idle.front().is_some_and(old) {
            idle.pop_front();
        }
    }
}
