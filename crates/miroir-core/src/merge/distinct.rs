//! The values by which hits are the same to a distinct attribute.

use std::collections::HashSet;

use super::normalize;
use crate::wire::raw::{self, RawError};

/// One value of the distinct attribute. Strings and numbers never equal each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DistinctValue {
    /// Normalised; booleans are strings to the engine.
    String(String),
    /// Bits of the number, with one zero.
    Number(u64),
}

/// What has been shown so far.
#[derive(Debug, Default)]
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

/// The id of a hit as Miroir hashes it: a string as it is, a number as its digits. `None` when it is not in the hit.
pub(super) fn canonical_id(hit: &[u8], primary_key: &str) -> Result<Option<String>, RawError> {
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
