//! Paths in one form, before any route looks at them: slashes merged and trimmed, and every segment escaped alike.

use std::borrow::Cow;

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What may stand in a segment as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The same request with its path in that form.
pub(crate) fn normalize<B>(mut request: http::Request<B>) -> http::Request<B> {
    if let Some(uri) = normalized(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

/// The same address in that form; `None` when it is so already.
fn normalized(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let is_plain = !(path.ends_with('/') || path.contains("//") || path.contains('%'));
    if path == "/" || is_plain {
        return None;
    }
    let mut normal = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        normal.push('/');
        normal.push_str(&escaped(segment));
    }
    if normal.is_empty() {
        normal.push('/');
    }
    if let Some(query) = uri.query() {
        normal.push('?');
        normal.push_str(query);
    }
    normal.parse().ok()
}

/// A percent sign without two digits behind it stands for itself, and bytes that are no text for U+FFFD, as on a server.
fn escaped(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let text = percent_decode_str(segment).decode_utf8_lossy();
    Cow::Owned(utf8_percent_encode(&text, ESCAPED).to_string())
}

#[cfg(test)]
mod tests {
    use super::normalized;

    fn normal(text: &str) -> Option<String> {
        normalized(&text.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn slashes_are_merged_and_trimmed() {
        assert_eq!(normal("/indexes/a/"), Some("/indexes/a".to_owned()));
        assert_eq!(
            normal("//indexes//a?x=//"),
            Some("/indexes/a?x=//".to_owned())
        );
        assert_eq!(normal("//"), Some("/".to_owned()));
        assert_eq!(normal("/indexes/a"), None);
        assert_eq!(normal("/"), None);
    }

    #[test]
    fn escapes_do_not_hide_a_route() {
        let is = |given: &str, normal_form: &str| {
            assert_eq!(normal(given).as_deref(), Some(normal_form), "{given}");
        };
        is("/%69ndexes/%6Dovies?q=%zz", "/indexes/movies?q=%zz");
        is("/indexes/a%2Fb", "/indexes/a%2Fb");
        is("/indexes/a%zzb", "/indexes/a%25zzb");
        is("/indexes/%ff", "/indexes/%EF%BF%BD");
        is("/indexes/%C3%A9/", "/indexes/%C3%A9");
        is("/indexes/%2e%2E", "/indexes/..");
    }
}
