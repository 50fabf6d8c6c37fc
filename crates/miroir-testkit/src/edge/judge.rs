//! What an answer must be like, whatever was asked.

use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};
use serde_json::Value;

use super::draw::Request;
use super::wire::Answer;
use crate::cluster::{MASTER_KEY, NODE_MASTER_KEY};

/// Routes that need no credential.
const OPEN: &[&str] = &["/", "/health", "/_miroir/ready"];

/// Names of the inside that no client may see. Its own keys a client sees where it asks for them.
const INSIDE: &[&str] = &[
    "_miroir_updated_at\":",
    "_miroir_shard\":",
    "__twin/",
    NODE_MASTER_KEY,
    "panicked",
];

/// What is wrong, if anything is.
pub(super) fn judge(request: &Request, answer: Option<&Answer>) -> Option<String> {
    let Some(answer) = answer else {
        return request
            .is_well_formed
            .then(|| "no answer to a request that is well formed".to_owned());
    };
    let body = decoded(answer);
    let text = String::from_utf8_lossy(&body);
    if answer.status >= 500 && !is_a_servers_own(&text) {
        return Some(format!(
            "{} while every node is well: {text}",
            answer.status
        ));
    }
    if let Some(name) = INSIDE.iter().find(|name| text.contains(**name)) {
        return Some(format!("the answer shows `{name}`: {text}"));
    }
    if text.contains(MASTER_KEY) && !request.to_string().contains(MASTER_KEY) {
        return Some(format!("the answer shows the master key: {text}"));
    }
    if !request.is_well_formed {
        return None;
    }
    let path = request.path.split('?').next().unwrap_or_default();
    let is_open = OPEN.contains(&path) || request.method == "OPTIONS";
    if request.is_stranger && answer.status < 400 && !is_open {
        return Some(format!(
            "{} to somebody who showed no credential: {text}",
            answer.status
        ));
    }
    let is_json = answer
        .head
        .to_ascii_lowercase()
        .contains("content-type: application/json");
    let error = serde_json::from_slice::<Value>(&body).ok();
    let is_error = |error: &Value| {
        ["message", "code", "type", "link"]
            .iter()
            .all(|member| error[member].is_string())
    };
    if answer.status >= 400
        && is_json
        && request.method != "HEAD"
        && !error.as_ref().is_some_and(is_error)
    {
        return Some(format!("{} is no error of a server: {text}", answer.status));
    }
    None
}

/// The body as it was before it was encoded; as it came, where it is cut short.
fn decoded(answer: &Answer) -> Vec<u8> {
    let body = unchunked(answer);
    let head = answer.head.to_ascii_lowercase();
    let encoding = head
        .lines()
        .find_map(|line| line.strip_prefix("content-encoding:"));
    let mut out = Vec::new();
    let read = match encoding.map(str::trim) {
        Some("gzip") => GzDecoder::new(&body[..]).read_to_end(&mut out),
        Some("deflate") => ZlibDecoder::new(&body[..]).read_to_end(&mut out),
        Some("br") => brotli::Decompressor::new(&body[..], 4096).read_to_end(&mut out),
        _ => return body,
    };
    match read {
        Ok(_) => out,
        Err(_) => body,
    }
}

/// The failures that a server has for what a client did: a body beyond the limit, and a line of NDJSON that is no object.
fn is_a_servers_own(text: &str) -> bool {
    text.contains("is larger than allowed") || text.contains("expected a map at line")
}

/// The body, put together if it came in pieces.
fn unchunked(answer: &Answer) -> Vec<u8> {
    if !answer
        .head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        return answer.body.clone();
    }
    let mut whole = Vec::new();
    let mut rest = answer.body.as_slice();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let length = String::from_utf8_lossy(&rest[..end]);
        let Ok(length) = usize::from_str_radix(&length, 16) else {
            break;
        };
        let piece = rest.get(end + 2..end + 2 + length);
        let Some(piece) = piece.filter(|piece| !piece.is_empty()) else {
            break;
        };
        whole.extend_from_slice(piece);
        rest = rest.get(end + 4 + length..).unwrap_or_default();
    }
    whole
}
