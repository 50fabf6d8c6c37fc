//! Sorting.

use super::{Body, Definition, Query, Source, post, set, with_any_words};
use crate::oracle::profile::Profile;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact(
        "sort_numbers",
        "numbers that every document has",
        |source| post(Profile::Plain, sorted(source, NUMBERS)),
    ),
    Definition::exact(
        "sort_strings",
        "strings that every document has",
        |source| post(Profile::Plain, sorted(source, STRINGS)),
    ),
    Definition::exact(
        "sort_missing",
        "fields that are missing, null, empty or of several types",
        |source| post(Profile::Plain, sorted(source, MISSING)),
    ),
    Definition::exact(
        "sort_arrays",
        "arrays of numbers, of strings, of both",
        |source| {
            post(
                Profile::Plain,
                sorted(source, &["numbers", "tags", "mixed"]),
            )
        },
    ),
    Definition::exact(
        "sort_several",
        "two to four keys of any type, displayed or not",
        |source| {
            let profile = *source.pick(&[Profile::Plain, Profile::Limited]);
            post(profile, several(source))
        },
    ),
    Definition::exact(
        "sort_geo",
        "`_geoPoint` ascending and descending, alone and among other keys",
        geo,
    ),
    Definition::exact(
        "sort_key",
        "the primary key, where the user sorts by it",
        |source| {
            let mut body = with_any_words(source);
            super::set_sort(source, &mut body, &["id:asc", "id:desc", "year:desc"]);
            if source.chance(0.3) {
                set(&mut body, "sort", vec!["year:asc", "id:desc"]);
            }
            post(Profile::Keyed, body)
        },
    ),
];

const NUMBERS: &[&str] = &["serial", "year", "votes", "price", "dimensions.width"];
const STRINGS: &[&str] = &["studio", "dimensions.label", "released"];
const MISSING: &[&str] = &["rating", "colour", "mixed", "notes"];

/// Any sort but the geographic one.
pub(super) fn any(source: &mut Source<'_>) -> Body {
    let fields = *source.pick(&[NUMBERS, STRINGS, MISSING]);
    sorted(source, fields)
}

fn several(source: &mut Source<'_>) -> Body {
    let mut body = with_any_words(source);
    let fields = [
        "released",
        "colour",
        "mixed",
        "tags",
        "numbers",
        "year",
        "dimensions.label",
        "dimensions.width",
        "rating",
        "dimensions",
    ];
    let orders = orders(source, &fields, 2..=4);
    set(&mut body, "sort", orders);
    let limit = source.number(1..=60);
    set(&mut body, "limit", limit);
    body
}

fn geo(source: &mut Source<'_>) -> Query {
    let mut body = with_any_words(source);
    let (lat, lng) = (source.degrees(70), source.degrees(170));
    let direction = *source.pick(&["asc", "desc"]);
    let mut keys = vec![format!("_geoPoint({lat}, {lng}):{direction}")];
    if source.chance(0.3) {
        let place = source.number(0..=1);
        keys.insert(place, "released:asc".to_owned());
    }
    set(&mut body, "sort", keys);
    if source.chance(0.3) {
        set(&mut body, "filter", "year > 1980");
    }
    if source.chance(0.3) {
        set(&mut body, "attributesToRetrieve", vec!["title", "_geo"]);
    }
    let limit = source.number(1..=60);
    set(&mut body, "limit", limit);
    post(Profile::Plain, body)
}

fn sorted(source: &mut Source<'_>, fields: &[&str]) -> Body {
    let mut body = with_any_words(source);
    let orders = orders(source, fields, 1..=2);
    set(&mut body, "sort", orders);
    let (offset, limit) = (source.number(0..=30), source.number(1..=60));
    if source.chance(0.3) {
        set(&mut body, "offset", offset);
    }
    set(&mut body, "limit", limit);
    body
}

fn orders(
    source: &mut Source<'_>,
    fields: &[&str],
    count: std::ops::RangeInclusive<usize>,
) -> Vec<String> {
    source
        .some(fields, count)
        .into_iter()
        .map(|field| format!("{field}:{}", source.pick(&["asc", "desc"])))
        .collect()
}
