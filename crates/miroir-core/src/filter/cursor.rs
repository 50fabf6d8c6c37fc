//! A place in the text of a filter, and the smallest things that can stand there. Facts: the server's `filter-parser/src/value.rs`.

/// Words that are operators, and therefore no names or values unless they are quoted.
const KEYWORDS: [&str; 14] = [
    "AND",
    "OR",
    "IN",
    "NOT",
    "TO",
    "EXISTS",
    "IS",
    "NULL",
    "EMPTY",
    "CONTAINS",
    "STARTS",
    "WITH",
    "_geoRadius",
    "_geoBoundingBox",
];

/// A name or a literal: its text, or `None` when it is written with escapes. No id and no name that matters here needs any.
pub(super) type Text<'t> = Option<&'t str>;

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'t>(pub(super) &'t str);

impl<'t> Cursor<'t> {
    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// The white space that may stand between any two parts; true if there was some.
    pub(super) fn spaces(&mut self) -> bool {
        let rest = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
        let moved = rest.len() < self.0.len();
        self.0 = rest;
        moved
    }

    /// Exactly this text, whatever follows.
    pub(super) fn tag(&mut self, tag: &str) -> bool {
        match self.0.strip_prefix(tag) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Exactly this word, with white space around it.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let mut ahead = *self;
        ahead.spaces();
        if ahead.word() != Some(word) {
            return false;
        }
        ahead.spaces();
        *self = ahead;
        true
    }

    /// The longest word that begins here.
    pub(super) fn word(&mut self) -> Option<&'t str> {
        self.longest(is_part_of_word)
    }

    /// A name or a literal, quoted or not, and the white space around it.
    pub(super) fn value(&mut self) -> Option<Text<'t>> {
        self.0 = self.0.trim_start();
        let value = match self.quoted() {
            Some(value) => value,
            None => Some(self.word().filter(|word| !KEYWORDS.contains(word))?),
        };
        self.spaces();
        Some(value)
    }

    /// A part of the path behind `_vectors.`
    pub(super) fn path_part(&mut self) -> bool {
        self.quoted().is_some()
            || self
                .longest(|symbol| is_part_of_word(symbol) && symbol != '.')
                .is_some()
    }

    /// What stands in brackets that hold nothing but numbers and further brackets: the arguments of a geographical filter.
    pub(super) fn numbers_in_parentheses(&mut self) -> Option<()> {
        let inside = self.0.strip_prefix('(')?;
        let is_number =
            |symbol: char| symbol.is_ascii_digit() || " \t\r\n,.+-eE[]".contains(symbol);
        self.0 = inside.trim_start_matches(is_number).strip_prefix(')')?;
        Some(())
    }

    fn longest(&mut self, is_part: impl Fn(char) -> bool) -> Option<&'t str> {
        let end = self
            .0
            .find(|symbol| !is_part(symbol))
            .unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Text in quotes of either kind; a backslash takes the meaning from whatever follows it.
    fn quoted(&mut self) -> Option<Text<'t>> {
        let quote = self
            .0
            .chars()
            .next()
            .filter(|quote| matches!(quote, '\'' | '"'))?;
        let inside = &self.0[1..];
        let mut symbols = inside.char_indices();
        let mut escapes = false;
        while let Some((at, symbol)) = symbols.next() {
            if symbol == quote {
                self.0 = &inside[at + 1..];
                return Some((!escapes).then_some(&inside[..at]));
            }
            if symbol == '\\' {
                escapes = true;
                symbols.next();
            }
        }
        None
    }
}

fn is_part_of_word(symbol: char) -> bool {
    symbol.is_alphanumeric() || matches!(symbol, '_' | '-' | '.')
}
