//! A request, read completely.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use deserr::Deserr;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use miroir_core::error::{ApiError, Payload};
use miroir_core::wire::deserialize::{BodyFault, ParametersFault, from_json, from_query};
use miroir_core::wire::index::ValidUid;

use super::reply::{Failure, Reply, json};
use crate::app::App;
use crate::engine::error::internal;
use crate::queue::state::IndexEntry;
use crate::queue::task::Content;

/// A request whose body has arrived, decompressed.
pub(super) struct Call {
    pub(super) app: Arc<App>,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let limit = usize::try_from(app.payload_limit).unwrap_or(usize::MAX);
        let body = Limited::new(body, limit).collect().await.map_err(|error| {
            let too_large = is_too_large(error.as_ref());
            let error = match too_large {
                true => ApiError::payload_too_large(app.payload_limit),
                false => ApiError::incomplete_payload(),
            };
            Failure(error).into_response()
        })?;
        Ok(Self {
            app: Arc::clone(app),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: body.to_bytes(),
        })
    }
}

/// Whether the limit is somewhere among the causes.
fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

impl Call {
    /// The query string as `T`.
    pub(super) fn parameters<T: Deserr<ParametersFault>>(&self) -> Result<T, ApiError> {
        from_query(&self.query)
    }

    /// The body of a JSON route as `T`.
    pub(super) fn json<T: Deserr<BodyFault>>(&self) -> Result<T, ApiError> {
        self.require_json()?;
        from_json(&self.body)
    }

    /// Refuses a body that is not called JSON.
    pub(super) fn require_json(&self) -> Result<(), ApiError> {
        match self.content_type().as_deref() {
            Some("application/json") => Ok(()),
            Some(other) => Err(ApiError::invalid_content_type(
                other,
                Payload::JSON_CONTENT_TYPES,
            )),
            None => Err(ApiError::missing_content_type(Payload::JSON_CONTENT_TYPES)),
        }
    }

    /// Type and subtype of the body, without parameters.
    pub(super) fn content_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let kind = value.split(';').next().unwrap_or_default().trim();
        Some(kind.to_ascii_lowercase()).filter(|kind| !kind.is_empty())
    }

    /// The registry row of an index, after the check of its name.
    pub(super) fn index(&self, uid: &str) -> Result<IndexEntry, ApiError> {
        ValidUid::check(uid)?;
        let state = self.app.queue.state();
        let entry = state.indexes.get(uid).cloned();
        entry.ok_or_else(|| ApiError::index_not_found(uid))
    }

    /// Enqueues a task and answers with its summary.
    pub(super) async fn enqueue(self, content: Content, metadata: Option<String>) -> Reply {
        self.enqueue_with(StatusCode::ACCEPTED, content, metadata)
            .await
    }

    /// The same with another status.
    pub(super) async fn enqueue_with(
        self,
        status: StatusCode,
        content: Content,
        metadata: Option<String>,
    ) -> Reply {
        let task = self
            .blocking(move |app| Ok(app.queue.enqueue(content, metadata)?))
            .await?;
        Ok(json(status, &task.summary()))
    }

    /// Does work that reads or writes files on a thread for it.
    pub(super) async fn blocking<T: Send + 'static>(
        self,
        work: impl FnOnce(Arc<App>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let app = self.app;
        match tokio::task::spawn_blocking(move || work(app)).await {
            Ok(result) => result,
            Err(error) => Err(Failure(internal(error))),
        }
    }
}
