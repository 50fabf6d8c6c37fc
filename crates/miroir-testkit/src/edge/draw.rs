//! Drawing a request: mostly one that makes sense, with something wrong in a place or two.

use std::fmt;

use miroir_core::access::key_value;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cluster::{ADMIN_KEY, MASTER_KEY, NODE_MASTER_KEY};

/// The uid of the key that may only search.
pub(super) const SEARCH_KEY: &str = "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee";

/// A name that only requests have which nobody may make: no node must ever see it.
pub(crate) const FORBIDDEN: &str = "edgeforbidden";

/// Bytes to send, and who sends them.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) bytes: Vec<u8>,
    /// Whether nothing in it may open a guarded route.
    pub(super) is_stranger: bool,
    /// Whether head and length of the body are as they should be.
    pub(super) is_well_formed: bool,
    pub(super) path: String,
    pub(super) method: &'static str,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            &String::from_utf8_lossy(&self.bytes)
                .escape_debug()
                .to_string(),
        )
    }
}

const METHODS: &[&str] = &[
    "GET", "GET", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "BREW",
];

/// `{i}` stands for an index, `{x}` for anything.
const PATHS: &[&str] = &[
    "/",
    "/health",
    "/version",
    "/stats",
    "/keys",
    "/keys/{x}",
    "/indexes",
    "/indexes/{i}",
    "/indexes/{i}/search",
    "/indexes/{i}/search",
    "/indexes/{i}/documents",
    "/indexes/{i}/documents/{x}",
    "/indexes/{i}/documents/fetch",
    "/indexes/{i}/documents/delete",
    "/indexes/{i}/documents/delete-batch",
    "/indexes/{i}/documents/edit",
    "/indexes/{i}/settings",
    "/indexes/{i}/settings/ranking-rules",
    "/indexes/{i}/settings/{x}",
    "/indexes/{i}/similar",
    "/indexes/{i}/facet-search",
    "/indexes/{i}/stats",
    "/indexes/{i}/fields",
    "/indexes/{i}/explain",
    "/multi-search",
    "/multi-search/explain",
    "/swap-indexes",
    "/tasks",
    "/tasks/{x}",
    "/tasks/cancel",
    "/batches",
    "/batches/{x}",
    "/webhooks",
    "/webhooks/{x}",
    "/experimental-features",
    "/dumps",
    "/snapshots",
    "/export",
    "/metrics",
    "/network",
    "/chats/{x}/chat/completions",
    "/dynamic-search-rules/{x}",
    "/_miroir/ready",
    "/_miroir/topology",
    "/_miroir/shards",
    "/_miroir/tasks",
    "/_miroir/tasks/{x}/cancel",
    "/_miroir/metrics",
    "/_miroir/{x}",
    "/{x}",
];

const ODD: &[&str] = &[
    "1",
    "-1",
    "null",
    "%00",
    "%ff%fe",
    "..",
    "%2e%2e%2f",
    "a%20b",
    "%E2%8A%B0",
    "_miroir_shard",
    "miroir__defaults",
    "stories__twin",
    "stories__1",
    "4294967296",
    "mtask-1",
    "00000000-0000-0000-0000-000000000000",
    "%",
    "*",
    "%F0%9F%A6%80",
    "x;y=z",
    "a'b\"c",
    "{uuid}",
];

const HEADERS: &[&str] = &[
    "X-Miroir-Over-Fetch: 0",
    "X-Miroir-Over-Fetch: 7",
    "X-Miroir-Min-Settings-Version: a",
    "X-Miroir-Session: s",
    "X-Miroir-Multi-Search-Partial: true",
    "X-Miroir-Forwarded: 1",
    "X-Admin-Key: wrong",
    "Idempotency-Key: k",
    "Accept-Encoding: gzip, br;q=0",
    "Content-Encoding: gzip",
    "Content-Encoding: nonsense",
    "Expect: 100-continue",
    "Origin: https://example.org",
    "Cookie: miroir_admin_session=v1",
    "X-Request-Id: \u{e9}",
    "Connection: upgrade",
    "Upgrade: websocket",
    "Range: bytes=0-1",
    "If-None-Match: *",
    "X-Forwarded-For: 127.0.0.1",
    "TaskId: 7",
    "Meili-Proxy-Search: true",
    "Transfer-Encoding: identity",
    "Host: other",
];

const TYPES: &[&str] = &[
    "application/json",
    "application/json",
    "application/json",
    "application/json; charset=utf-8",
    "text/csv",
    "application/x-ndjson",
    "text/plain",
    "",
    "application/",
    "multipart/form-data; boundary=x",
];

/// What members of bodies may be called.
const MEMBERS: &[&str] = &[
    "q",
    "filter",
    "limit",
    "offset",
    "page",
    "hitsPerPage",
    "facets",
    "sort",
    "distinct",
    "attributesToRetrieve",
    "vector",
    "hybrid",
    "showRankingScoreDetails",
    "rankingScoreThreshold",
    "locales",
    "uid",
    "primaryKey",
    "indexes",
    "queries",
    "indexUid",
    "federation",
    "actions",
    "expiresAt",
    "url",
    "headers",
    "id",
    "ids",
    "function",
    "facetName",
    "facetQuery",
    "searchableAttributes",
    "rankingRules",
    "embedders",
    "_miroir_shard",
    "_geo",
    "_vectors",
    "containsFilter",
    "title",
    "payloadSize",
    "apiKey",
    "cropLength",
    "matchingStrategy",
    "rename",
    "\u{22b0}",
];

