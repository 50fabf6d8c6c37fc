//! Strings, numbers and literals.

use std::ops::Range;

use super::{Problem, RawError, Scanner};

/// Words of a string to look at one by one, before it counts as a long one.
const LONG: usize = 3;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

impl Scanner<'_> {
    pub(super) fn literal(&mut self, word: &[u8]) -> Result<(), RawError> {
        if !self.bytes[self.position..].starts_with(word) {
            return self.fail(Problem::ExpectedValue);
        }
        self.position += word.len();
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.position;
        while self.byte().is_ascii_digit() {
            self.position += 1;
        }
        self.position - start
    }

    pub(super) fn number(&mut self) -> Result<(), RawError> {
        let start = self.position;
        if self.bytes[start] == b'-' {
            self.position += 1;
        }
        let first = self.position;
        let whole = self.digits();
        if whole == 0 || (whole > 1 && self.bytes[first] == b'0') {
            return self.fail(Problem::InvalidNumber);
        }
        if self.bytes.get(self.position) == Some(&b'.') {
            self.position += 1;
            if self.digits() == 0 {
                return self.fail(Problem::InvalidNumber);
            }
        }
        let mut may_overflow = whole > 308;
        if let Some(b'e' | b'E') = self.bytes.get(self.position) {
            self.position += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.position) {
                self.position += 1;
            }
            if self.digits() == 0 {
                return self.fail(Problem::InvalidNumber);
            }
            may_overflow = true;
        }
        if may_overflow {
            let number = std::str::from_utf8(&self.bytes[start..self.position])
                .ok()
                .and_then(|text| text.parse::<f64>().ok());
            if !number.is_some_and(f64::is_finite) {
                return Err(RawError {
                    offset: start,
                    problem: Problem::NumberOutOfRange,
                });
            }
        }
        Ok(())
    }

    /// Consumes the string whose opening quote is here.
    #[inline]
    pub(super) fn string_here(&mut self) -> Result<(), RawError> {
        let start = self.position + 1;
        self.position = start;
        self.escaped = false;
        let mut not_ascii = 0_u64;
        loop {
            not_ascii |= self.skip_plain();
            match self.byte() {
                b'"' => break,
                b'\\' => {
                    self.escaped = true;
                    self.escape()?;
                }
                _ => return self.fail(Problem::ControlCharacter),
            }
        }
        let end = self.position;
        self.position += 1;
        if not_ascii != 0 {
            self.check_utf8(start..end)
        } else {
            Ok(())
        }
    }

    fn check_utf8(&self, span: Range<usize>) -> Result<(), RawError> {
        let start = span.start;
        let invalid = |error: std::str::Utf8Error| RawError {
            offset: start + error.valid_up_to(),
            problem: Problem::InvalidUtf8,
        };
        std::str::from_utf8(&self.bytes[span])
            .map(drop)
            .map_err(invalid)
    }

    /// Goes to the next quote, backslash or control character. Not 0 when one of the bytes looked at was not ASCII.
    #[inline]
    fn skip_plain(&mut self) -> u64 {
        let mut not_ascii = 0;
        let mut words = 0;
        while let Some(chunk) = self
            .bytes
            .get(self.position..)
            .and_then(<[u8]>::first_chunk::<8>)
        {
            let word = u64::from_le_bytes(*chunk);
            not_ascii |= word & HIGHS;
            // Each term has the high bit of every byte that it looks for; a borrow may set more of them, but only above
            // the first true one, and only the first is used.
            let quote = word ^ (ONES * u64::from(b'"'));
            let backslash = word ^ (ONES * u64::from(b'\\'));
            let found = (quote.wrapping_sub(ONES) & !quote)
                | (backslash.wrapping_sub(ONES) & !backslash)
                | (word.wrapping_sub(ONES * 0x20) & !word);
            let found = found & HIGHS;
            if found != 0 {
                self.position += found.trailing_zeros() as usize / 8;
                return not_ascii;
            }
            self.position += 8;
            words += 1;
            if words == LONG {
                not_ascii |= self.skip_plain_blocks();
            }
        }
        while let Some(byte) = self.bytes.get(self.position) {
            if matches!(byte, b'"' | b'\\' | 0..0x20) {
                break;
            }
            not_ascii |= u64::from(byte & 0x80);
            self.position += 1;
        }
        not_ascii
    }

    /// Skips whole blocks without anything to find, in a form that compiles to vector instructions.
    fn skip_plain_blocks(&mut self) -> u64 {
        let mut not_ascii = 0_u8;
        while let Some(block) = self
            .bytes
            .get(self.position..)
            .and_then(<[u8]>::first_chunk::<32>)
        {
            let mut least = u8::MAX; // 0 when one of the bytes is to be found
            let mut bits = 0;
            for byte in block {
                least = least.min(byte ^ b'"').min(byte ^ b'\\').min(byte & !0x1f);
                bits |= byte;
            }
            if least == 0 {
                break;
            }
            not_ascii |= bits & 0x80;
            self.position += 32;
        }
        not_ascii.into()
    }

    fn escape(&mut self) -> Result<(), RawError> {
        self.position += 1;
        match self.byte() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.position += 1,
            b'u' => {
                let unit = self.hexadecimal()?;
                match unit {
                    0xD800..=0xDBFF => {
                        if !self.bytes[self.position..].starts_with(b"\\u") {
                            return self.fail(Problem::LoneSurrogate);
                        }
                        self.position += 1;
                        if !(0xDC00..=0xDFFF).contains(&self.hexadecimal()?) {
                            return self.fail(Problem::LoneSurrogate);
                        }
                    }
                    0xDC00..=0xDFFF => return self.fail(Problem::LoneSurrogate),
                    _ => {}
                }
            }
            _ => return self.fail(Problem::InvalidEscape),
        }
        Ok(())
    }

    /// Consumes `u` and four hexadecimal digits.
    fn hexadecimal(&mut self) -> Result<u16, RawError> {
        self.position += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.byte()).to_digit(16);
            let Some(digit) = digit else {
                return self.fail(Problem::InvalidEscape);
            };
            unit = unit << 4 | digit as u16;
            self.position += 1;
        }
        Ok(unit)
    }
}
