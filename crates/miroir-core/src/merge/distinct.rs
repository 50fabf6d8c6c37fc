//! The values by which hits are the same to a distinct attribute.

use std::collections::HashSet;

use super::order::{Leg, Order};
use super::{MergeError, normalize};
use crate::wire::raw::{self, RawError};

/// One value of the distinct attribute. Strings and numbers never equal each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DistinctValue {
    /// Normalised; booleans are strings to the engine.
    String(String),
    /// Bits of the number, with one zero.
    Number(u64),
}

impl DistinctValue {
    /// The value as a filter expression compares with it.
    pub fn as_filter_value(&self) -> String {
        match self {
            DistinctValue::String(text) => quoted(text),
            DistinctValue::Number(bits) => quoted(&f64::from_bits(*bits).to_string()),
        }
    }
}

/// A name or value in a filter expression.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// The distinct values of a hit.
///
/// # Errors
/// When `hit` is not JSON.
pub fn values_of(hit: &[u8], attribute: &str) -> Result<Vec<DistinctValue>, RawError> {
    let mut values = Vec::new();
    visit(hit, attribute, &mut |value| collect(value, &mut values))?;
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

/// Whether a hit of the order has more than one value of the attribute.
///
/// If none has, it makes no difference that each node dropped duplicates on its own: what a node dropped shares its only
/// value with a hit that the order kept, or with one that shares it in turn. With several values a hit may exclude another
/// one that would itself have been excluded, and only lists with all hits can tell.
///
/// # Errors
/// When a hit is not what a server writes.
pub fn has_several(legs: &[Leg], order: &Order, attribute: &str) -> Result<bool, MergeError> {
    for picked in order.picked.iter().chain(&order.dropped) {
        if values_of(picked.bytes(legs), attribute)?.len() > 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What has been shown so far.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    values: HashSet<DistinctValue>,
    current: Vec<DistinctValue>,
}

impl Seen {
    /// Whether none of the hit's values was seen before; they are from now on. A hit without a value is always new.
    ///
    /// # Errors
    /// When `hit` is not JSON.
    pub fn is_new(&mut self, hit: &[u8], attribute: &str) -> Result<bool, RawError> {
        self.current.clear();
        visit(hit, attribute, &mut |value| {
            collect(value, &mut self.current)
        })?;
        if self.current.iter().any(|value| self.values.contains(value)) {
            return Ok(false);
        }
        self.values.extend(self.current.drain(..));
        Ok(true)
    }
}

/// Gives `take` every value that `object` has at a path, whose parts are separated by dots; a key may itself have dots,
/// and arrays on the way stand for each of their elements.
fn visit(
    object: &[u8],
    path: &str,
    take: &mut impl FnMut(&[u8]) -> Result<(), RawError>,
) -> Result<(), RawError> {
    match object.first() {
        Some(b'{') => {
            for member in raw::members(object) {
                let member = member?;
                let key = member.key.decode();
                match path.strip_prefix(key.as_ref()) {
                    Some("") => take(member.value)?,
                    Some(rest) => {
                        if let Some(rest) = rest.strip_prefix('.') {
                            visit(member.value, rest, take)?;
                        }
                    }
                    None => {}
                }
            }
        }
        Some(b'[') => {
            for element in raw::elements(object) {
                visit(element?, path, take)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn collect(value: &[u8], values: &mut Vec<DistinctValue>) -> Result<(), RawError> {
    match value.first() {
        Some(b'[') => {
            for element in raw::elements(value) {
                collect(element?, values)?;
            }
        }
        Some(b'"') => {
            if let Some(text) = raw::text(value) {
                values.push(DistinctValue::String(
                    normalize::facet(&text.decode()).into_owned(),
                ));
            }
        }
        Some(b't' | b'f') => values.push(DistinctValue::String(
            String::from_utf8_lossy(value).into_owned(),
        )),
        Some(b'-' | b'0'..=b'9') => values.push(DistinctValue::Number(
            (super::rank::number(value) + 0.0).to_bits(),
        )),
        _ => {}
    }
    Ok(())
}

/// Whether the engine takes an id, as written in a document, for none of the others if all of them are normalised: it compares
/// integers as `f64`, and strings by their first 479 bytes.
///
/// ```
/// use miroir_core::merge::distinct::is_told_apart;
/// assert!(is_told_apart(b"42") && is_told_apart(b"\"123e4567-e89b-12d3-a456-426614174000\""));
/// assert!(!is_told_apart(b"9007199254740993") && !is_told_apart(&[b'a'; 500]));
/// ```
pub fn is_told_apart(id: &[u8]) -> bool {
    let is_of_number = |byte: &u8| matches!(byte, b'"' | b'-' | b'0'..=b'9');
    let may_be_inexact = id.len() >= 16 && id.iter().all(is_of_number);
    id.len() < 479 && !may_be_inexact
}

/// The id of a hit as Miroir hashes it: a string as it is, a number as its digits. `None` when it is not in the hit.
pub fn canonical_id(hit: &[u8], primary_key: &str) -> Result<Option<String>, RawError> {
    let mut id = None;
    visit(hit, primary_key, &mut |value| {
        id = match raw::text(value) {
            Some(text) => Some(text.decode().into_owned()),
            None => std::str::from_utf8(value).ok().map(str::to_owned),
        };
        Ok(())
    })?;
    Ok(id)
}
