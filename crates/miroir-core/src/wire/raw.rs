//! JSON as byte slices: found, cut and joined, never turned into a tree and never written again.
//!
//! Numbers, key order, spacing and escapes of a document survive Miroir only because its bytes are copied as they are.
//! Everything here accepts exactly what `serde_json` accepts as a `Value` (depth limit of 127, no lone surrogates, no
//! number beyond `f64`, valid UTF-8 in strings), so a slice that passed can be given to anybody. Duplicate keys are
//! members like any other; a reader that wants `serde_json`'s meaning takes the last.
//!
//! [`Scanner`] is the one pass underneath; [`members`], [`elements`] and [`values`] are iterators over it.

mod scanner;
#[cfg(test)]
pub(crate) mod tests;
mod text;

use std::ops::Range;

pub use scanner::Scanner;
pub use text::{Text, push_string};

/// The bytes are not the JSON that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {offset}")]
pub struct RawError {
    /// Byte offset, from the start of the slice that was given, of the first byte that cannot be right.
    pub offset: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a piece of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("unexpected end")]
    UnexpectedEnd,
    #[error("expected a value")]
    ExpectedValue,
    #[error("expected an object")]
    ExpectedObject,
    #[error("expected an array")]
    ExpectedArray,
    #[error("expected a string")]
    ExpectedString,
    #[error("expected `:`")]
    ExpectedColon,
    #[error("expected `,` or `}}`")]
    ExpectedMemberEnd,
    #[error("expected `,` or `]`")]
    ExpectedElementEnd,
    #[error("expected a key")]
    ExpectedKey,
    #[error("control character in a string")]
    ControlCharacter,
    #[error("invalid escape")]
    InvalidEscape,
    #[error("lone surrogate in an escape")]
    LoneSurrogate,
    #[error("invalid UTF-8")]
    InvalidUtf8,
    #[error("invalid number")]
    InvalidNumber,
    #[error("number out of range")]
    NumberOutOfRange,
    #[error("nested too deeply")]
    TooDeep,
    #[error("trailing characters")]
    Trailing,
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key as written; [`Text::decode`] gives its meaning.
    pub key: Text<'a>,
    /// The value's bytes, without the space around it.
    pub value: &'a [u8],
    /// From the key's opening quote to the value's end, in the slice given to [`members`].
    pub span: Range<usize>,
}

/// The members of the object that `object` is, in order. After an error the iterator is at its end.
///
/// The whole slice is checked once the iterator has been drained: trailing bytes other than space are an error.
pub fn members(object: &[u8]) -> Members<'_> {
    Members {
        scanner: Scanner::new(object),
        stage: Stage::Start,
    }
}

/// The raw elements of the array that `array` is, in order, under the same rules as [`members`].
pub fn elements(array: &[u8]) -> Elements<'_> {
    Elements {
        scanner: Scanner::new(array),
        stage: Stage::Start,
    }
}

/// The raw values of a stream: one after the other with any space between them, as NDJSON bodies are read.
///
/// Lines mean nothing: a value may span several, and two values may share one, as with `serde_json`'s stream.
pub fn values(stream: &[u8]) -> Values<'_> {
    Values {
        scanner: Scanner::new(stream),
        failed: false,
    }
}

/// Checks that `value` is one JSON value with nothing but space around it.
///
/// # Errors
/// The first byte that cannot be right.
pub fn validate(value: &[u8]) -> Result<(), RawError> {
    let mut scanner = Scanner::new(value);
    scanner.skip_value()?;
    scanner.finish()
}

/// Appends `object` to `out` without the members whose (decoded) key `unwanted` picks. The other bytes stay as they are.
///
/// # Errors
/// When `object` is not one valid object. `out` then ends with an unusable part of it.
pub fn cut(
    object: &[u8],
    mut unwanted: impl FnMut(&str) -> bool,
    out: &mut Vec<u8>,
) -> Result<(), RawError> {
    let mut kept = 0; // everything before this is written or dropped
    let mut nothing_before = true;
    let mut dropping_from = None; // where an unbroken run of dropped members began, its separating comma included
    let mut previous_end = 0;
    let mut members = members(object);
    while let Some(member) = members.next().transpose()? {
        if unwanted(&member.key.decode()) {
            // The comma before a dropped member goes with it, unless the member is the first one shown.
            dropping_from.get_or_insert(if nothing_before {
                member.span.start
            } else {
                previous_end
            });
        } else {
            if let Some(from) = dropping_from.take() {
                out.extend_from_slice(&object[kept..from]);
                kept = if nothing_before {
                    member.span.start
                } else {
                    previous_end
                };
            }
            nothing_before = false;
        }
        previous_end = member.span.end;
    }
    if let Some(from) = dropping_from {
        out.extend_from_slice(&object[kept..from]);
        kept = previous_end;
    }
    out.extend_from_slice(&object[kept..]);
    Ok(())
}

