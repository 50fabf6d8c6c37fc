//! The connections that are kept open to one node.

use std::collections::VecDeque;
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::runtime::{Handle, Id};
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

/// A connection, and when it was last used. In a box: with room for TLS it is large, and it is handed on for every call.
pub(crate) struct Kept {
    pub(crate) connection: Connection<Stream>,
    used: Instant,
    /// The runtime that drives it: a call on another one would be woken through two threads.
    home: Id,
}

/// Opens connections and keeps those that are not in use.
///
/// Nobody watches an idle connection: whether its node has closed it is seen when it is taken, and what is too old goes when another
/// one is put back, which the health probe does every few seconds.
pub(crate) struct Pool {
    connector: HttpsConnector<HttpConnector>,
    address: Uri,
    /// The one used last is at the back, and is the next to be used.
    idle: Mutex<VecDeque<Box<Kept>>>,
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

    /// A connection of this runtime that has been used before and that its node still holds open.
    pub(crate) fn take(&self) -> Option<Box<Kept>> {
        let home = Handle::current().id();
        loop {
            let mut kept = {
                let mut idle = self.idle.lock();
                let place = idle.iter().rposition(|kept| kept.home == home)?;
                idle.remove(place)?
            };
            if kept.used.elapsed() < self.limits.idle_timeout && kept.connection.is_open() {
                return Some(kept);
            }
        }
    }

    /// A connection that nobody has used.
    pub(crate) async fn connect(
        &self,
    ) -> Result<Box<Kept>, Box<dyn std::error::Error + Send + Sync>> {
        let stream = self.connector.clone().oneshot(self.address.clone()).await?;
        Ok(Box::new(Kept {
            connection: Connection::new(TokioIo::new(stream)),
            used: Instant::now(),
            home: Handle::current().id(),
        }))
    }

    /// Keeps a connection whose exchange is complete.
    pub(crate) fn put(&self, mut kept: Box<Kept>) {
        let now = Instant::now();
        kept.used = now;
        let mut idle = self.idle.lock();
        idle.push_back(kept);
        let old = |kept: &Kept| now - kept.used >= self.limits.idle_timeout;
        while idle.len() > self.limits.max_idle || idle.front().is_some_and(|kept| old(kept)) {
            idle.pop_front();
        }
    }
}
