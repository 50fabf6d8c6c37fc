//! The order of documents in a list that the client sorts (merge-exactness, sections 1 and 10).
//!
//! Nodes return documents, not the keys they sorted by; the keys are worked out again from the documents. Per rule: numbers,
//! then strings by their normalised form, then documents without a value, in both directions; of an array its best element.

use std::cmp::Ordering;
use std::str::FromStr;

use serde_json::Value;
use thiserror::Error;

use super::{geo, normalize};
use crate::wire::raw;

/// One rule of a sort parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum SortRule {
    /// A field, dots for nesting.
    Field { field: String, ascending: bool },
    /// The distance from a point, in degrees.
    Distance { point: [f64; 2], ascending: bool },
}

/// The text is no sort rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a sort rule")]
pub struct NotARule(String);

impl FromStr for SortRule {
    type Err = NotARule;

    fn from_str(text: &str) -> Result<Self, NotARule> {
        let refuse = || NotARule(text.to_owned());
        let (field, direction) = text.trim().rsplit_once(':').ok_or_else(refuse)?;
        let ascending = match direction.trim() {
            "asc" => true,
            "desc" => false,
            _ => return Err(refuse()),
        };
        let field = field.trim();
        let Some(point) = field.strip_prefix("_geoPoint(") else {
            return Ok(SortRule::Field {
                field: field.to_owned(),
                ascending,
            });
        };
        let (latitude, longitude) = point
            .strip_suffix(')')
            .and_then(|point| point.split_once(','))
            .ok_or_else(refuse)?;
        let number = |text: &str| text.trim().parse().map_err(|_| refuse());
        Ok(SortRule::Distance {
            point: [number(latitude)?, number(longitude)?],
            ascending,
        })
    }
}

impl SortRule {
    /// The field that a document must carry to be sorted by the rule.
    pub fn field(&self) -> &str {
        match self {
            SortRule::Field { field, .. } => field,
            SortRule::Distance { .. } => "_geo",
        }
    }

    fn ascending(&self) -> bool {
        match self {
            SortRule::Field { ascending, .. } | SortRule::Distance { ascending, .. } => *ascending,
        }
    }
}

/// A document's value under one rule. The variants are in the order of the list.
#[derive(Debug, Clone, PartialEq)]
enum KeyValue {
    Number(f64),
    /// Normalised.
    Text(String),
    Nothing,
}

/// A document's values under the rules of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    values: Vec<KeyValue>,
    /// The last rule's value as the document has it.
    last: Option<Value>,
}

impl SortKey {
    /// Reads the values of a document, a JSON object. What cannot be read counts as absent.
    pub fn read(document: &[u8], rules: &[SortRule]) -> Self {
        let mut last = None;
        let values = rules
            .iter()
            .map(|rule| {
                let found = find(document, rule.field());
                last = found.first().cloned();
                match rule {
                    SortRule::Field { ascending, .. } => best(&found, *ascending),
                    SortRule::Distance { point, .. } => distance(&found, *point),
                }
            })
            .collect();
        Self { values, last }
    }

    /// The value of the last rule's field, as the document has it.
    pub fn last_value(&self) -> Option<Value> {
        self.last.clone()
    }

    /// Which of two documents comes first.
    pub fn compare(&self, other: &Self, rules: &[SortRule]) -> Ordering {
        let pairs = self.values.iter().zip(&other.values).zip(rules);
        pairs
            .map(|((left, right), rule)| left.compare(right, rule.ascending()))
            .fold(Ordering::Equal, Ordering::then)
    }
}

impl KeyValue {
    fn class(&self) -> u8 {
        match self {
            KeyValue::Number(_) => 0,
            KeyValue::Text(_) => 1,
            KeyValue::Nothing => 2,
        }
    }

    fn compare(&self, other: &Self, ascending: bool) -> Ordering {
        let order = match (self, other) {
            (KeyValue::Number(left), KeyValue::Number(right)) => left.total_cmp(right),
            (KeyValue::Text(left), KeyValue::Text(right)) => left.cmp(right),
            (left, right) => return left.class().cmp(&right.class()),
        };
        if ascending { order } else { order.reverse() }
    }
}

