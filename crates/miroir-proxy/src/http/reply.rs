//! What leaves the process: a reply, or a failure that becomes one in exactly one place.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use miroir_core::error::{ApiError, Code};
use serde::Serialize;

/// The answer to a client, complete.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Bytes>,
}

/// What an answer lacks (`docs/compatibility.md`).
pub(crate) const DEGRADED: HeaderName = HeaderName::from_static("x-miroir-degraded");

impl Reply {
    /// A JSON body that is already written.
    pub(crate) fn json_bytes(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Some(body.into()),
        }
    }

    pub(crate) fn json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Self {
        let body = serde_json::to_vec(body).expect("answers have string keys and finite numbers");
        Self::json_bytes(status, body)
    }

    pub(crate) fn ok<T: Serialize + ?Sized>(body: &T) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn accepted<T: Serialize + ?Sized>(body: &T) -> Self {
        Self::json(StatusCode::ACCEPTED, body)
    }

    /// A status without a body, as the server answers unknown paths and wrong verbs.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    /// Adds a header; a value that no header may carry is dropped, because all of ours are built from numbers and known words.
    pub(crate) fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.push((name, value));
        }
        self
    }

    /// The `X-Miroir-Degraded` header, when there is anything to say.
    pub(crate) fn degraded(self, what: Option<String>) -> Self {
        match what {
            Some(what) => self.header(DEGRADED, what),
            None => self,
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = self.status;
        if let Some(body) = self.body {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *response.body_mut() = axum::body::Body::from(body);
        }
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

/// Why a request brought no reply of its own. `cause` goes to the log only.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error that Miroir words itself, in the server's form.
    Error {
        error: ApiError,
        cause: Option<Cause>,
    },
    /// An error that a node worded; its text has been cleaned of Miroir's names already.
    Relayed { status: StatusCode, body: Bytes },
}

pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        ApiError::new(code, message.into().into_owned()).into()
    }

    pub(crate) fn caused(error: ApiError, cause: impl Into<Cause>) -> Self {
        Failure::Error {
            error,
            cause: Some(cause.into()),
        }
    }

    /// Something that must not happen did. The client learns no detail.
    pub(crate) fn internal(cause: impl Into<Cause>) -> Self {
        let error = ApiError::new(Code::Internal, "An internal error has occurred.".to_owned());
        Failure::caused(error, cause)
    }

    /// The store takes no write or no read.
    pub(crate) fn store(cause: impl Into<Cause>) -> Self {
        let error = ApiError::new(
            Code::MiroirStoreUnavailable,
            "The task store cannot be used right now; nothing was changed. Retry later.".to_owned(),
        );
        Failure::caused(error, cause)
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Failure::Error { error, cause: None }
    }
}

impl From<miroir_store::StoreError> for Failure {
    fn from(error: miroir_store::StoreError) -> Self {
        Failure::store(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Failure::Relayed { status, body } => Reply::json_bytes(status, body).into_response(),
            Failure::Error { error, cause } => {
                if let Some(cause) = cause {
                    tracing::warn!(code = error.code.name(), error = %chain(&*cause), "request failed");
                }
                let status = StatusCode::from_u16(error.code.status())
                    .expect("the table of codes holds valid statuses only");
                let mut reply = Reply::json(status, &error);
                if matches!(status.as_u16(), 429 | 503) {
                    let seconds = if error.code.name().starts_with("miroir_") {
                        "1"
                    } else {
                        "10"
                    };
                    reply = reply.header(RETRY_AFTER, seconds);
                }
                reply.into_response()
            }
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
