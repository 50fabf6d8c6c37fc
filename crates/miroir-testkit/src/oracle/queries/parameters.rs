//! Facets, pages, placeholders, and parameters of `GET`.

use http::Method;
use serde_json::Value;

use super::filters::expression;
use super::{Body, Query, Source, encode, set, with_any_words};
use crate::oracle::profile::Profile;

const FACETS: &[&str] = &[
    "tags",
    "colour",
    "year",
    "rating",
    "released",
    "studio",
    "dimensions.label",
    "mixed",
];

/// Distributions of one to four of the facets that are wanted, with and without a query and a filter.
pub(super) fn facets(source: &mut Source<'_>, wanted: impl Fn(&str) -> bool) -> Body {
    let mut body = with_any_words(source);
    let wanted: Vec<&str> = FACETS
        .iter()
        .copied()
        .filter(|facet| wanted(facet))
        .collect();
    let facets = source.some(&wanted, 1..=4);
    set(&mut body, "facets", facets);
    if source.chance(0.4) {
        let filter = expression(source, 1);
        set(&mut body, "filter", filter);
    }
    let limit = source.number(0..=10);
    set(&mut body, "limit", limit);
    body
}

/// Any window, also beyond the end.
pub(super) fn offset_limit(source: &mut Source<'_>) -> Body {
    let mut body = with_any_words(source);
    let offset = source.number(0..=120);
    if source.chance(0.8) {
        set(&mut body, "offset", offset);
    }
    let limit = source.number(0..=80);
    if source.chance(0.8) {
        set(&mut body, "limit", limit);
    }
    body
}

/// Any page, also the one before the first and those behind the last.
pub(super) fn page_mode(source: &mut Source<'_>) -> Body {
    let mut body = with_any_words(source);
    let page = source.number(0..=6);
    let size = source.number(0..=20);
    match source.number(0..=4) {
        0 => set(&mut body, "page", page),
        1 => set(&mut body, "hitsPerPage", size),
        _ => {
            set(&mut body, "page", page);
            set(&mut body, "hitsPerPage", size);
        }
    }
    body
}

/// No query, an empty one, or one of spaces; sometimes with a filter or a sort.
pub(super) fn placeholder(source: &mut Source<'_>) -> Body {
    let mut body = Body::new();
    match source.number(0..=3) {
        0 => set(&mut body, "q", ""),
        1 => set(&mut body, "q", "  "),
        2 => set(&mut body, "q", Value::Null),
        _ => {}
    }
    let limit = source.number(1..=50);
    set(&mut body, "limit", limit);
    if source.chance(0.3) {
        let filter = expression(source, 1);
        set(&mut body, "filter", filter);
    }
    if source.chance(0.3) {
        let order = (*source.pick(&["year:desc", "studio:asc", "mixed:asc"])).to_owned();
        set(&mut body, "sort", vec![order]);
    }
    body
}

/// A search whose parameters are in the URL; a few are wrong on purpose.
pub(super) fn get_search(source: &mut Source<'_>) -> Query {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let words: Vec<String> = (0..source.number(0..=2)).map(|_| source.word()).collect();
    if !words.is_empty() {
        pairs.push(("q", words.join(" ")));
    }
    if source.chance(0.4) {
        pairs.push(("filter", expression(source, 1)));
    }
    if source.chance(0.3) {
        pairs.push(("facets", source.some(FACETS, 1..=3).join(",")));
    }
    if source.chance(0.3) {
        pairs.push(("sort", "year:desc,price:asc".to_owned()));
    }
    if source.chance(0.3) {
        pairs.push(("attributesToRetrieve", "id,title,tags".to_owned()));
    }
    if source.chance(0.3) {
        pairs.push(("attributesToHighlight", "title".to_owned()));
    }
    if source.chance(0.2) {
        pairs.push(("showRankingScore", "true".to_owned()));
    }
    match source.number(0..=5) {
        0 | 1 => pairs.push(("limit", source.number(0..=30).to_string())),
        2 => pairs.push(("page", source.number(1..=3).to_string())),
        3 => pairs.push(("limit", "abc".to_owned())),
        4 if source.chance(0.3) => pairs.push(("limits", "3".to_owned())),
        _ => {}
    }
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    let path = format!(
        "/indexes/{}/search?{}",
        Profile::Plain.uid(),
        pairs.join("&")
    );
    Query {
        profile: Profile::Plain,
        method: Method::GET,
        path,
        body: None,
        unordered: None,
    }
}
