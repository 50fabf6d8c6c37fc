//! Windows and pages, near and far, with a query and without, and the threshold that ends them.

use serde_json::{Value, json};

use super::filters::expression;
use super::{Body, Definition, Query, Source, post, set, with_any_words, with_words, words};
use crate::oracle::profile::Profile;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact(
        "offset_limit",
        "any window, also beyond the end",
        |source| {
            let profile = *source.pick(&[Profile::Plain, Profile::Capped]);
            let body = offset_limit(source);
            post(profile, body)
        },
    ),
    Definition::exact(
        "page_mode",
        "any page, also none and those behind the last",
        |source| {
            let profile = *source.pick(&[Profile::Plain, Profile::Capped]);
            let body = page_mode(source);
            post(profile, body)
        },
    ),
    Definition::exact(
        "deep_pages",
        "windows and pages around `maxTotalHits` and beyond",
        deep,
    ),
    Definition::exact(
        "placeholder",
        "no query, an empty one, one of spaces",
        |source| {
            let profile = *source.pick(&[
                Profile::Plain,
                Profile::Limited,
                Profile::Capped,
                Profile::Ruled,
            ]);
            let body = placeholder(source);
            post(profile, body)
        },
    ),
    Definition::exact(
        "threshold",
        "`rankingScoreThreshold`, its totals and facets, in both paging modes",
        |source| {
            let thresholds = [0.0, 0.05, 0.35, 0.55, 0.72, 0.87, 0.93, 1.0];
            let count = source.number(0..=1);
            let body = with_words(source, count);
            threshold(source, body, &thresholds)
        },
    ),
    Definition::exact(
        "threshold_sorted",
        "thresholds where a sort or a rule of the user's comes before words, on any page",
        threshold_sorted,
    )
    // The older engine of the embedded node counts the pages of such lists otherwise.
    .of_a_server(),
    Definition::exact(
        "threshold_borderline",
        "thresholds on scores that several words and typos share",
        |source| {
            let body = words::any(source);
            threshold(source, body, &[0.25, 0.5, 0.6, 0.666, 0.75, 0.8, 0.9])
        },
    )
    .at_least(
        94.0,
        "a node scores typos against the longest derivation that its own documents have",
    ),
];

fn offset_limit(source: &mut Source<'_>) -> Body {
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

fn page_mode(source: &mut Source<'_>) -> Body {
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

/// A few hits far down.
fn deep(source: &mut Source<'_>) -> Query {
    let mut body = if source.chance(0.5) {
        Body::new()
    } else {
        words::words(source, 1)
    };
    body.remove("limit");
    let (profile, most) = *source.pick(&[(Profile::Plain, 1000), (Profile::Capped, 50)]);
    let start = source.number(most / 2..=most + 10);
    let size = source.number(1..=10);
    if source.chance(0.5) {
        set(&mut body, "offset", start);
        set(&mut body, "limit", size);
    } else {
        set(&mut body, "page", start / size);
        set(&mut body, "hitsPerPage", size);
    }
    if source.chance(0.3) {
        super::set_sort(source, &mut body, &["year:desc", "price:asc"]);
    }
    set(&mut body, "attributesToRetrieve", vec!["id"]);
    post(profile, body)
}

fn placeholder(source: &mut Source<'_>) -> Body {
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
        super::set_sort(source, &mut body, &["year:desc", "studio:asc", "mixed:asc"]);
    }
    body
}

fn threshold_sorted(source: &mut Source<'_>) -> Query {
    let thresholds = [0.05, 0.35, 0.55, 0.72, 0.87, 0.93, 1.0];
    let count = source.number(1..=2);
    let body = with_words(source, count);
    let mut query = threshold(source, body, &thresholds);
    let Some(body) = query.body.as_mut().and_then(Value::as_object_mut) else {
        return query;
    };
    if source.chance(0.6) {
        super::set_sort(
            source,
            body,
            &[
                "year:desc",
                "released:asc",
                "colour:asc",
                "price:asc",
                "dimensions.width:desc",
            ],
        );
    }
    if source.chance(0.4) {
        let start = source.number(1..=40);
        if body.contains_key("hitsPerPage") {
            set(body, "page", 1 + start / 10);
        } else {
            set(body, "offset", start);
        }
    }
    let body = std::mem::take(body);
    let profile = *source.pick(&[Profile::Sorted, Profile::Sorted, Profile::Ruled]);
    post(profile, body)
}

fn threshold(source: &mut Source<'_>, mut body: Body, thresholds: &[f64]) -> Query {
    let threshold = *source.pick(thresholds);
    set(&mut body, "rankingScoreThreshold", json!(threshold));
    let size = source.number(1..=30);
    if source.chance(0.4) {
        set(&mut body, "hitsPerPage", size);
        body.remove("limit");
    } else {
        set(&mut body, "limit", size);
    }
    if source.chance(0.3) {
        set(&mut body, "facets", vec!["colour", "year"]);
    }
    if source.chance(0.2) {
        set(&mut body, "filter", "year > 1985");
    }
    post(Profile::Plain, body)
}
