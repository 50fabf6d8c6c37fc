//! Filters.

use serde_json::{Value, json};

use super::{Body, Definition, Query, Source, post, set, with_any_words};
use crate::oracle::corpus::{COLOURS, TAGS};
use crate::oracle::profile::Profile;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact(
        "filters",
        "every operator and connective, as text and as arrays",
        |source| post(Profile::Plain, filters(source)),
    ),
    Definition::exact(
        "filters_geo",
        "radius, bounding box, and their faults",
        |source| with_filter(source, Profile::Plain, geo),
    ),
    Definition::exact(
        "filters_polygon",
        "polygons where the user may not filter by them",
        |source| with_filter(source, Profile::Plain, polygon),
    )
    .of_a_server(),
    Definition::exact(
        "filters_shapes",
        "polygons, radius and bounding box over points, lines and areas",
        |source| with_filter(source, Profile::Shapes, |source| shapes(source, 20)),
    )
    .of_a_server(),
    Definition::exact(
        "filters_shapes_close",
        "the same where a region has more than 200 shapes",
        |source| with_filter(source, Profile::CloseShapes, |source| shapes(source, 4)),
    )
    .at_least(
        0.0,
        "one server forgets some of the shapes of a region when their number passes 200 between two of its tasks, so what it \
         finds depends on how its documents came",
    )
    .of_a_server(),
    Definition::exact(
        "filters_text",
        "`CONTAINS` and `STARTS WITH`, negated too",
        |source| with_filter(source, Profile::Plain, parts),
    ),
    Definition::exact(
        "filters_quoting",
        "quotes, escapes, spaces, numbers as texts and texts as numbers",
        |source| with_filter(source, Profile::Plain, quoting),
    ),
    Definition::exact(
        "filters_key",
        "the primary key, where the user may filter by it and where not",
        |source| {
            let profile = *source.pick(&[Profile::Keyed, Profile::Keyed, Profile::Plain]);
            with_filter(source, profile, key)
        },
    ),
    Definition::exact(
        "filters_patterns",
        "attributes that patterns open for some operators only",
        |source| with_filter(source, Profile::Patterns, patterns),
    ),
];

/// A search with one to three conditions of a kind, nested in one of several ways.
fn with_filter(
    source: &mut Source<'_>,
    profile: Profile,
    condition: fn(&mut Source<'_>) -> String,
) -> Query {
    let mut body = with_any_words(source);
    let filter = match source.number(0..=5) {
        0 => json!(format!("NOT {}", condition(source))),
        1 => json!([condition(source), number(source)]),
        2 => json!([[condition(source), condition(source)], number(source)]),
        3 => json!(format!(
            "{} OR ({} AND {})",
            condition(source),
            condition(source),
            number(source)
        )),
        _ => json!(condition(source)),
    };
    set(&mut body, "filter", filter);
    let limit = source.number(1..=40);
    set(&mut body, "limit", limit);
    post(profile, body)
}

fn polygon(source: &mut Source<'_>) -> String {
    let (lat, lng) = (source.degrees(40), source.degrees(100));
    let corners: Vec<String> = (0..source.number(2..=6))
        .map(|_| {
            format!(
                "[{}, {}]",
                lat + source.degrees(40),
                lng + source.degrees(60)
            )
        })
        .collect();
    format!("_geoPolygon({})", corners.join(", "))
}

/// Around a place up to `most` degrees from where the equator meets Greenwich. Small, because a server looks at its edges by
/// the kilometre: continents take it longer than the time that it gives itself for ranking.
fn shapes(source: &mut Source<'_>, most: i32) -> String {
    let (lat, lng) = (source.degrees(most), source.degrees(most));
    let near = |source: &mut Source<'_>, degrees: i32| {
        f64::from(degrees) + f64::from(source.degrees(300)) / 100.0
    };
    match source.number(0..=5) {
        0 => format!(
            "_geoRadius({lat}, {lng}, {})",
            source.number(20..=400) * 1000
        ),
        1 => {
            let size = source.degrees(3).abs() + 1;
            format!(
                "_geoBoundingBox([{}, {}], [{lat}, {lng}])",
                lat + size,
                lng + size
            )
        }
        2 => "_geojson EXISTS".to_owned(),
        _ => {
            let corners: Vec<String> = (0..source.number(2..=6))
                .map(|_| format!("[{}, {}]", near(source, lat), near(source, lng)))
                .collect();
            format!("_geoPolygon({})", corners.join(", "))
        }
    }
}

