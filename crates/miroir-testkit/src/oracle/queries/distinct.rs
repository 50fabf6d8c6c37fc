//! One hit per value of an attribute.

use super::{Body, Definition, Query, Source, post, set, with_any_words, words};
use crate::oracle::profile::Profile;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact(
        "distinct",
        "one value per document, as setting and as parameter: the hits of a window",
        |source| window(source, ONE).ignoring(ESTIMATES),
    ),
    Definition::exact(
        "distinct_pages",
        "the same by pages, with their exact totals",
        |source| pages(source, ONE).ignoring(FACETS),
    ),
    Definition::exact(
        "distinct_many",
        "several values per document: the hits of a window",
        |source| window(source, MANY).ignoring(ESTIMATES),
    ),
    Definition::exact(
        "distinct_many_pages",
        "the same by pages: the hits",
        |source| pages(source, MANY).ignoring(TOTALS),
    ),
    Definition::exact(
        "distinct_totals",
        "totals and facets of a window, which depend on the hits that one server happens to visit",
        |source| {
            let kind = *source.pick(&[ONE, MANY]);
            window(source, kind)
        },
    )
    .at_least(
        94.0,
        "one server subtracts the duplicates that it met on its way to the last hit",
    ),
];

/// Attributes, and the index where such a one is the setting.
type Kind = (Profile, &'static [&'static str]);

const ONE: Kind = (
    Profile::Distinct,
    &[
        "studio",
        "colour",
        "year",
        "dimensions.label",
        "released",
        "rating",
    ],
);
const MANY: Kind = (Profile::DistinctMany, &["tags", "mixed", "numbers"]);

const FACETS: &[&str] = &["facetDistribution", "facetStats"];
pub(super) const ESTIMATES: &[&str] = &["estimatedTotalHits", "facetDistribution", "facetStats"];
const TOTALS: &[&str] = &["totalHits", "totalPages", "facetDistribution", "facetStats"];

/// A search whose hits are distinct by the setting or by a parameter.
fn body(source: &mut Source<'_>, (profile, attributes): Kind) -> (Profile, Body) {
    let mut body = if source.chance(0.5) {
        with_any_words(source)
    } else {
        words::any(source)
    };
    // An index has three ways to be asked: its setting, a parameter, and a parameter that replaces its setting.
    let profile = *source.pick(&[profile, Profile::Plain]);
    if profile == Profile::Plain || source.chance(0.4) {
        let attribute = *source.pick(attributes);
        set(&mut body, "distinct", attribute);
    }
    if source.chance(0.3) {
        super::set_sort(source, &mut body, &["year:desc", "price:asc", "studio:asc"]);
    }
    if source.chance(0.3) {
        set(&mut body, "filter", "year > 1985");
    }
    if source.chance(0.3) {
        set(&mut body, "attributesToRetrieve", vec!["id", "title"]);
    }
    if source.chance(0.2) {
        set(&mut body, "facets", vec!["colour", "year"]);
    }
    body.remove("limit");
    (profile, body)
}

fn window(source: &mut Source<'_>, kind: Kind) -> Query {
    let (profile, mut body) = body(source, kind);
    let (offset, limit) = (source.number(0..=12), source.number(1..=40));
    if source.chance(0.4) {
        set(&mut body, "offset", offset);
    }
    set(&mut body, "limit", limit);
    post(profile, body)
}

fn pages(source: &mut Source<'_>, kind: Kind) -> Query {
    let (profile, mut body) = body(source, kind);
    let (page, size) = (source.number(1..=4), source.number(1..=15));
    set(&mut body, "page", page);
    set(&mut body, "hitsPerPage", size);
    post(profile, body)
}
