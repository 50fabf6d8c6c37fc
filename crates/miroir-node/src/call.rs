//! One request to a node, as data.

use bytes::Bytes;
use http::Method;
use miroir_core::document::leg::LegBody;
use tokio::time::Instant;

/// What the body is, so that the node parses it the way the client meant it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    Json,
    NdJson,
}

impl ContentType {
    /// That of documents.
    pub fn of(body: &LegBody) -> Self {
        match body.content_type() {
            "application/json" => Self::Json,
            _ => Self::NdJson,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ContentType::Json => "application/json",
            ContentType::NdJson => "application/x-ndjson",
        }
    }
}

/// What a request carries.
#[derive(Debug, Clone)]
pub enum Content {
    Whole(Bytes),
    /// Documents, made while they are sent.
    Documents(LegBody),
}

impl Content {
    /// In bytes.
    pub fn length(&self) -> usize {
        match self {
            Content::Whole(bytes) => bytes.len(),
            Content::Documents(body) => body.bytes(),
        }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Content::Whole(bytes)
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Content::Whole(bytes.into())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Content::Whole(text.into())
    }
}

impl From<LegBody> for Content {
    fn from(body: LegBody) -> Self {
        Content::Documents(body)
    }
}

/// One request to a node.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<(ContentType, Content)>,
    pub(crate) deadline: Instant,
    pub(crate) kind: Kind,
}

/// Whether a call may be sent again when nobody knows whether it arrived.
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
        self.body = Some((ContentType::Json, Content::Whole(body.into())));
        self
    }

    pub fn body(mut self, content_type: ContentType, body: impl Into<Content>) -> Self {
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

    /// What the body holds; empty where there is none, or where it is documents.
    pub fn content(&self) -> &[u8] {
        match &self.body {
            Some((_, Content::Whole(body))) => body,
            Some((_, Content::Documents(_))) | None => &[],
        }
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }
}