fn parts(source: &mut Source<'_>) -> String {
    let field = *source.pick(&[
        "studio",
        "colour",
        "tags",
        "mixed",
        "badge",
        "dimensions.label",
        "title",
    ]);
    let operator = *source.pick(&["CONTAINS", "NOT CONTAINS", "STARTS WITH", "NOT STARTS WITH"]);
    let word = source.word();
    let part = &word[..source.number(1..=4)];
    match source.number(0..=2) {
        0 => format!("{field} {operator} \"{}\"", part.to_uppercase()),
        1 => format!("{field} {operator} ''"),
        _ => format!("{field} {operator} {part}"),
    }
}

fn quoting(source: &mut Source<'_>) -> String {
    let word = source.word();
    let year = source.number(1960..=2024);
    match source.number(0..=12) {
        0 => format!("studio = \"{word}\""),
        1 => format!("'studio' = '{word}'"),
        2 => format!("studio = ' {} '", word.to_uppercase()),
        3 => format!("year = \"{year}\""),
        4 => format!("year = {year}.0"),
        5 => format!("\"year\" >= '{year}'"),
        6 => format!("mixed = \"{}\"", source.number(0..=40)),
        7 => "badge = \"RED \" OR badge = ' blue'".to_owned(),
        8 => "badge IN ['ocre', \"Öcre\"]".to_owned(),
        9 => format!("studio = \"{word}\\\"s\""),
        10 => format!("year = 1e3 OR year = {year}e0"),
        11 => format!("studio={word}AND year>1"),
        _ => format!("votes = {}", source.number(0..=40) * 1_000_003),
    }
}

fn key(source: &mut Source<'_>) -> String {
    let corpus = source.corpus;
    let (one, other) = (
        &source.pick(&corpus.documents)["id"],
        &source.pick(&corpus.documents)["id"],
    );
    match source.number(0..=5) {
        0 => format!("id = {one}"),
        1 => format!("id IN [{one}, {other}, 0]"),
        2 => format!("id > {one}"),
        3 => format!("id != {one} AND id < {other}"),
        4 => "id EXISTS".to_owned(),
        _ => format!("id {one} TO {other}"),
    }
}

fn patterns(source: &mut Source<'_>) -> String {
    let corpus = source.corpus;
    let name = source.pick(corpus.vocabulary.names(30));
    let number = source.number(0..=60);
    let operator = *source.pick(&["=", "!=", ">", "<="]);
    match source.number(0..=9) {
        0 => format!("dimensions.label = {name}"),
        1 => format!("dimensions.width {operator} {number}"),
        2 => format!("studio {operator} {name}"),
        3 => format!("tags = {name}"),
        4 => format!("tags {operator} {number}"),
        5 => format!("rating {operator} {number}"),
        6 => format!("serial {operator} {number}"),
        7 => format!("mixed {operator} {number}"),
        8 => format!("dimensions {operator} {number}"),
        _ => format!("overview {operator} {number}"),
    }
}

/// A filter as a string or as arrays; a few are wrong on purpose, since errors must be equal too.
pub(super) fn filters(source: &mut Source<'_>) -> Body {
    let mut body = with_any_words(source);
    let filter = match source.number(0..=9) {
        0..=5 => json!(expression(source, 2)),
        6 => json!([condition(source), condition(source)]),
        7 => json!([
            [condition(source), condition(source)],
            expression(source, 1)
        ]),
        8 => json!([[condition(source), expression(source, 1)]]),
        _ => wrong(source),
    };
    set(&mut body, "filter", filter);
    let limit = source.number(0..=40);
    set(&mut body, "limit", limit);
    body
}

