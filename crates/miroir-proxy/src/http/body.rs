//! Reading a request body within the configured limit.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use miroir_core::error::{ApiError, Code};

use crate::app::App;
use crate::http::reply::Failure;

/// The whole body, at most `limit` bytes. It is one buffer: everything later slices it.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, Failure> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(ApiError::payload_too_large(limit as u64).into())
        }
        Err(error) => {
            let incomplete = ApiError::new(
                Code::BadRequest,
                "The provided payload is incomplete and cannot be parsed".to_owned(),
            );
            Err(Failure::caused(incomplete, error))
        }
    }
}

/// What a server answers on JSON routes to a body whose announced length is too much: an internal error (reference 3.1).
fn oversized_json(length: u64, limit: usize) -> ApiError {
    let message =
        format!("JSON payload ({length} bytes) is larger than allowed (limit: {limit} bytes).");
    ApiError::new(Code::Internal, message)
}

/// The body of a JSON route, whose content type has been checked.
pub(crate) async fn read_json(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Failure> {
    let accepted = ["application/json"];
    let header = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match header.split(';').next().unwrap_or_default().trim() {
        essence if is_json(essence) => {
            let limit = app.config.server.max_body_bytes.length();
            match body.size_hint().exact() {
                Some(length) if length > limit as u64 => Err(oversized_json(length, limit).into()),
                _ => read(body, limit).await,
            }
        }
        "" => Err(ApiError::missing_content_type(&accepted).into()),
        _ => Err(ApiError::invalid_content_type(header, &accepted).into()),
    }
}

/// `application/json` in any case, and what else ends like it, as on a server.
fn is_json(essence: &str) -> bool {
    let (_, subtype) = essence.split_once('/').unwrap_or_default();
    let format = subtype.rsplit('+').next().unwrap_or_default();
    format.eq_ignore_ascii_case("json")
}

/// The body of a JSON route, for handlers that have nothing to check before it.
pub(crate) struct JsonBody(pub(crate) Bytes);

impl FromRequest<Arc<App>> for JsonBody {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let (head, body) = request.into_parts();
        read_json(app, &head.headers, body).await.map(Self)
    }
}
