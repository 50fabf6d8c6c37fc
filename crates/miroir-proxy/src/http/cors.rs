//! Pages of any origin may call a fleet, as they may call a server; credentials are headers that a page sets itself, so there
//! is no cookie to protect. A preflight needs no credential and reaches no handler.
//!
//! Routes of Miroir's own are for operators: no page of another origin gets to read them.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method, StatusCode};

use crate::http::reply::Reply;

const ANYTHING: HeaderValue = HeaderValue::from_static("*");
const METHODS: HeaderValue =
    HeaderValue::from_static("OPTIONS, PATCH, TRACE, HEAD, PUT, DELETE, POST, CONNECT, GET");
/// Seconds for which a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");
/// What an answer depends on.
const DEPENDS_ON: HeaderValue = HeaderValue::from_static(
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
);

/// Whether a request is for a route of Miroir's own.
pub(super) fn is_own(request: &Request) -> bool {
    request.uri().path().starts_with("/_miroir/")
}

/// Whether a page of some origin asks.
pub(super) fn crosses(request: &Request) -> bool {
    request.headers().contains_key(ORIGIN)
}

/// Lets whoever asked read the answer.
pub(super) fn open(response: &mut Response, crosses: bool) {
    let headers = response.headers_mut();
    headers.append(VARY, DEPENDS_ON);
    if crosses {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANYTHING);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANYTHING);
    }
}

/// A question whether another request may be sent. Like on a server it is known by the method that it asks for.
pub(super) fn is_preflight(request: &Request) -> bool {
    let wanted = request.headers().get(ACCESS_CONTROL_REQUEST_METHOD);
    request.method() == Method::OPTIONS
        && wanted.is_some_and(|method| Method::from_bytes(method.as_bytes()).is_ok())
}

pub(super) fn preflight(asked: &HeaderMap) -> Response {
    let mut response = Reply::empty(StatusCode::OK).into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANYTHING);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers.insert(VARY, DEPENDS_ON);
    if let Some(wanted) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}
