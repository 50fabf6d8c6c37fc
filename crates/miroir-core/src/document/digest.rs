//! Whether two nodes hold the same document: a digest of what it means, whatever its bytes.
//!
//! Nodes show members in an order of their own, and may write a number or an escape in another way. The canonical form is
//! hashed on the way, never built: members sorted by decoded key (of equal keys the last counts), strings decoded, numbers
//! as sign, digits and exponent. What a node made by itself does not count: vectors that it regenerates.

use std::hash::Hasher;

use twox_hash::XxHash3_64;

use crate::wire::raw::{RawError, Text, cut, elements, members, text};

/// Where documents carry their vectors.
const VECTORS: &str = "_vectors";

/// The digest (XXH3-64, seed 0) of a document that a node showed with its vectors.
///
/// # Errors
/// `document` is no JSON object.
pub fn digest(document: &[u8]) -> Result<u64, RawError> {
    let mut hasher = Canonical(XxHash3_64::with_seed(0));
    hasher.object(document, |hasher, key, value| {
        let is_vectors = key.is(VECTORS);
        if is_vectors && is_empty_object(value) {
            return Ok(());
        }
        hasher.text(key);
        if is_vectors {
            hasher.vectors(value)
        } else {
            hasher.value(value)
        }
    })?;
    Ok(hasher.0.finish())
}

/// A document that a node showed with its vectors, as another node is given it: an empty `_vectors` is only how a node says
/// that there are none.
///
/// # Errors
/// `document` is no JSON object.
pub fn transfer(document: &[u8], out: &mut Vec<u8>) -> Result<(), RawError> {
    let mut is_empty = false;
    for member in members(document) {
        let member = member?;
        if member.key.is(VECTORS) {
            is_empty = is_empty_object(member.value);
        }
    }
    if is_empty {
        cut(document, |key| key == VECTORS, out)
    } else {
        out.extend_from_slice(document);
        Ok(())
    }
}

fn is_empty_object(value: &[u8]) -> bool {
    value.first() == Some(&b'{') && members(value).next().is_none()
}

struct Canonical(XxHash3_64);

impl Canonical {
    fn value(&mut self, value: &[u8]) -> Result<(), RawError> {
        match value.first() {
            Some(b'{') => self.object(value, |hasher, key, value| {
                hasher.text(key);
                hasher.value(value)
            }),
            Some(b'[') => {
                self.0.write_u8(b'[');
                for element in elements(value) {
                    self.value(element?)?;
                }
                self.0.write_u8(b']');
                Ok(())
            }
            Some(b'"') => {
                self.text(text(value).expect("a scanned value that begins with a quote is a text"));
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number(value);
                Ok(())
            }
            _ => {
                self.bytes(b'w', value);
                Ok(())
            }
        }
    }

    /// `each` member in canonical order.
    fn object(
        &mut self,
        object: &[u8],
        mut each: impl FnMut(&mut Self, Text<'_>, &[u8]) -> Result<(), RawError>,
    ) -> Result<(), RawError> {
        let mut sorted: Vec<(Text<'_>, &[u8])> = Vec::new();
        for member in members(object) {
            let member = member?;
            sorted.push((member.key, member.value));
        }
        // Stable: of equal keys the last one stays last.
        sorted.sort_by(|left, right| left.0.compare(&right.0));
        self.0.write_u8(b'{');
        for (position, (key, value)) in sorted.iter().enumerate() {
            let repeated = sorted
                .get(position + 1)
                .is_some_and(|(next, _)| next.compare(key).is_eq());
            if !repeated {
                each(self, *key, value)?;
            }
        }
        self.0.write_u8(b'}');
        Ok(())
    }

    /// Per embedder: vectors of the client count, those that the node generates do not.
    fn vectors(&mut self, vectors: &[u8]) -> Result<(), RawError> {
        if vectors.first() != Some(&b'{') {
            return self.value(vectors);
        }
        self.object(vectors, |hasher, name, embedder| {
            hasher.text(name);
            if embedder.first() != Some(&b'{') {
                return hasher.value(embedder);
            }
            let mut is_generated = false;
            for member in members(embedder) {
                let member = member?;
                if member.key.is("regenerate") {
                    is_generated = member.value == b"true";
                }
            }
            if is_generated {
                hasher.0.write_u8(b'g');
                Ok(())
            } else {
                hasher.value(embedder)
            }
        })
    }

    fn text(&mut self, text: Text<'_>) {
        match text.plain() {
            Some(plain) => self.bytes(b's', plain),
            None => self.bytes(b's', text.decode().as_bytes()),
        }
    }

    /// `1`, `1.0` and `10e-1` are one number: no zeros around the digits, the exponent of the last digit.
    fn number(&mut self, number: &[u8]) {
        let (mantissa, exponent) = match number.iter().position(|byte| matches!(byte, b'e' | b'E'))
        {
            Some(at) => (&number[..at], parse_exponent(&number[at + 1..])),
            None => (number, 0),
        };
        let fraction = mantissa
            .iter()
            .position(|byte| *byte == b'.')
            .map_or(0, |dot| mantissa.len() - dot - 1);
        let mut digits: Vec<u8> = mantissa
            .iter()
            .copied()
            .filter(u8::is_ascii_digit)
            .skip_while(|digit| *digit == b'0')
            .collect();
        let written = digits.len();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            self.bytes(b'n', b"0");
            return;
        }
        let dropped = written - digits.len();
        let shift = i64::try_from(dropped).unwrap_or(i64::MAX)
            - i64::try_from(fraction).unwrap_or(i64::MAX);
        self.0.write_u8(if number.first() == Some(&b'-') {
            b'm'
        } else {
            b'p'
        });
        self.bytes(b'n', &digits);
        self.0.write_i64(exponent.saturating_add(shift));
    }

    /// The length keeps `ab`, `c` apart from `a`, `bc`.
    fn bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.0.write_u8(kind);
        self.0.write_u64(bytes.len() as u64);
        self.0.write(bytes);
    }
}

/// An exponent beyond an `i64` belongs to zero or to no number that a node accepts.
fn parse_exponent(text: &[u8]) -> i64 {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.trim_start_matches('+').parse().ok())
        .unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