/// Appends `object` to `out` with members added at its end. `added` pairs a key (plain text) with a raw JSON value.
///
/// The object is copied, not read: the caller has scanned it (or built it), and knows that none of the keys is in it.
///
/// # Errors
/// When the slice does not begin with `{` and end with `}` (space around them allowed).
pub fn splice(object: &[u8], added: &[(&str, &[u8])], out: &mut Vec<u8>) -> Result<(), RawError> {
    let object = object.trim_ascii();
    let wrong = |offset| RawError {
        offset,
        problem: Problem::ExpectedObject,
    };
    let inner = object.strip_prefix(b"{").ok_or(wrong(0))?;
    let inner = inner
        .strip_suffix(b"}")
        .ok_or(wrong(object.len().saturating_sub(1)))?
        .trim_ascii_end();
    out.push(b'{');
    out.extend_from_slice(inner);
    let mut first = inner.is_empty();
    for (key, value) in added {
        if !first {
            out.push(b',');
        }
        first = false;
        push_string(key, out);
        out.push(b':');
        out.extend_from_slice(value);
    }
    out.push(b'}');
    Ok(())
}

/// Reads a raw value as a string, when it is one. The slice must be a value that was scanned before.
pub fn text(value: &[u8]) -> Option<Text<'_>> {
    Text::of_scanned(value)
}

/// How many bytes two slices have in common from their start.
pub fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    let (left_words, _) = left.as_chunks::<16>();
    let (right_words, _) = right.as_chunks::<16>();
    let mut same = 0;
    for (left, right) in left_words.iter().zip(right_words) {
        let differing = u128::from_le_bytes(*left) ^ u128::from_le_bytes(*right);
        if differing != 0 {
            return same + differing.trailing_zeros() as usize / 8;
        }
        same += 16;
    }
    let rest = left[same..].iter().zip(&right[same..]);
    same + rest.take_while(|(left, right)| left == right).count()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    Inside,
    End,
}

/// See [`members`].
#[derive(Debug, Clone)]
pub struct Members<'a> {
    scanner: Scanner<'a>,
    stage: Stage,
}

impl<'a> Members<'a> {
    fn step(&mut self) -> Result<Option<Member<'a>>, RawError> {
        if self.stage == Stage::Start {
            self.scanner.enter_object()?;
            self.stage = Stage::Inside;
        }
        let Some((key, start)) = self.scanner.next_key()? else {
            self.scanner.finish()?;
            return Ok(None);
        };
        let value = self.scanner.skip_value()?;
        Ok(Some(Member {
            key,
            value: self.scanner.slice(&value),
            span: start..value.end,
        }))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<Member<'a>, RawError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stage == Stage::End {
            return None;
        }
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.stage = Stage::End;
        }
        item
    }
}

/// See [`elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    scanner: Scanner<'a>,
    stage: Stage,
}

impl<'a> Elements<'a> {
    fn step(&mut self) -> Result<Option<&'a [u8]>, RawError> {
        if self.stage == Stage::Start {
            self.scanner.enter_array()?;
            self.stage = Stage::Inside;
        }
        if !self.scanner.next_element()? {
            self.scanner.finish()?;
            return Ok(None);
        }
        let value = self.scanner.skip_value()?;
        Ok(Some(self.scanner.slice(&value)))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<&'a [u8], RawError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stage == Stage::End {
            return None;
        }
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.stage = Stage::End;
        }
        item
    }
}

/// See [`values`].
#[derive(Debug, Clone)]
pub struct Values<'a> {
    scanner: Scanner<'a>,
    failed: bool,
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<&'a [u8], RawError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.scanner.at_end() {
            return None;
        }
        let value = self.scanner.skip_stream_value();
        self.failed = value.is_err();
        Some(value.map(|span| self.scanner.slice(&span)))
    }
}