/// The values of a field: of a dotted name, at the end of every path that spells it, through arrays too.
fn find(document: &[u8], field: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for member in raw::members(document).flatten() {
        let name = member.key.decode();
        let Some(rest) = field.strip_prefix(&*name) else {
            continue;
        };
        let path = match rest.strip_prefix('.') {
            Some(path) => path,
            None if rest.is_empty() => "",
            None => continue,
        };
        if let Ok(value) = serde_json::from_slice(member.value) {
            collect(&value, path, &mut found);
        }
    }
    found
}

fn collect(value: &Value, path: &str, found: &mut Vec<Value>) {
    match value {
        _ if path.is_empty() => found.push(value.clone()),
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| collect(element, path, found)),
        Value::Object(members) => {
            for (name, value) in members {
                match path.strip_prefix(name.as_str()) {
                    Some("") => found.push(value.clone()),
                    Some(rest) => {
                        if let Some(rest) = rest.strip_prefix('.') {
                            collect(value, rest, found);
                        }
                    }
                    None => {}
                }
            }
        }
        _ => {}
    }
}

/// The best element: a number before a string, the smallest when ascending and the largest when not.
fn best(values: &[Value], ascending: bool) -> KeyValue {
    let mut best = KeyValue::Nothing;
    for value in values {
        let value = match value {
            Value::Array(elements) => self::best(elements, ascending),
            Value::Number(number) => number.as_f64().map_or(KeyValue::Nothing, KeyValue::Number),
            Value::String(text) => KeyValue::Text(normalize::facet(text).into_owned()),
            Value::Bool(truth) => KeyValue::Text(truth.to_string()),
            Value::Null | Value::Object(_) => KeyValue::Nothing,
        };
        if value.compare(&best, ascending).is_lt() {
            best = value;
        }
    }
    best
}

fn distance(values: &[Value], from: [f64; 2]) -> KeyValue {
    let place = values.first().and_then(geo::degrees);
    place.map_or(KeyValue::Nothing, |place| {
        KeyValue::Number(geo::metres(from, place))
    })
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::{SortKey, SortRule};

    fn order(rule: &str, left: &str, right: &str) -> Ordering {
        let rules = [rule.parse::<SortRule>().unwrap()];
        SortKey::read(left.as_bytes(), &rules)
            .compare(&SortKey::read(right.as_bytes(), &rules), &rules)
    }

    #[test]
    fn numbers_come_before_strings_and_strings_before_nothing_in_both_directions() {
        for rule in ["a:asc", "a:desc"] {
            assert_eq!(order(rule, r#"{"a":9}"#, r#"{"a":"1"}"#), Ordering::Less);
            assert_eq!(order(rule, r#"{"a":"z"}"#, r#"{"a":null}"#), Ordering::Less);
            assert_eq!(order(rule, r#"{"a":[]}"#, r#"{"b":1}"#), Ordering::Equal);
        }
        assert_eq!(order("a:asc", r#"{"a":2}"#, r#"{"a":10}"#), Ordering::Less);
        assert_eq!(
            order("a:desc", r#"{"a":2}"#, r#"{"a":10}"#),
            Ordering::Greater
        );
    }

    #[test]
    fn strings_are_compared_by_their_normalised_form_and_arrays_by_their_best_element() {
        assert_eq!(
            order("a:asc", r#"{"a":" RED "}"#, r#"{"a":"red"}"#),
            Ordering::Equal
        );
        assert_eq!(
            order("a:asc", r#"{"a":[5,1]}"#, r#"{"a":2}"#),
            Ordering::Less
        );
        assert_eq!(
            order("a:desc", r#"{"a":[5,1]}"#, r#"{"a":2}"#),
            Ordering::Less
        );
        assert_eq!(
            order("a.b:asc", r#"{"a":{"b":1}}"#, r#"{"a.b":2}"#),
            Ordering::Less
        );
    }

    #[test]
    fn nearer_documents_come_first_and_placeless_ones_last() {
        let rule = "_geoPoint(0, 0):asc";
        assert_eq!(
            order(
                rule,
                r#"{"_geo":{"lat":1,"lng":0}}"#,
                r#"{"_geo":{"lat":"2","lng":0}}"#
            ),
            Ordering::Less
        );
        assert_eq!(
            order(rule, r#"{"_geo":{"lat":80,"lng":0}}"#, "{}"),
            Ordering::Less
        );
    }
}
