//! Searches by vectors: semantic, hybrid, and for documents like one.
//!
//! Every document has a vector that follows from its number, and vectors of queries are drawn near those, so that the order is
//! never a matter of chance. Few dimensions keep what is found complete; the engine of the embedded node misses some all the same.

use serde_json::{Value, json};

use super::{Body, Definition, Query, Source, post, set, with_words};
use crate::oracle::profile::Profile;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact(
        "semantic",
        "a vector alone, with filters, sorts, facets and windows",
        |source| {
            let mut body = semantic(source);
            common(source, &mut body);
            post(Profile::Vectors, body)
        },
    )
    .of_a_server(),
    Definition::exact(
        "hybrid",
        "words and a vector in every ratio, negated words too",
        |source| {
            let mut body = hybrid(source);
            common(source, &mut body);
            post(Profile::Vectors, body)
        },
    )
    .of_a_server(),
    Definition::exact(
        "similar",
        "documents like one, and like none; those that are as similar in any order",
        similar,
    )
    .of_a_server()
    .at_least(
        97.0,
        "one server's index of vectors is approximate: it may miss the nearest document itself, which smaller indexes find",
    ),
    Definition::exact(
        "facet_search_vectors",
        "values of a facet under semantic and hybrid queries",
        facet_search,
    ),
];

/// The embedder's name in settings and queries.
const EMBEDDER: &str = "own";
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
            let upper = (state >> 48) as u16;
            f32::from(upper.cast_signed()) / 32_768.0
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
    set_hybrid(source, &mut body, ratio);
    body
}

/// By words and a vector; often by words that are good enough alone.
pub(super) fn hybrid(source: &mut Source<'_>) -> Body {
    let count = source.number(1..=3);
    let mut body = with_words(source, count);
    if source.chance(0.2) {
        let q = format!("{} -{}", source.word(), source.word());
        set(&mut body, "q", q);
    }
    let ratio = *source.pick(&[0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]);
    set_hybrid(source, &mut body, ratio);
    if source.chance(0.2) {
        set(&mut body, "matchingStrategy", "all");
    }
    body
}

fn set_hybrid(source: &mut Source<'_>, body: &mut Body, ratio: f64) {
    let near = source.number(0..=1_000_000) as u64;
    set(body, "vector", vector(near));
    let hybrid = json!({ "embedder": EMBEDDER, "semanticRatio": ratio });
    set(body, "hybrid", hybrid);
}

/// Documents like one of the corpus, now and then like none.
fn similar(source: &mut Source<'_>) -> Query {
    let documents = &source.corpus.documents;
    let at = source.number(0..=documents.len());
    let document = source.corpus.documents.get(at);
    let id = document.map_or_else(|| json!(u32::MAX), |document| document["id"].clone());
    let mut body = Body::from_iter([("id".to_owned(), id)]);
    set(&mut body, "embedder", EMBEDDER);
    window(source, &mut body);
    if source.chance(0.4) {
        let filter = filter(source);
        set(&mut body, "filter", filter);
    }
    if source.chance(0.3) {
        let threshold = source.number(30..=90) as f64 / 100.0;
        set(&mut body, "rankingScoreThreshold", threshold);
    }
    shown(source, &mut body);
    set(&mut body, "showRankingScore", true);
    Query {
        any_tie: true,
        ..Query::post(Profile::Vectors, "similar", body)
    }
}

fn facet_search(source: &mut Source<'_>) -> Query {
    let mut body = if source.chance(0.5) {
        semantic(source)
    } else {
        hybrid(source)
    };
    let facet = *source.pick(&["tags", "studio", "colour", "dimensions.label"]);
    set(&mut body, "facetName", facet);
    if source.chance(0.5) {
        let mut word = source.word();
        word.truncate(source.number(1..=3));
        set(&mut body, "facetQuery", word);
    }
    if source.chance(0.3) {
        let filter = filter(source);
        set(&mut body, "filter", filter);
    }
    Query::post(Profile::Vectors, "facet-search", body)
}

/// What a search may say besides.
fn common(source: &mut Source<'_>, body: &mut Body) {
    window(source, body);
    if source.chance(0.3) {
        let filter = filter(source);
        set(body, "filter", filter);
    }
    if source.chance(0.3) {
        let field = *source.pick(&["year", "votes", "rating", "studio"]);
        let order = *source.pick(&["asc", "desc"]);
        set(body, "sort", vec![format!("{field}:{order}")]);
    }
    if source.chance(0.2) {
        set(body, "facets", vec!["studio", "year"]);
    }
    if source.chance(0.3) {
        set(body, "attributesToHighlight", vec!["*"]);
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
