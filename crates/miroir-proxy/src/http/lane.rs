//! The two reads that most traffic consists of take a way of their own from the connection to their story: the steps that every route
//! has, one after the other. The router would look for them among a hundred routes and box what it does at each step.
//!
//! What is unusual takes the router's way: a path with escapes, a body that is long or of unknown length.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Uri};
use miroir_core::access::{Access, Action};

use crate::api;
use crate::app::App;
use crate::capabilities::{query_coalescing, settings_broadcast::terms};
use crate::http::reply::{Failure, Reply};
use crate::http::unread::SMALL;
use crate::http::{admission, authentication, body, unread};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// `GET /indexes/{index_uid}/documents/{id}`.
    Document,
    /// `POST /indexes/{index_uid}/search`.
    Search,
}

/// Words below `documents/` that are routes of their own.
const NO_IDS: [&str; 4] = ["fetch", "delete", "edit", "delete-batch"];

impl Lane {
    pub(super) fn of(request: &Request) -> Option<Self> {
        let (_, rest) = split(request.uri())?;
        match *request.method() {
            Method::GET if request.body().is_end_stream() => {
                let id = rest.strip_prefix("documents/")?;
                (is_plain(id) && !NO_IDS.contains(&id)).then_some(Lane::Document)
            }
            Method::POST if rest == "search" => {
                let length = request.body().size_hint().exact()?;
                (length <= SMALL).then_some(Lane::Search)
            }
            _ => None,
        }
    }

    /// Of the route that it stands for.
    pub(super) fn template(self) -> &'static str {
        match self {
            Lane::Document => "/indexes/{index_uid}/documents/{id}",
            Lane::Search => "/indexes/{index_uid}/search",
        }
    }

    pub(super) async fn answer(self, app: &Arc<App>, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let (uid, rest) = split(&head.uri).expect("it is on this lane");
        let action = match self {
            Lane::Document => Action::DocumentsGet,
            Lane::Search => Action::Search,
        };
        let access = match authentication::access(app, &head.headers, action, Some(uid)) {
            Ok(access) => access,
            Err(error) => {
                unread::drain(body).await;
                return Failure::from(error).into_response();
            }
        };
        match self {
            Lane::Document => {
                let Ok(_place) = app.admission.clone().enter().await else {
                    return admission::sent_away(app);
                };
                let id = rest.strip_prefix("documents/").unwrap_or_default();
                let query = head.uri.query();
                // In a box, like that of a search, because it is handed on several times.
                let answer =
                    Box::pin(async { respond(api::documents::one(app, uid, id, query).await) });
                let floor = terms::floor(&head.headers);
                terms::told(app, floor, head.uri.path(), answer).await
            }
            Lane::Search => search(app, head, body, access).await,
        }
    }
}

async fn search(app: &Arc<App>, head: Parts, body: Body, access: Access) -> Response {
    let Some(body) = admission::arrived(body).await else {
        return body::cut_off().into_response();
    };
    let Ok(_place) = app.admission.clone().enter().await else {
        return admission::sent_away(app);
    };
    if !query_coalescing::may_share(app, &head, body.len() as u64) {
        return searched(app, &head, body, &access).await;
    }
    let fingerprint = query_coalescing::fingerprint(app, &head, &body);
    let app_of_answer = Arc::clone(app);
    let answer = async move { searched(&app_of_answer, &head, body, &access).await };
    app.coalescing
        .join(app, fingerprint, Box::pin(answer))
        .await
}

async fn searched(app: &Arc<App>, head: &Parts, body: Bytes, access: &Access) -> Response {
    let (uid, _) = split(&head.uri).expect("it is on this lane");
    let answer = Box::pin(async {
        respond(api::search::posted(app, access, uid, &head.headers, Body::from(body)).await)
    });
    let floor = terms::floor(&head.headers);
    terms::told(app, floor, head.uri.path(), answer).await
}

fn respond(reply: Result<Reply, Failure>) -> Response {
    match reply {
        Ok(reply) => reply.into_response(),
        Err(failure) => failure.into_response(),
    }
}

/// The index and what follows it in a path below `/indexes/`.
fn split(uri: &Uri) -> Option<(&str, &str)> {
    let (uid, rest) = uri.path().strip_prefix("/indexes/")?.split_once('/')?;
    is_plain(uid).then_some((uid, rest))
}

/// It stands for itself, and is one segment.
fn is_plain(segment: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !segment.is_empty() && segment.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(method: &str, path: &str, body: &str) -> Option<Lane> {
        let request = Request::builder().method(method).uri(path);
        Lane::of(&request.body(Body::from(body.to_owned())).unwrap())
    }

    #[test]
    fn only_what_is_usual_is_on_it() {
        let document = Some(Lane::Document);
        assert_eq!(lane("GET", "/indexes/a/documents/7", ""), document);
        assert_eq!(lane("GET", "/indexes/a/documents/7?fields=x", ""), document);
        assert_eq!(lane("POST", "/indexes/a/search", "{}"), Some(Lane::Search));
        for (method, path, body) in [
            ("GET", "/indexes/a/documents", ""),
            ("GET", "/indexes/a/documents/", ""),
            ("GET", "/indexes/a/documents/fetch", ""),
            ("GET", "/indexes/a/documents/7/8", ""),
            ("GET", "/indexes/a/documents/%37", ""),
            ("GET", "/indexes/a/documents/7", "{}"),
            ("DELETE", "/indexes/a/documents/7", ""),
            ("GET", "/indexes/a/search", ""),
            ("POST", "/indexes/a/search/x", "{}"),
            ("POST", "/indexes//search", "{}"),
            ("POST", "/multi-search", "{}"),
        ] {
            assert_eq!(lane(method, path, body), None, "{method} {path}");
        }
        assert_eq!(
            lane("POST", "/indexes/a/search", &"x".repeat(1 << 17)),
            None
        );
    }
}
