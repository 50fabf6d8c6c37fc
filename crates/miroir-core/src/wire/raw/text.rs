//! JSON strings: as written, decoded when needed, and written.

use std::borrow::Cow;

/// A JSON string as it is written between its quotes, already checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    pub(super) fn new(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// From a scanned value with its quotes.
    pub fn of_scanned(value: &'a [u8]) -> Option<Self> {
        let raw = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        Some(Self {
            raw,
            escaped: raw.contains(&b'\\'),
        })
    }

    /// The bytes between the quotes, escapes as written.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The bytes of what the string means, when it is written without escapes.
    pub fn plain(&self) -> Option<&'a [u8]> {
        (!self.escaped).then_some(self.raw)
    }

    /// Whether the string means `plain`.
    #[inline]
    pub fn is(&self, plain: &str) -> bool {
        if self.escaped {
            self.decode() == plain
        } else {
            self.raw == plain.as_bytes()
        }
    }

    /// The order of the meanings, byte by byte.
    pub fn compare(&self, other: &Self) -> std::cmp::Ordering {
        if self.escaped || other.escaped {
            self.decode().cmp(&other.decode())
        } else {
            self.raw.cmp(other.raw)
        }
    }

    /// What the string means. Borrowed unless it has escapes.
    pub fn decode(&self) -> Cow<'a, str> {
        if !self.escaped
            && let Ok(plain) = std::str::from_utf8(self.raw)
        {
            return Cow::Borrowed(plain);
        }
        Cow::Owned(self.unescape())
    }

    fn unescape(&self) -> String {
        let mut plain = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
            plain.extend_from_slice(&rest[..at]);
            let mut taken = 2;
            match rest.get(at + 1) {
                Some(b'b') => plain.push(8),
                Some(b'f') => plain.push(12),
                Some(b'n') => plain.push(b'\n'),
                Some(b'r') => plain.push(b'\r'),
                Some(b't') => plain.push(b'\t'),
                Some(b'u') => {
                    let first = unit(rest, at + 2);
                    let pair = [first, unit(rest, at + 8)];
                    let surrogate = (0xD800..=0xDBFF).contains(&first);
                    let units = if surrogate { &pair[..] } else { &pair[..1] };
                    taken = 6 * units.len();
                    let character = char::decode_utf16(units.iter().copied())
                        .next()
                        .and_then(Result::ok);
                    let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
                    plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(itself) => plain.push(*itself),
                None => {}
            }
            rest = rest.get(at + taken..).unwrap_or_default();
        }
        plain.extend_from_slice(rest);
        String::from_utf8(plain)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// The UTF-16 unit whose four hexadecimal digits are at `at`; 0 when there are none.
fn unit(text: &[u8], at: usize) -> u16 {
    let digits = text
        .get(at..at + 4)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    digits
        .and_then(|digits| u16::from_str_radix(digits, 16).ok())
        .unwrap_or(0)
}

/// Appends `plain` to `out` as a JSON string, escaped as `serde_json` does it.
pub fn push_string(plain: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = plain.as_bytes();
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' | b'\\' => *byte,
            8 => b'b',
            12 => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..0x20 => b'u',
            _ => continue,
        };
        out.extend_from_slice(&bytes[written..at]);
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";
            let (high, low) = (
                HEXADECIMAL[usize::from(byte >> 4)],
                HEXADECIMAL[usize::from(byte & 15)],
            );
            out.extend_from_slice(&[b'0', b'0', high, low]);
        }
        written = at + 1;
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}
