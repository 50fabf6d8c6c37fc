//! Who is asking. A handler runs only after this has agreed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use miroir_core::error::{ApiError, Code};
use subtle::ConstantTimeEq;

use crate::app::App;
use crate::http::reply::Failure;

/// Client routes: open without a master key, as on a server without one.
pub(crate) async fn client(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(master_key) = app.config.master_key.as_ref() else {
        return next.run(request).await;
    };
    match bearer(&request) {
        None => Failure::from(ApiError::missing_authorization_header()).into_response(),
        Some(token) if same(token, master_key.expose()) => next.run(request).await,
        Some(_) => {
            Failure::new(Code::InvalidApiKey, "The provided API key is invalid.").into_response()
        }
    }
}

/// Admin routes: the admin key as bearer or `X-Admin-Key`. Without a configured key nothing opens.
pub(crate) async fn admin(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if is_admin(&app, &request) {
        next.run(request).await
    } else {
        Failure::new(
            Code::MiroirInvalidAuth,
            "This route needs the admin key as `Authorization: Bearer <key>` or `X-Admin-Key: <key>`.",
        )
        .into_response()
    }
}

/// Who asked showed the admin key, on a route that clients may call too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator;

/// Routes for clients that the admin key opens as well; a handler learns of it by [`Operator`].
pub(crate) async fn client_or_admin(
    app: State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    if is_admin(&app, &request) {
        request.extensions_mut().insert(Operator);
        return next.run(request).await;
    }
    client(app, request, next).await
}

fn is_admin(app: &App, request: &Request) -> bool {
    let presented = match request.headers().get("x-admin-key") {
        Some(value) => value.to_str().ok(),
        None => bearer(request),
    };
    match (app.config.admin.api_key.as_ref(), presented) {
        (Some(expected), Some(presented)) => same(presented, expected.expose()),
        _ => false,
    }
}

/// The token behind the exact word `Bearer`, which is empty when nothing follows: that is a wrong key, not a missing one.
fn bearer(request: &Request) -> Option<&str> {
    let mut words = request
        .headers()
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .splitn(2, ' ');
    (words.next() == Some("Bearer")).then(|| words.next().unwrap_or_default())
}

/// Equality in a time that does not tell how long the common prefix is.
fn same(presented: &str, expected: &str) -> bool {
    presented.as_bytes().ct_eq(expected.as_bytes()).into()
}
