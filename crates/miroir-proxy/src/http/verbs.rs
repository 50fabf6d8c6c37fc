//! Verbs that a path does not have.

use axum::extract::Request;
use axum::response::Response;
use http::header::{ALLOW, HeaderValue};
use http::{Method, StatusCode};

/// In the order in which a server lists them.
const LISTED: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// On a server `HEAD` is no synonym of `GET`, but one of the verbs that no path has. Those are answered 405, with a list of
/// the ones that the path has.
pub(super) fn without_synonyms(mut request: Request) -> Request {
    if request.method() == Method::HEAD {
        // Another verb that no path has, and that the routes do not take for `GET`.
        *request.method_mut() = Method::OPTIONS;
    }
    request
}

/// Names the verbs that the path has, where it has not that of the request.
pub(super) fn list(response: &mut Response) {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allowed) = response.headers().get(ALLOW)
    {
        let allowed = as_listed(allowed);
        response.headers_mut().insert(ALLOW, allowed);
    }
}

fn as_listed(allowed: &HeaderValue) -> HeaderValue {
    let allowed: Vec<&str> = allowed.to_str().unwrap_or_default().split(',').collect();
    let listed: Vec<&str> = LISTED
        .into_iter()
        .filter(|verb| allowed.contains(verb))
        .collect();
    HeaderValue::from_str(&listed.join(", ")).expect("names of verbs are plain text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_listed_as_on_a_server() {
        let listed = as_listed(&HeaderValue::from_static("DELETE,GET,HEAD,POST,PUT"));
        assert_eq!(listed, "GET, POST, PUT, DELETE");
    }
}
