//! Who may call: with a master key, only who knows it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use miroir_core::error::ApiError;

use super::reply::Failure;
use crate::app::App;

/// Lets a request through or answers 401 or 403.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match allowed(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => Failure(error).into_response(),
    }
}

fn allowed(app: &App, request: &Request) -> Result<(), ApiError> {
    let Some(master_key) = &app.master_key else {
        // Keys are made from the master key, so without it there are none.
        return match request.uri().path().starts_with("/keys") {
            true => Err(ApiError::missing_master_key()),
            false => Ok(()),
        };
    };
    let header = request.headers().get(AUTHORIZATION);
    let header = header.ok_or_else(ApiError::missing_authorization_header)?;
    let (scheme, token) = match header.to_str().ok().map(|header| header.split_once(' ')) {
        Some(Some(parts)) => parts,
        Some(None) if header == "Bearer" => return Err(ApiError::invalid_api_key()),
        _ => return Err(ApiError::missing_authorization_header()),
    };
    if scheme != "Bearer" {
        return Err(ApiError::missing_authorization_header());
    }
    if token != master_key {
        return Err(ApiError::invalid_api_key());
    }
    Ok(())
}
