//! `matchingStrategy: frequency`: which words a document may miss, and in which order such documents come.
//!
//! A server lets a document miss frequent words before rare ones, by its own counts; nodes count their own documents, so each
//! would let other words go. Here the fleet's counts decide: [`Words`] says what to count, [`sets`] which words may be
//! missing together, each such set is a list of its own in which all the other words must match, and [`level`] makes one
//! order of the lists with equally many words (reference 7). [`scores`] says what one server says of their ranks, and [`gate`]
//! which of the hits are not shown.
//!
//! In the place of a missing word stands a negated one that nobody has: it excludes nothing, the words around it keep
//! their positions and do not become neighbours, and the word before a missing last one does not become a prefix.

mod gate;
mod level;
mod scores;
mod sets;
#[cfg(test)]
mod tests;

pub use gate::Gate;
pub use level::{List, Merged, Told, merge};
pub use scores::{Place, rescored};
pub use sets::{Kept, levels};

use super::hybrid::NOBODYS_WORD;
use crate::settings::UserSettings;

/// The server looks at no more words than these.
const MOST_WORDS: usize = 10;

/// The words of a query, where it is certain that an engine reads them as such: plain Latin words between spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words<'q>(Vec<&'q str>);

impl<'q> Words<'q> {
    /// `None` if there is nothing to drop, or if the words depend on more than spaces.
    pub fn of(query: &'q str, settings: &UserSettings) -> Option<Self> {
        let set = |name: &str| {
            let value = settings.as_object().get(name);
            value
                .and_then(|value| value.as_array())
                .is_some_and(|list| !list.is_empty())
        };
        let splits_otherwise = [
            "separatorTokens",
            "nonSeparatorTokens",
            "dictionary",
            "stopWords",
        ];
        let words_come_first = settings
            .ranking_rules()
            .is_none_or(|rules| rules.first() == Some(&"words"));
        if splits_otherwise.into_iter().any(set) || !words_come_first {
            return None;
        }
        let words: Vec<&str> = query.split(' ').filter(|word| !word.is_empty()).collect();
        let fits =
            (2..=MOST_WORDS).contains(&words.len()) && words.iter().all(|word| is_plain(word));
        fits.then_some(Self(words))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The sets of words, those with most words first.
    pub(super) fn sets(&self) -> Vec<Kept> {
        sets::all(self.0.len())
    }

    /// The sets of words with the first one and at least one behind the first `known` and the next, those with most words first.
    pub(super) fn sets_with_first_and_after(&self, known: usize) -> Vec<Kept> {
        sets::with_first_and_after(self.0.len(), known)
    }

    /// Queries whose totals without any filter are the frequencies, one for each word. The space keeps the word from being
    /// read as a prefix; the query's own last word is one, unless a space follows it.
    pub fn questions(&self, query: &str) -> Vec<String> {
        let last = self.0.len() - 1;
        let question = |(position, word): (usize, &&str)| {
            let is_prefix = position == last && !query.ends_with(' ');
            if is_prefix {
                (*word).to_owned()
            } else {
                format!("{word} ")
            }
        };
        self.0.iter().enumerate().map(question).collect()
    }

    /// The query for the documents that have these words.
    pub fn query(&self, query: &str, kept: Kept) -> String {
        if kept.has_all(self.0.len()) {
            return query.to_owned();
        }
        let word = |(position, word): (usize, &&str)| match kept.has(position) {
            true => (*word).to_owned(),
            false => format!("-{NOBODYS_WORD}"),
        };
        let words: Vec<String> = self.0.iter().enumerate().map(word).collect();
        let end = if query.ends_with(' ') { " " } else { "" };
        words.join(" ") + end
    }
}

/// One token for any segmenter of Latin text: no case change inside, which would split it.
fn is_plain(word: &str) -> bool {
    let is_latin = |letter: char| {
        letter.is_ascii_alphanumeric()
            || ('\u{C0}'..='\u{24F}').contains(&letter) && letter.is_alphabetic()
    };
    word.chars().all(is_latin) && word.chars().skip(1).all(|letter| !letter.is_uppercase())
}
