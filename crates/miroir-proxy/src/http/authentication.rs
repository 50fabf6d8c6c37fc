//! Who is asking. A handler runs only after this has agreed, and learns what the request may touch.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use miroir_core::access::{Access, Action, Refusal};
use miroir_core::error::{ApiError, Code};

use crate::app::App;
use crate::clock;
use crate::http::admission::admission;
use crate::http::reply::Failure;
use crate::http::tenant_token;

/// The name that routes give to the index in their path.
const INDEX_PARAMETER: &str = "index_uid";

/// Opens the handlers of one route to those whose credential allows `action`. A wrong verb needs no credential, as on a server.
pub(crate) fn guarded(
    app: &Arc<App>,
    action: Action,
    handlers: MethodRouter<Arc<App>>,
) -> MethodRouter<Arc<App>> {
    let admission = middleware::from_fn_with_state(Arc::clone(app), admission);
    permitted(app, action, handlers.route_layer(admission))
}

/// The same for handlers that are admitted elsewhere: inside of [`guarded`] it asks for a second right.
pub(crate) fn permitted(
    app: &Arc<App>,
    action: Action,
    handlers: MethodRouter<Arc<App>>,
) -> MethodRouter<Arc<App>> {
    let guard = middleware::from_fn_with_state((Arc::clone(app), action), client);
    handlers.route_layer(guard)
}

async fn client(
    State((app, action)): State<(Arc<App>, Action)>,
    path: PathParameters,
    mut request: Request,
    next: Next,
) -> Response {
    let index = path
        .iter()
        .flatten()
        .find(|(name, _)| *name == INDEX_PARAMETER);
    match access(&app, request.headers(), action, index.map(|(_, uid)| uid)) {
        Ok(access) => {
            request.extensions_mut().insert(Granted(access));
            next.run(request).await
        }
        Err(error) => Failure::from(error).into_response(),
    }
}

/// What a request may touch that wants to do this to an index.
pub(super) fn access(
    app: &App,
    headers: &HeaderMap,
    action: Action,
    index: Option<&str>,
) -> Result<Access, ApiError> {
    verify(app, bearer(headers)?, action, index)
}

type PathParameters = Result<RawPathParams, RawPathParamsRejection>;

/// What the request may touch; every guarded handler can ask for it.
#[derive(Clone)]
pub(crate) struct Granted(pub(crate) Access);

impl<S: Sync> FromRequestParts<S> for Granted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let granted = parts.extensions.get::<Granted>().cloned();
        Ok(granted.expect("only guarded handlers ask"))
    }
}

/// The server's sequence (reference 4.3). Without a master key every route is open but those about keys.
fn verify(
    app: &App,
    token: Option<&str>,
    action: Action,
    index: Option<&str>,
) -> Result<Access, ApiError> {
    let keys = &app.keys;
    if !keys.has_master_key() {
        return match action.is_about_keys() {
            true => Err(ApiError::missing_master_key()),
            false => Ok(Access::full()),
        };
    }
    let token = token.ok_or_else(ApiError::missing_authorization_header)?;
    if keys.is_master_key(token) {
        return Ok(Access::full());
    }
    let now = clock::now();
    let tenant = match action.takes_tenant_tokens() {
        true => {
            let seconds = now.as_milliseconds().div_euclid(1_000);
            let value_of = |uid| keys.value(uid).expect("there is a master key");
            tenant_token::verify(token, seconds, value_of)?
        }
        false => None,
    };
    let (key, rules) = match tenant {
        Some((uid, rules)) => (keys.by_uid(uid), Some(rules)),
        None => (keys.by_value(token), None),
    };
    let key = key.ok_or(Refusal::Invalid)?;
    Ok(Access::of(&key, rules, action, index, now)?)
}

/// The token behind the exact word `Bearer`. Another scheme is a missing header, `Bearer` alone a wrong key.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let mut words = header.to_str().unwrap_or_default().splitn(2, ' ');
    match (words.next(), words.next()) {
        (Some("Bearer"), Some(token)) => Ok(Some(token)),
        (Some("Bearer"), None) => Err(ApiError::invalid_api_key()),
        _ => Err(ApiError::missing_authorization_header()),
    }
}

/// Routes for clients that the admin key opens as well; a handler learns of it by [`Operator`].
pub(crate) fn guarded_or_admin(
    app: &Arc<App>,
    action: Action,
    handlers: MethodRouter<Arc<App>>,
) -> MethodRouter<Arc<App>> {
    let admission = middleware::from_fn_with_state(Arc::clone(app), admission);
    let guard = middleware::from_fn_with_state((Arc::clone(app), action), client_or_admin);
    handlers.route_layer(admission).route_layer(guard)
}

async fn client_or_admin(
    State((app, action)): State<(Arc<App>, Action)>,
    path: PathParameters,
    mut request: Request,
    next: Next,
) -> Response {
    if is_admin(&app, &request) {
        request.extensions_mut().insert(Operator);
        request.extensions_mut().insert(Granted(Access::full()));
        return next.run(request).await;
    }
    client(State((app, action)), path, request, next).await
}

/// Who asked showed the admin key, on a route that clients may call too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator;

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

/// A wrong `X-Admin-Key` is wrong whatever else was sent.
fn is_admin(app: &App, request: &Request) -> bool {
    let presented = match request.headers().get("x-admin-key") {
        Some(value) => value.to_str().ok(),
        None => bearer(request.headers()).ok().flatten(),
    };
    match (app.config.admin.api_key.as_ref(), presented) {
        (Some(expected), Some(presented)) => expected.is(presented),
        _ => false,
    }
}
