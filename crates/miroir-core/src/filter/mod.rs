//! Which documents can pass a filter, as far as its text tells: the primary keys that it names, or any.
//!
//! A search for a few known keys concerns a few shards only. This module reads the server's filter language just well enough to see
//! that, and it is never asked to judge a filter: what it does not understand may match any document, and the nodes say what is
//! wrong with it. What it does understand it must understand as the server does, because a candidate too few is a hit too few.

mod candidates;
mod cursor;
mod expression;
mod literal;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::Value;

pub use candidates::{Candidates, Why};

use expression::Expression;

/// A longer filter is not read: the keys that are worth narrowing to fit into a fraction of it.
const MAX_BYTES: usize = 1 << 17;

/// What has to be known of an index to tell which of its documents a filter can match.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its name; `None` while nobody has said it.
    pub primary_key: Option<&'a str>,
    /// Whether every id that was ever written equals its own normalised form, so that a literal's normalised form is the id.
    pub ids_case_folded: bool,
    /// A filter with more candidates is not narrowed.
    pub max_candidates: usize,
}

/// The primary keys that a document must have one of to pass the filter. Never fails, and takes time linear in the text.
pub fn candidates(filter: Option<&Value>, facts: &Facts<'_>) -> Candidates {
    let Some(key) = facts.primary_key else {
        return Candidates::Any(Why::KeyUnknown);
    };
    // A dotted name also reaches into arrays and into other spellings of the path, whose values are not the document's id.
    if key.contains('.') {
        return Candidates::Any(Why::KeyNested);
    }
    match read(filter) {
        None => Candidates::Any(Why::NotUnderstood),
        Some(all) if all.is_empty() => Candidates::Any(Why::NoFilter),
        Some(all) => {
            let of = |expression: Option<Expression<'_>>| match expression {
                Some(expression) => expression.candidates(key, facts),
                None => Candidates::Any(Why::NotUnderstood),
            };
            let all = all
                .into_iter()
                .map(|either| Candidates::either(either.into_iter().map(of)));
            Candidates::all(all).at_most(facts.max_candidates)
        }
    }
}

/// The attributes that a filter tests, sorted, as far as it is understood. Names that are written with escapes are left out.
pub fn attributes(filter: Option<&Value>) -> Vec<&str> {
    let mut names = BTreeSet::new();
    for expression in read(filter).into_iter().flatten().flatten().flatten() {
        expression.attributes(&mut names);
    }
    names.into_iter().collect()
}

/// The elements of which all must hold, each a list of expressions of which one must; `None` for one that is not understood. Blank
/// expressions are no condition (the server's `Filter::from_array`).
type Elements<'f> = Vec<Vec<Option<Expression<'f>>>>;

/// `None` when it has no form that a filter has, or is too long.
fn read(filter: Option<&Value>) -> Option<Elements<'_>> {
    let elements = match filter {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => vec![vec![text.as_str()]],
        Some(Value::Array(elements)) => elements
            .iter()
            .map(|element| match element {
                Value::String(text) => Some(vec![text.as_str()]),
                Value::Array(either) => either.iter().map(Value::as_str).collect(),
                _ => None,
            })
            .collect::<Option<_>>()?,
        Some(_) => return None,
    };
    if elements
        .iter()
        .flatten()
        .map(|text| text.len())
        .sum::<usize>()
        > MAX_BYTES
    {
        return None;
    }
    let read = elements.into_iter().map(|texts| {
        let expressions = texts.into_iter().filter(|text| !text.trim().is_empty());
        expressions.map(Expression::read).collect::<Vec<_>>()
    });
    Some(read.filter(|either| !either.is_empty()).collect())
}
