//! `_geoDistance`: how far a hit is from the first point of the sort.

use serde_json::Value;

use super::document::Document;

/// Whole metres, if the query sorts by a point and the document shows a place.
pub(crate) fn distance(sort: &[String], document: &Document) -> Option<u64> {
    let base = sort.iter().find_map(|rule| point(rule))?;
    let place = document.get("_geo")?;
    let place = [coordinate(&place["lat"])?, coordinate(&place["lng"])?];
    Some(milli_core::distance_between_two_points(&base, &place).round() as u64)
}

/// The coordinates in a rule such as `_geoPoint(48.8, 2.3):asc`.
fn point(rule: &str) -> Option<[f64; 2]> {
    let (_, rest) = rule.split_once("_geoPoint(")?;
    let (inside, _) = rest.split_once(')')?;
    let (latitude, longitude) = inside.split_once(',')?;
    Some([
        latitude.trim().parse().ok()?,
        longitude.trim().parse().ok()?,
    ])
}

fn coordinate(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
