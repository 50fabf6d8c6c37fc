//! What hits show.

use serde_json::json;

use super::words;
use super::{Body, Definition, Query, Source, post, set, with_any_words};
use crate::oracle::profile::Profile;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact(
        "highlight",
        "highlighting, cropping, positions, with all their parameters",
        |source| {
            let profile = *source.pick(&[Profile::Plain, Profile::Plain, Profile::Limited]);
            let body = highlight(source);
            post(profile, body)
        },
    ),
    Definition::exact(
        "retrieve",
        "lists of attributes, nested, unknown, not displayed",
        |source| {
            let profile = *source.pick(&[Profile::Plain, Profile::Limited, Profile::Keyed]);
            let body = retrieve(source);
            post(profile, body)
        },
    ),
    Definition::exact(
        "retrieve_vectors",
        "`retrieveVectors` of hits and documents",
        vectors,
    ),
    Definition::exact("scores", "ranking scores and their details", |source| {
        let profile = *source.pick(&[Profile::Plain, Profile::Limited]);
        let body = scores(source, false);
        post(profile, body)
    }),
    Definition::exact(
        "scores_typos",
        "the same with typos and prefixes",
        |source| {
            let body = scores(source, true);
            post(Profile::Plain, body)
        },
    )
    .at_least(
        94.0,
        "a node scores typos against the longest derivation that its own documents have",
    ),
];

fn vectors(source: &mut Source<'_>) -> Query {
    let on = source.chance(0.8);
    if source.chance(0.3) {
        let limit = source.number(1..=20);
        let route = format!("documents?retrieveVectors={on}&sort=serial:asc&limit={limit}");
        return Query::get(Profile::Vectors, &route);
    }
    let mut body = with_any_words(source);
    set(&mut body, "retrieveVectors", on);
    if source.chance(0.4) {
        let attributes = source.some(&["id", "title", "_vectors", "year"], 1..=3);
        set(&mut body, "attributesToRetrieve", attributes);
    }
    set(&mut body, "limit", 8);
    post(Profile::Vectors, body)
}

const ATTRIBUTES: &[&str] = &[
    "id",
    "title",
    "overview",
    "tags",
    "year",
    "dimensions",
    "dimensions.label",
    "studio",
    "_geo",
    "nothing",
];

/// Highlighting, cropping and positions, on correct words, typos and prefixes.
pub(super) fn highlight(source: &mut Source<'_>) -> Body {
    let mut body = match source.number(0..=3) {
        0 => words::typos(source),
        1 => words::prefixes(source),
        _ => {
            let count = source.number(1..=2);
            words::words(source, count)
        }
    };
    if source.chance(0.8) {
        let all = source.chance(0.4);
        let attributes = if all {
            vec!["*".to_owned()]
        } else {
            source.some(ATTRIBUTES, 1..=3)
        };
        set(&mut body, "attributesToHighlight", attributes);
    }
    if source.chance(0.5) {
        let crop = (*source.pick(&["overview", "overview:6", "*", "title:2"])).to_owned();
        set(&mut body, "attributesToCrop", vec![crop]);
        let length = source.number(0..=12);
        set(&mut body, "cropLength", length);
    }
    if source.chance(0.3) {
        set(&mut body, "highlightPreTag", "<<");
        set(&mut body, "highlightPostTag", ">>");
        set(&mut body, "cropMarker", "[cut]");
    }
    if source.chance(0.5) {
        set(&mut body, "showMatchesPosition", true);
    }
    set(&mut body, "limit", 8);
    body
}

/// Lists of attributes, some unknown, some nested, some not displayed, or none.
fn retrieve(source: &mut Source<'_>) -> Body {
    let mut body = with_any_words(source);
    match source.number(0..=5) {
        0 => {}
        1 => set(&mut body, "attributesToRetrieve", json!(["*"])),
        2 => set(&mut body, "attributesToRetrieve", json!([])),
        _ => {
            let attributes = source.some(ATTRIBUTES, 1..=4);
            set(&mut body, "attributesToRetrieve", attributes);
        }
    }
    if source.chance(0.3) {
        let attributes = source.some(ATTRIBUTES, 1..=2);
        set(&mut body, "attributesToHighlight", attributes);
    }
    if source.chance(0.3) {
        let order = (*source.pick(&["votes:asc", "studio:desc"])).to_owned();
        set(&mut body, "sort", vec![order]);
    }
    set(&mut body, "limit", 12);
    body
}

/// Scores and their details, of correct words or of any.
fn scores(source: &mut Source<'_>, any: bool) -> Body {
    let count = source.number(0..=2);
    let mut body = if any {
        words::any(source)
    } else if count == 0 {
        Body::new()
    } else {
        words::words(source, count)
    };
    let details = source.chance(0.7);
    if !details || source.chance(0.5) {
        set(&mut body, "showRankingScore", true);
    }
    if details {
        set(&mut body, "showRankingScoreDetails", true);
    }
    if source.chance(0.4) {
        let order =
            (*source.pick(&["year:desc", "studio:asc", "mixed:desc", "rating:asc"])).to_owned();
        set(&mut body, "sort", vec![order]);
    }
    set(&mut body, "limit", 15);
    body
}
