//! `matchingStrategy: frequency`: which words of a query are dropped, and in which order.
//!
//! A server drops the most frequent word first, by its own counts; nodes count their own documents, so each would drop other
//! words. Here the fleet's counts decide, and each step is a query of its own in which every word left must match
//! (reference 7). In the place of a dropped word stands a negated one that nobody has: it excludes nothing, the words around it keep
//! their positions and do not become neighbours, and the word before a dropped last one does not become a prefix.

use std::cmp::Reverse;

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

    /// The queries from all words down to the rarest, each with fewer words than the one before. Words of one frequency go
    /// together; words that no document has go first. The rarest stay.
    pub fn steps(&self, query: &str, frequencies: &[u64]) -> Vec<String> {
        let weight = |frequency: &u64| match frequency {
            0 => u64::MAX,
            some => *some,
        };
        let mut classes: Vec<u64> = frequencies.iter().map(weight).collect();
        classes.sort_unstable_by_key(|class| Reverse(*class));
        classes.dedup();
        let rarest = classes.pop();
        let mut steps = vec![query.to_owned()];
        for dropped in classes {
            let is_left = |position: usize| weight(&frequencies[position]) < dropped;
            debug_assert!(rarest.is_some_and(|rarest| rarest < dropped));
            steps.push(self.without(query, is_left));
        }
        steps
    }

    fn without(&self, query: &str, is_left: impl Fn(usize) -> bool) -> String {
        let word = |(position, word): (usize, &&str)| match is_left(position) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(json: serde_json::Value) -> UserSettings {
        serde_json::from_value(json).unwrap()
    }

    fn steps(query: &str, frequencies: &[u64]) -> Vec<String> {
        let words = Words::of(query, &UserSettings::default()).unwrap();
        let steps = words.steps(query, frequencies).into_iter();
        steps
            .map(|step| step.replace(&format!("-{NOBODYS_WORD}"), "_"))
            .collect()
    }

    #[test]
    fn frequent_words_go_first_and_keep_their_place() {
        let query = "red big  shoe";
        let words = Words::of(query, &UserSettings::default()).unwrap();
        assert_eq!(words.questions(query), ["red ", "big ", "shoe"]);
        assert_eq!(steps(query, &[3, 9, 1]), [query, "red _ shoe", "_ _ shoe"]);
        assert_eq!(steps(query, &[3, 1, 9]), [query, "red big _", "_ big _"]);
        assert_eq!(steps(query, &[0, 2, 2]), [query, "_ big shoe"]);
        assert_eq!(steps(query, &[2, 2, 2]), [query]);
    }

    #[test]
    fn a_trailing_space_stays_the_end_of_the_last_word() {
        let query = "red shoe ";
        let words = Words::of(query, &UserSettings::default()).unwrap();
        assert_eq!(words.questions(query), ["red ", "shoe "]);
        assert_eq!(steps(query, &[9, 1]), [query, "_ shoe "]);
    }

    #[test]
    fn words_that_are_not_certain_are_left_to_the_nodes() {
        let none = UserSettings::default();
        for query in [
            "shoe",
            "\"red shoe\" big",
            "red -shoe",
            "red-shoe big",
            "iPhone case",
            "靴 赤",
            "a b c d e f g h i j k",
            "",
        ] {
            assert_eq!(Words::of(query, &none), None, "{query}");
        }
        assert!(Words::of("Über Straße 42", &none).is_some());
        assert_eq!(
            Words::of("red shoe", &settings(json!({ "stopWords": ["the"] }))),
            None
        );
        assert_eq!(
            Words::of(
                "red shoe",
                &settings(json!({ "rankingRules": ["sort", "words"] }))
            ),
            None
        );
        assert!(Words::of("red shoe", &settings(json!({ "stopWords": [] }))).is_some());
    }
}