/// A filter expression with up to `depth` levels of connectives.
pub(super) fn expression(source: &mut Source<'_>, depth: usize) -> String {
    if depth == 0 {
        return condition(source);
    }
    match source.number(0..=4) {
        0 => format!(
            "{} AND {}",
            expression(source, depth - 1),
            condition(source)
        ),
        1 => format!("{} OR {}", condition(source), expression(source, depth - 1)),
        2 => format!("NOT ({})", expression(source, depth - 1)),
        3 => format!(
            "({} OR {}) AND {}",
            condition(source),
            condition(source),
            expression(source, depth - 1)
        ),
        _ => condition(source),
    }
}

/// One condition.
fn condition(source: &mut Source<'_>) -> String {
    match source.number(0..=10) {
        0..=3 => number(source),
        4..=6 => text(source),
        7..=8 => presence(source),
        9 => geo(source),
        _ => format!("released = {}", source.chance(0.5)),
    }
}

fn number(source: &mut Source<'_>) -> String {
    let operator = *source.pick(&["=", "!=", "<", "<=", ">", ">="]);
    match source.number(0..=6) {
        0 => format!("year {operator} {}", source.number(1960..=2024)),
        1 => {
            let low = source.number(1960..=2010);
            format!("year {low} TO {}", low + source.number(0..=20))
        }
        2 => format!(
            "rating {operator} {}.{}",
            source.number(0..=9),
            source.number(0..=9)
        ),
        3 => format!("price {operator} {}", source.number(0..=1000)),
        4 => format!("dimensions.width {operator} {}", source.number(0..=60)),
        5 => format!("mixed {operator} {}", source.number(0..=40)),
        _ => format!(
            "year IN [{}, {}]",
            source.number(1960..=2024),
            source.number(1960..=2024)
        ),
    }
}

fn text(source: &mut Source<'_>) -> String {
    let (field, names) = *source.pick(&[
        ("colour", COLOURS),
        ("tags", TAGS),
        ("studio", 30),
        ("dimensions.label", 12),
        ("mixed", 15),
    ]);
    let corpus = source.corpus;
    let names = corpus.vocabulary.names(names);
    let (one, other) = (source.pick(names), source.pick(names));
    match source.number(0..=5) {
        0 => format!("{field} != {one}"),
        1 => format!("{field} IN [{one}, \"{other}\"]"),
        2 => format!("{field} NOT IN [{one}, {other}]"),
        3 => format!("{field} = '{}'", one.to_uppercase()),
        4 => format!("{field} STARTS WITH {}", &one[..2]),
        _ => format!("{field} = {one}"),
    }
}

fn presence(source: &mut Source<'_>) -> String {
    let field = *source.pick(&["colour", "rating", "mixed", "notes", "tags", "studio"]);
    let test = *source.pick(&[
        "EXISTS",
        "NOT EXISTS",
        "IS NULL",
        "IS NOT NULL",
        "IS EMPTY",
        "IS NOT EMPTY",
    ]);
    format!("{field} {test}")
}

fn geo(source: &mut Source<'_>) -> String {
    let (lat, lng) = (source.degrees(70), source.degrees(150));
    if source.chance(0.6) {
        format!(
            "_geoRadius({lat}, {lng}, {})",
            source.number(100..=6000) * 1000
        )
    } else {
        let size = source.degrees(60).abs() + 1;
        let (north, east) = ((lat + size).min(89), (lng + size).min(179));
        format!("_geoBoundingBox([{north}, {east}], [{lat}, {lng}])")
    }
}

/// A filter that a server refuses.
fn wrong(source: &mut Source<'_>) -> Value {
    match source.number(0..=5) {
        0 => json!("title = something"),
        1 => json!("year >"),
        2 => json!("colour = red AND"),
        3 => json!(["year > 2000", 7]),
        4 => json!("id = 1"),
        _ => json!("_geoRadius(1, 2)"),
    }
}

impl Source<'_> {
    /// A whole number of degrees up to `most` on either side.
    pub(super) fn degrees(&mut self, most: i32) -> i32 {
        use rand::RngExt as _;
        self.random.random_range(-most..=most)
    }
}
