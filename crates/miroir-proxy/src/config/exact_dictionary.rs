//! The section of exact dictionary mode.

use super::table::Allowed::Any;
use super::table::{Allowed, Mismatch, section};
use super::tree::Scalar;
use super::value::{Value, quote};

section! {
    /// Exact dictionary mode: every node learns the words of the whole index, so that prefixes and typos behave as on one
    /// large server. See exact-dictionary.md.
    ExactDictionary at (exact_dictionary) {
        /// The indexes that are in the mode, by uid; a `*` stands for any characters. Taking an index out removes what the
        /// mode had added.
        indexes: Patterns = Patterns(Vec::new()), Any;
        /// Words that one index may have; those beyond are not made known to other nodes. Some 20 bytes of memory, and as
        /// many of the store, per word.
        max_words: usize = 1_000_000, Allowed::Range(1000, 100_000_000);
    }
}

/// Names of indexes, possibly with stars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// Whether no index is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the patterns is the name, or stands for it.
    #[must_use]
    pub fn cover(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| stands_for(pattern, name))
    }
}

fn stands_for(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            let mut ends = tail.char_indices().map(|(place, _)| place);
            ends.any(|place| stands_for(rest, &tail[place..])) || stands_for(rest, "")
        }),
    }
}

fn is_pattern(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_*".contains(&byte))
}

impl Value for Patterns {
    fn expected(_: &Allowed) -> String {
        "a list of index uids, in which `*` stands for any characters".to_owned()
    }

    /// One text: names with commas between them, as a variable has them.
    fn read(scalar: &Scalar, allowed: &Allowed) -> Result<Self, Mismatch> {
        let names = scalar.text.split(',').map(str::trim);
        let names: Vec<Scalar> = names
            .filter(|name| !name.is_empty())
            .map(Scalar::plain)
            .collect();
        Self::read_list(&names, allowed)
    }

    fn read_list(items: &[Scalar], _: &Allowed) -> Result<Self, Mismatch> {
        let names: Vec<String> = items.iter().map(|item| item.text.clone()).collect();
        match names.iter().all(|name| is_pattern(name)) {
            true => Ok(Self(names)),
            false => Err(Mismatch::Value),
        }
    }

    fn show(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|name| quote(name)).collect();
        format!("[{}]", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(text: &str) -> Patterns {
        Patterns::read(&Scalar::plain(text), &Any).unwrap()
    }

    #[test]
    fn stars_stand_for_any_characters() {
        for (text, covered, left_out) in [
            ("books", "books", "books2"),
            ("logs-*", "logs-2026", "log"),
            ("*", "anything", ""),
            ("*-eu-*", "shop-eu-1", "shop-us-1"),
            ("a, b*", "bc", "ab"),
        ] {
            assert!(patterns(text).cover(covered), "{text} {covered}");
            if !left_out.is_empty() {
                assert!(!patterns(text).cover(left_out), "{text} {left_out}");
            }
        }
        assert!(!Patterns::default().cover("books"));
        assert!(Patterns::read(&Scalar::plain("a b"), &Any).is_err());
    }
}
