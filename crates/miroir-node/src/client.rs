//! The client of one node.

use http::Uri;
use http::header::HeaderValue;
use miroir_core::id::NodeId;
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use crate::answer::Answer;
use crate::call::{Call, Kind};
use crate::connection::Exchanged;
use crate::error::{NodeError, Stage};
use crate::outgoing::Outgoing;
use crate::pool::{Kept, Pool, PoolLimits};
use crate::tls::Tls;

/// The client of one node.
///
/// Dropping the future of [`NodeClient::call`] cancels the call: its connection is closed, which a node notices.
pub struct NodeClient {
    id: NodeId,
    /// `http://host:port` or `https://host:port`, no trailing slash.
    address: String,
    /// The lines of every head that are always the same.
    head_lines: Vec<u8>,
    pool: Pool,
    slots: Semaphore,
}

/// Why there is no client for a node.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("the address of the node is none")]
    Address(#[from] http::uri::InvalidUri),
    #[error("the address of the node names no host")]
    NoHost,
    #[error("the key of the node has bytes that no header may carry")]
    Key(#[from] http::header::InvalidHeaderValue),
}

impl NodeClient {
    /// `address` is `http://host[:port]`, or `https://host[:port]` if `tls` trusts it. `key` is sent as the bearer of every call.
    ///
    /// # Errors
    /// A key with bytes that no header may carry, or an address that is none.
    pub fn new(
        id: NodeId,
        address: &str,
        key: Option<&str>,
        limits: PoolLimits,
        tls: &Tls,
    ) -> Result<Self, Unusable> {
        let address = address.trim_end_matches('/').to_owned();
        let uri: Uri = address.parse()?;
        let host = uri.authority().ok_or(Unusable::NoHost)?;
        let mut head_lines = format!(" HTTP/1.1\r\nhost: {host}\r\n").into_bytes();
        if let Some(key) = key {
            let bearer = HeaderValue::try_from(format!("Bearer {key}"))?;
            head_lines.extend_from_slice(b"authorization: ");
            head_lines.extend_from_slice(bearer.as_bytes());
            head_lines.extend_from_slice(b"\r\n");
        }
        Ok(Self {
            id,
            address,
            head_lines,
            pool: Pool::new(uri, limits, tls),
            slots: Semaphore::new(limits.max_total),
        })
    }

    pub fn id(&self) -> &NodeId {
        &self.id
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// Opens connections that the first calls find ready. What cannot be opened now, they open themselves.
    pub async fn warm(&self, connections: usize) {
        for _ in 0..connections {
            match self.pool.connect().await {
                Ok(kept) => self.pool.put(kept),
                Err(_) => break,
            }
        }
    }

    /// Sends the call and reads the whole answer, whatever its status, within the call's deadline.
    pub async fn call(&self, call: Call) -> Result<Answer, NodeError> {
        let mut stage = Stage::Queue;
        let deadline = call.deadline;
        match timeout_at(deadline, self.exchange(call, &mut stage)).await {
            Ok(end) => end,
            Err(_) => Err(NodeError::timeout(&self.id, stage)),
        }
    }

    async fn exchange(&self, call: Call, stage: &mut Stage) -> Result<Answer, NodeError> {
        let slot = self.slots.acquire().await;
        let _slot = slot.map_err(|closed| NodeError::failed(&self.id, Stage::Queue, closed))?;
        *stage = Stage::Connect;
        let head = self.head(&call)?;
        let content = call.body.as_ref().map(|(_, content)| content);
        if let Some(mut kept) = self.pool.take() {
            *stage = Stage::Wait;
            match kept
                .connection
                .exchange(&head, Outgoing::of(content), stage)
                .await
            {
                Ok(exchanged) => return Ok(self.end(kept, exchanged)),
                // The node has closed it while the request was on its way. A read may be sent again; the outcome of a write is
                // looked up on the node instead of guessed.
                Err(broken) if broken.unanswered && call.kind == Kind::Read => {}
                Err(broken) => return Err(NodeError::failed(&self.id, *stage, broken.cause)),
            }
            *stage = Stage::Connect;
        }
        let connected = self.pool.connect().await;
        let mut kept =
            connected.map_err(|error| NodeError::failed(&self.id, Stage::Connect, error))?;
        *stage = Stage::Wait;
        match kept
            .connection
            .exchange(&head, Outgoing::of(content), stage)
            .await
        {
            Ok(exchanged) => Ok(self.end(kept, exchanged)),
            Err(broken) => Err(NodeError::failed(&self.id, *stage, broken.cause)),
        }
    }

    fn end(&self, kept: Box<Kept>, exchanged: Exchanged) -> Answer {
        if exchanged.reusable {
            self.pool.put(kept);
        }
        Answer {
            status: exchanged.status,
            body: exchanged.body,
        }
    }

    fn head(&self, call: &Call) -> Result<Vec<u8>, NodeError> {
        let path = call.path.as_bytes();
        let is_path =
            path.first() == Some(&b'/') && path.iter().all(|byte| *byte > b' ' && *byte != 0x7f);
        if !is_path {
            let refused = "a path with bytes that no request may carry";
            return Err(NodeError::failed(&self.id, Stage::Connect, refused));
        }
        let mut head = Vec::with_capacity(path.len() + self.head_lines.len() + 96);
        head.extend_from_slice(call.method.as_str().as_bytes());
        head.push(b' ');
        head.extend_from_slice(path);
        head.extend_from_slice(&self.head_lines);
        if let Some((content_type, body)) = &call.body {
            head.extend_from_slice(b"content-type: ");
            head.extend_from_slice(content_type.as_str().as_bytes());
            head.extend_from_slice(format!("\r\ncontent-length: {}\r\n", body.length()).as_bytes());
        } else if call.kind == Kind::Write {
            head.extend_from_slice(b"content-length: 0\r\n");
        }
        head.extend_from_slice(b"\r\n");
        Ok(head)
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
