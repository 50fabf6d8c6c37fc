//! Filters.

use serde_json::{Value, json};

use super::{Body, Source, set, with_any_words};
use crate::oracle::corpus::{COLOURS, TAGS};

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
    let (lat, lng) = (source.random_degrees(70), source.random_degrees(150));
    if source.chance(0.6) {
        format!(
            "_geoRadius({lat}, {lng}, {})",
            source.number(100..=6000) * 1000
        )
    } else {
        let size = source.random_degrees(60).abs() + 1;
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
    fn random_degrees(&mut self, most: i32) -> i32 {
        use rand::RngExt as _;
        self.random.random_range(-most..=most)
    }
}
