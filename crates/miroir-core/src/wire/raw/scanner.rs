//! One strict pass over JSON bytes, without recursion and without allocation.

mod lexeme;
mod trusted;

use std::ops::Range;

use super::{Problem, RawError, Text};

/// Opening one container more than this fails, as it does in `serde_json` (its limit of 128 counts the value inside).
const DEEPEST: usize = 127;

/// A position in a piece of JSON. The caller says what it expects there and gets spans (byte offsets) back.
///
/// Containers are walked with `enter_*` and then [`next_key`](Self::next_key) or [`next_element`](Self::next_element)
/// until these say that it was closed; after each key or element the value must be consumed (skipped or entered).
#[derive(Debug, Clone)]
pub struct Scanner<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Containers entered and not left.
    depth: usize,
    /// The container just entered has shown no member yet.
    fresh: bool,
    /// The string consumed last has escapes. Kept here because a result that carries it is costly to hand on.
    escaped: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            position: 0,
            depth: 0,
            fresh: false,
            escaped: false,
        }
    }

    /// The bytes of a span that this scanner gave out.
    pub fn slice(&self, span: &Range<usize>) -> &'a [u8] {
        &self.bytes[span.start..span.end]
    }

    /// Where the scanner stands: the end of what was consumed last.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The first byte of what comes next, space skipped; `None` at the end.
    pub fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.bytes.get(self.position).copied()
    }

    /// Whether only space is left.
    pub fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Fails unless only space is left.
    pub fn finish(&mut self) -> Result<(), RawError> {
        if self.at_end() {
            Ok(())
        } else {
            self.fail(Problem::Trailing)
        }
    }

    pub fn enter_object(&mut self) -> Result<(), RawError> {
        self.enter(b'{', Problem::ExpectedObject)
    }

    pub fn enter_array(&mut self) -> Result<(), RawError> {
        self.enter(b'[', Problem::ExpectedArray)
    }

    fn enter(&mut self, opening: u8, otherwise: Problem) -> Result<(), RawError> {
        if self.peek() != Some(opening) {
            return self.fail(otherwise);
        }
        if self.depth == DEEPEST {
            return self.fail(Problem::TooDeep);
        }
        self.position += 1;
        self.depth += 1;
        self.fresh = true;
        Ok(())
    }

    /// The next key of the object being walked, with the offset of its opening quote; `None` when the object closed.
    pub fn next_key(&mut self) -> Result<Option<(Text<'a>, usize)>, RawError> {
        if !self.next_member()? {
            return Ok(None);
        }
        let start = self.position;
        let end = self.key()?;
        Ok(Some((self.text(start + 1..end), start)))
    }

    /// Goes to the next key of the object being walked; `false` when the object closed.
    #[inline]
    fn next_member(&mut self) -> Result<bool, RawError> {
        let fresh = std::mem::take(&mut self.fresh);
        match self.peek() {
            Some(b'}') => {
                self.position += 1;
                self.depth -= 1;
                Ok(false)
            }
            Some(b',') if !fresh => {
                self.position += 1;
                self.skip_space();
                Ok(true)
            }
            Some(_) if fresh => Ok(true),
            _ => self.fail(Problem::ExpectedMemberEnd),
        }
    }

    /// Whether the array being walked has another element, which is then next; `false` when the array closed.
    pub fn next_element(&mut self) -> Result<bool, RawError> {
        let fresh = std::mem::take(&mut self.fresh);
        match self.peek() {
            Some(b']') => {
                self.position += 1;
                self.depth -= 1;
                Ok(false)
            }
            Some(b',') if !fresh => {
                self.position += 1;
                Ok(true)
            }
            Some(_) if fresh => Ok(true),
            _ => self.fail(Problem::ExpectedElementEnd),
        }
    }

    /// Consumes one value of a stream: what follows a number or a literal must be able to follow one.
    pub(super) fn skip_stream_value(&mut self) -> Result<Range<usize>, RawError> {
        let span = self.skip_value()?;
        let delimits_itself = matches!(self.bytes[span.start], b'"' | b'{' | b'[');
        match self.bytes.get(self.position) {
            _ if delimits_itself => Ok(span),
            None
            | Some(b' ' | b'\n' | b'\t' | b'\r' | b'"' | b'[' | b']' | b'{' | b'}' | b',' | b':') => {
                Ok(span)
            }
            Some(_) => self.fail(Problem::Trailing),
        }
    }

    /// Consumes and checks the value that is next, whatever it is; its span is without the space around it.
    pub fn skip_value(&mut self) -> Result<Range<usize>, RawError> {
        self.skip_space();
        let start = self.position;
        let mut open = 0_usize; // containers opened here
        let mut objects = 0_u128; // one bit for each of them, innermost lowest
        loop {
            let opening = self.byte();
            match opening {
                b'"' => {
                    self.string_here()?;
                }
                b'{' | b'[' => {
                    if self.depth + open == DEEPEST {
                        return self.fail(Problem::TooDeep);
                    }
                    self.position += 1;
                    open += 1;
                    objects = objects << 1 | u128::from(opening == b'{');
                    self.skip_space();
                    match (opening, self.byte()) {
                        (b'{', b'}') | (b'[', b']') => {
                            self.position += 1;
                            open -= 1;
                            objects >>= 1;
                        }
                        (b'{', _) => {
                            self.key()?;
                            self.skip_space();
                            continue;
                        }
                        _ => continue,
                    }
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => return self.fail(Problem::ExpectedValue),
            }
            // A value ended: close what ends with it, then go to the next one.
            loop {
                if open == 0 {
                    return Ok(start..self.position);
                }
                self.skip_space();
                let in_object = objects & 1 == 1;
                match self.byte() {
                    b',' => {
                        self.position += 1;
                        self.skip_space();
                        if in_object {
                            self.key()?;
                            self.skip_space();
                        }
                        break;
                    }
                    b'}' if in_object => {}
                    b']' if !in_object => {}
                    _ if in_object => return self.fail(Problem::ExpectedMemberEnd),
                    _ => return self.fail(Problem::ExpectedElementEnd),
                }
                self.position += 1;
                open -= 1;
                objects >>= 1;
            }
        }
    }

    /// Goes to a position that an earlier scan of the same bytes gave: the start of a value, or the end of a member of the
    /// object being walked.
    pub fn jump(&mut self, position: usize) {
        self.fresh = false;
        self.position = position;
    }

    /// Consumes a key and its colon; where the key's closing quote is.
    #[inline]
    fn key(&mut self) -> Result<usize, RawError> {
        if self.byte() != b'"' {
            return self.fail(Problem::ExpectedKey);
        }
        self.string_here()?;
        let end = self.position - 1;
        self.skip_space();
        if self.byte() != b':' {
            return self.fail(Problem::ExpectedColon);
        }
        self.position += 1;
        Ok(end)
    }

    /// The string consumed last, which lies between its quotes at `span`.
    #[inline]
    fn text(&self, span: Range<usize>) -> Text<'a> {
        Text::new(&self.bytes[span], self.escaped)
    }

    #[inline]
    fn skip_space(&mut self) {
        // What nodes write has no space: one comparison decides.
        while self.byte() <= b' '
            && matches!(
                self.bytes.get(self.position),
                Some(b' ' | b'\n' | b'\t' | b'\r')
            )
        {
            self.position += 1;
        }
    }

    /// The byte here, or 0 at the end: no position allows a 0, so that both are refused alike.
    #[inline]
    fn byte(&self) -> u8 {
        self.bytes.get(self.position).copied().unwrap_or(0)
    }

    /// Refuses the byte here: for being the wrong one, or for not being there.
    #[cold]
    fn fail<T>(&self, problem: Problem) -> Result<T, RawError> {
        let ended = self.position >= self.bytes.len();
        let problem = if ended {
            Problem::UnexpectedEnd
        } else {
            problem
        };
        Err(RawError {
            offset: self.position,
            problem,
        })
    }
}