const TEXTS: &[&str] = &[
    "",
    "story",
    "id = 1",
    "id IN [1, 2",
    "title CONTAINS a",
    "_geoRadius(1, 2, 3)",
    "title:asc",
    "words",
    "*",
    "stories",
    "all",
    "last",
    "2030-01-01",
    "http://127.0.0.1:1",
    "_miroir_updated_at",
    "\u{22b0}\u{22b1}",
    "\"phrase",
    "-x",
    "((((((((((((((((((((",
    "NOT NOT NOT",
    "\u{0}",
    "\u{1f980}",
];

pub(super) fn draw(random: &mut StdRng) -> Request {
    let (credential, is_stranger) = credential(random);
    let index = match is_stranger {
        true => FORBIDDEN,
        false => *["stories", "stories", "missing", "a b"]
            .choose(random)
            .expect("some"),
    };
    let odd = *ODD.choose(random).expect("some");
    let path = PATHS.choose(random).expect("some");
    let mut path = path
        .replace("{i}", &index.replace(' ', "%20"))
        .replace("{x}", odd);
    if random.random_ratio(1, 3) {
        let name = MEMBERS.choose(random).expect("some");
        let value = [TEXTS, ODD]
            .choose(random)
            .and_then(|list| list.choose(random))
            .expect("some");
        let value: String = value
            .bytes()
            .map(|byte| match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'%' | b'_' => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02X}"),
            })
            .collect();
        path = format!("{path}?{name}={value}");
    }
    let method = *METHODS.choose(random).expect("some");
    let mut body = body(random, index);
    if random.random_ratio(1, 5) {
        damage(&mut body, random);
    }
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: fleet\r\nConnection: close\r\n");
    if let Some(credential) = credential {
        head.push_str(&format!("Authorization: {credential}\r\n"));
    }
    let kind = TYPES.choose(random).expect("some");
    head.push_str(&format!("Content-Type: {kind}\r\n"));
    for _ in 0..random.random_range(0..3) {
        head.push_str(HEADERS.choose(random).expect("some"));
        head.push_str("\r\n");
    }
    let breaks = ["Transfer-Encoding", "Host: other", "pgrade"];
    let mut is_well_formed = !breaks.iter().any(|name| head.contains(name));
    let mut bytes = match random.random_range(0..8) {
        0 => {
            // The same in pieces.
            let mut bytes = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
            for piece in body.chunks(random.random_range(1..600)) {
                bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                bytes.extend_from_slice(piece);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            bytes
        }
        _ => {
            let mut bytes = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
            bytes.extend_from_slice(&body);
            bytes
        }
    };
    if random.random_ratio(1, 10) {
        damage(&mut bytes, random);
        is_well_formed = false;
    }
    Request {
        bytes,
        is_stranger,
        is_well_formed,
        path,
        method,
    }
}

/// The value of `Authorization`, and whether it is nobody's.
fn credential(random: &mut StdRng) -> (Option<String>, bool) {
    let uid: Uuid = SEARCH_KEY.parse().expect("a uuid");
    match random.random_range(0..12) {
        0 => (None, true),
        1 => (Some(format!("Bearer {NODE_MASTER_KEY}")), true),
        2 => (Some(format!("Basic {MASTER_KEY}")), true),
        3 => (Some("Bearer ".to_owned()), true),
        4 => (Some(format!("Bearer {MASTER_KEY}x")), true),
        5 => (Some("Bearer eyJhbGciOiJub25lIn0.eyJhcGlLZXlVaWQiOiJlZWVlZWVlZS1lZWVlLTRlZWUtOGVlZS1lZWVlZWVlZWVlZWUifQ.".to_owned()), true),
        6 => (Some(format!("Bearer {}", key_value(MASTER_KEY.as_bytes(), uid))), false),
        7 => (Some(format!("Bearer {ADMIN_KEY}")), false),
        _ => (Some(format!("Bearer {MASTER_KEY}")), false),
    }
}

fn body(random: &mut StdRng, index: &str) -> Vec<u8> {
    match random.random_range(0..12) {
        0 => Vec::new(),
        1 => b"id,title\n1,a\n\"".to_vec(),
        2 => "[".repeat(random.random_range(1..2_000)).into_bytes(),
        3 => vec![b'x'; random.random_range(4_000..6_000)],
        4 => json!([{ "indexUid": index, "q": "story" }])
            .to_string()
            .into_bytes(),
        5 => json!({ "queries": [{ "indexUid": index, "q": "story" }] })
            .to_string()
            .into_bytes(),
        6 => json!({ "uid": index, "indexUid": index })
            .to_string()
            .into_bytes(),
        _ => value(random, 0).to_string().into_bytes(),
    }
}

fn value(random: &mut StdRng, depth: u32) -> Value {
    let kinds = if depth < 4 { 10 } else { 6 };
    match random.random_range(0..kinds) {
        0 => Value::Null,
        1 => json!(random.random::<bool>()),
        2 => json!(random.random_range(-3..40)),
        3 => json!(random.random::<f64>() * 1e300),
        4 | 5 => json!(TEXTS.choose(random).expect("some")),
        6 => {
            let length = random.random_range(0..4);
            Value::Array((0..length).map(|_| value(random, depth + 1)).collect())
        }
        _ => {
            let length = random.random_range(0..5);
            let member = |random: &mut StdRng| {
                let name = (*MEMBERS.choose(random).expect("some")).to_owned();
                (name, value(random, depth + 1))
            };
            Value::Object((0..length).map(|_| member(random)).collect())
        }
    }
}

/// One to three small edits.
fn damage(bytes: &mut Vec<u8>, random: &mut StdRng) {
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..=bytes.len());
        let end = bytes.len().min(at + random.random_range(0..8));
        match random.random_range(0..4) {
            0 => bytes.insert(at, random.random()),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.truncate(at),
            _ => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}
