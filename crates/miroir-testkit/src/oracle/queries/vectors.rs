//! Searches by vectors: semantic, hybrid, and for documents like one.
//!
//! Every document has a vector that follows from its number, and vectors of queries are drawn near those, so that the order is
//! never a matter of chance. Few dimensions keep what is found complete on every engine that looks at all candidates.

use http::Method;
use serde_json::{Value, json};

use super::{Body, Query, Source, set, with_words};
use crate::oracle::profile::Profile;

/// The embedder's name in settings and queries.
const EMBEDDER: &str = "mine";
/// The length of its vectors.
const DIMENSIONS: usize = 6;
/// Every so many documents has no vector.
const WITHOUT: u64 = 13;

/// The setting `embedders` of an index that these queries run on.
pub(in crate::oracle) fn embedders() -> Value {
    json!({ EMBEDDER: { "source": "userProvided", "dimensions": DIMENSIONS } })
}

/// The member `_vectors` of a document with this serial number.
pub(in crate::oracle) fn vectors(serial: u64) -> Value {
    if serial % WITHOUT == WITHOUT - 1 {
        return json!({ EMBEDDER: null });
    }
    json!({ EMBEDDER: vector(serial) })
}

/// A direction that no other number has.
fn vector(serial: u64) -> Vec<f32> {
    let mut state = serial.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D;
    (0..DIMENSIONS)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // The upper bits, as a number from -1 to 1 that is written without rounding.
            f32::from(i16::from_ne_bytes((state >> 48) as u16.to_ne_bytes())) / 32_768.0
        })
        .collect()
}

/// By a vector alone: a ratio of 1, or no words.
pub(super) fn semantic(source: &mut Source<'_>) -> Body {
    let mut body = if source.chance(0.5) {
        with_words(source, 1)
    } else {
        Body::new()
    };
    let ratio = if body.is_empty() { 0.5 } else { 1.0 };
    set(&mut body, "hybrid", hybrid_of(ratio));
    common(source, &mut body);
    body
}

/// By words and a vector; often by words that are good enough alone.
pub(super) fn hybrid(source: &mut Source<'_>) -> Body {
    let count = source.number(1..=3);
    let mut body = with_words(source, count);
    if source.chance(0.2) {
        let negated = source.word();
        let words = body["q"].as_str().unwrap_or_default();
        let q = format!("{words} -{negated}");
        set(&mut body, "q", q);
    }
    let ratio = *source.pick(&[0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]);
    set(&mut body, "hybrid", hybrid_of(ratio));
    if source.chance(0.2) {
        set(&mut body, "matchingStrategy", "all");
    }
    if source.chance(0.3) {
        set(&mut body, "attributesToHighlight", json!(["*"]));
    }
    common(source, &mut body);
    body
}

/// Documents like one of the corpus, now and then like none.
pub(super) fn similar(source: &mut Source<'_>) -> Query {
    let profile = Profile::Plain;
    let documents = &source.corpus.documents;
    let at = source.number(0..=documents.len());
    let id = source
        .corpus
        .documents
        .get(at)
        .map_or_else(|| json!(u32::MAX), |document| document["id"].clone());
    let mut body = Body::from_iter([("id".to_owned(), id)]);
    set(&mut body, "embedder", EMBEDDER);
    window(source, &mut body);
    if source.chance(0.4) {
        set(&mut body, "filter", filter(source));
    }
    if source.chance(0.3) {
        let threshold = source.number(30..=90) as f64 / 100.0;
        set(&mut body, "rankingScoreThreshold", threshold);
    }
    shown(source, &mut body);
    Query {
        profile,
        method: Method::POST,
        path: format!("/indexes/{}/similar", profile.uid()),
        body: Some(Value::Object(body)),
        unordered: None,
    }
}

fn hybrid_of(ratio: f64) -> Value {
    json!({ "embedder": EMBEDDER, "semanticRatio": ratio })
}

/// What both kinds of searches may say besides.
fn common(source: &mut Source<'_>, body: &mut Body) {
    let near = source.number(0..=1_000_000) as u64;
    set(body, "vector", json!(vector(near)));
    window(source, body);
    if source.chance(0.3) {
        set(body, "filter", filter(source));
    }
    if source.chance(0.3) {
        let field = *source.pick(&["year", "votes", "rating", "studio"]);
        let order = *source.pick(&["asc", "desc"]);
        set(body, "sort", json!([format!("{field}:{order}")]));
    }
    if source.chance(0.2) {
        set(body, "facets", json!(["studio", "year"]));
    }
    shown(source, body);
}

fn filter(source: &mut Source<'_>) -> String {
    let year = source.number(1950..=2020);
    format!("year > {year} OR released = true")
}

fn window(source: &mut Source<'_>, body: &mut Body) {
    let limit = source.number(0..=40);
    set(body, "limit", limit);
    if source.chance(0.3) {
        let offset = source.number(0..=40);
        set(body, "offset", offset);
    }
}

fn shown(source: &mut Source<'_>, body: &mut Body) {
    for name in ["showRankingScore", "retrieveVectors"] {
        if source.chance(0.3) {
            set(body, name, true);
        }
    }
}
