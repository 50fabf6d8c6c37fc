//! One request to a node, as data.

use bytes::Bytes;
use http::Method;
use tokio::time::Instant;

/// What the body is, so that the node parses it the way the client meant it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    Json,
    NdJson,
}

impl ContentType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ContentType::Json => "application/json",
            ContentType::NdJson => "application/x-ndjson",
        }
    }
}

/// One request to a node.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<(ContentType, Bytes)>,
    pub(crate) deadline: Instant,
    pub(crate) kind: Kind,
}

/// Reads and writes use separate connections: a queue of large bodies must not stand in front of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
}

impl Call {
    /// A call that changes nothing. `path` starts with `/` and is percent-encoded.
    pub fn read(method: Method, path: impl Into<String>, deadline: Instant) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            deadline,
            kind: Kind::Read,
        }
    }

    /// A call that may change the node. It is never sent twice by the client.
    pub fn write(method: Method, path: impl Into<String>, deadline: Instant) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            deadline,
            kind: Kind::Write,
        }
    }

    pub fn get(path: impl Into<String>, deadline: Instant) -> Self {
        Self::read(Method::GET, path, deadline)
    }

    pub fn json(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some((ContentType::Json, body.into()));
        self
    }

    pub fn body(mut self, content_type: ContentType, body: impl Into<Bytes>) -> Self {
        self.body = Some((content_type, body.into()));
        self
    }

    pub fn method(&self) -> &Method {
        &self.method
    }

    /// With its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the body holds; empty where there is none.
    pub fn content(&self) -> &[u8] {
        self.body.as_ref().map_or(&[], |(_, body)| body)
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }
}
