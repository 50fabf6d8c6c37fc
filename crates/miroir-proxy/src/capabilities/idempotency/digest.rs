//! What makes a request the same one. Pure.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Uri};
use sha2::{Digest, Sha256};

/// Whose keys are meant: those of one client key.
pub(super) fn scope(headers: &HeaderMap) -> [u8; 32] {
    let credential = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
    Sha256::digest(credential.unwrap_or_default()).into()
}

/// Method, path, parameters in any order, content type, and the body before it was encoded.
pub(super) fn request(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> [u8; 32] {
    let mut parameters: Vec<&str> = uri.query().unwrap_or_default().split('&').collect();
    parameters.sort_unstable();
    let parameters = parameters.join("&");
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    let mut hash = Sha256::new();
    let parts = [
        method.as_str().as_bytes(),
        uri.path().as_bytes(),
        parameters.as_bytes(),
        content_type.unwrap_or_default(),
        body,
    ];
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use http::header::{AUTHORIZATION, CONTENT_TYPE};
    use http::{HeaderMap, HeaderValue, Method};

    use super::{request, scope};

    #[test]
    fn what_makes_a_request_another_one() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let digest = |method: Method, uri: &str, body: &str| {
            request(&method, &uri.parse().unwrap(), &headers, body.as_bytes())
        };
        let first = digest(Method::POST, "/indexes/a/documents?primaryKey=id&x=1", "[]");
        let same = digest(Method::POST, "/indexes/a/documents?x=1&primaryKey=id", "[]");
        assert_eq!(first, same);
        for other in [
            digest(Method::PUT, "/indexes/a/documents?primaryKey=id&x=1", "[]"),
            digest(Method::POST, "/indexes/b/documents?primaryKey=id&x=1", "[]"),
            digest(Method::POST, "/indexes/a/documents?primaryKey=id", "[]"),
            digest(
                Method::POST,
                "/indexes/a/documents?primaryKey=id&x=1",
                "[ ]",
            ),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn every_client_key_has_keys_of_its_own() {
        let scope = |credential: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers
                .extend(credential.map(|value| (AUTHORIZATION, HeaderValue::from_static(value))));
            scope(&headers)
        };
        assert_eq!(scope(Some("Bearer a")), scope(Some("Bearer a")));
        assert_ne!(scope(Some("Bearer a")), scope(Some("Bearer b")));
        assert_ne!(scope(Some("Bearer a")), scope(None));
    }
}
