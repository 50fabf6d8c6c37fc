//! The quick way through JSON that was checked before, or that a node wrote: looks only for where things end.
//!
//! On bytes that are valid JSON this gives the spans of the strict scanner. On others it gives some spans, or an error; it
//! never leaves the slice and always comes to an end.

use std::ops::Range;

use super::{Problem, RawError, Scanner, Text};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Words of a string to look at one by one, before it counts as a long one.
const LONG: usize = 4;

impl<'a> Scanner<'a> {
    /// [`next_key`](Self::next_key), without a look at what is in the key.
    #[inline]
    pub fn next_trusted_key(&mut self) -> Result<Option<(Text<'a>, usize)>, RawError> {
        if !self.next_member()? {
            return Ok(None);
        }
        let start = self.position;
        if self.byte() != b'"' {
            return self.fail(Problem::ExpectedKey);
        }
        self.skip_trusted_string();
        let end = self.position;
        self.skip_space();
        if self.byte() != b':' {
            return self.fail(Problem::ExpectedColon);
        }
        self.position += 1;
        Ok(Some((self.text(start + 1..end - 1), start)))
    }

    /// Consumes the value that is next; its span is without the space around it.
    #[inline]
    pub fn skip_trusted_value(&mut self) -> Range<usize> {
        self.skip_space();
        let start = self.position;
        match self.byte() {
            b'"' => self.skip_trusted_string(),
            b'{' | b'[' => self.skip_trusted_container(),
            // A number or a literal, up to what can follow one.
            _ => {
                while !matches!(
                    self.byte(),
                    b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r' | 0
                ) {
                    self.position += 1;
                }
            }
        }
        start..self.position
    }

    #[inline]
    fn skip_trusted_string(&mut self) {
        (self.position, self.escaped) = string_end(self.bytes, self.position);
    }

    /// Consumes an object or an array.
    fn skip_trusted_container(&mut self) {
        let mut open = 0_usize;
        let mut at = self.position;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'"' => {
                    (at, _) = string_end(self.bytes, at);
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open = open.saturating_sub(1),
                _ => {
                    at += 1;
                    continue;
                }
            }
            at += 1;
            if open == 0 {
                break;
            }
        }
        self.position = at;
    }
}

/// Where the string ends whose opening quote is at `at`, and whether it has escapes.
#[inline(always)]
fn string_end(bytes: &[u8], at: usize) -> (usize, bool) {
    let mut escaped = false;
    let mut at = at + 1;
    loop {
        at = end_of_plain(bytes, at);
        if bytes.get(at) != Some(&b'\\') {
            return (bytes.len().min(at + 1), escaped);
        }
        escaped = true;
        at += 2;
    }
}

/// The place of the first quote or backslash from `at` on, or a place that is not in the slice.
#[inline(always)]
fn end_of_plain(bytes: &[u8], mut at: usize) -> usize {
    let mut words = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        // Each term has the high bit of every byte that it looks for; a borrow may set more of them, but only above the
        // first true one, and only the first is used.
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let found =
            (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash);
        let found = found & HIGHS;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
        words += 1;
        if words == LONG {
            at = skip_plain_blocks(bytes, at);
        }
    }
    while bytes
        .get(at)
        .is_some_and(|byte| !matches!(byte, b'"' | b'\\'))
    {
        at += 1;
    }
    at
}

/// Skips whole blocks without anything to find, in a form that compiles to vector instructions.
#[inline(never)]
fn skip_plain_blocks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        // 0 when one of the bytes is one of the two.
        let least = block.iter().fold(u8::MAX, |least, byte| {
            least.min(byte ^ b'"').min(byte ^ b'\\')
        });
        if least == 0 {
            break;
        }
        at += 32;
    }
    at
}
