//! What of an index's settings decides which words it consists of, and into which field of a lexicon document each goes.

use serde::{Deserialize, Serialize};

use super::document::WORDS_FIELD;
use super::words::SEPARATORS;
use crate::settings::{Attributes, Match, UserSettings, covers, match_pattern};

/// The part of the settings that the vocabulary depends on. Settings with equal rules have equal vocabularies; when the
/// rules change, the vocabulary has to be gathered anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// All attributes when `None`.
    searchable: Option<Vec<String>>,
    /// Attributes that tolerate no typo: their words are a dictionary of their own.
    exact: Vec<String>,
    /// The patterns of each rule about locales, which words are cut and normalised by.
    localized: Vec<Vec<String>>,
    /// Separators that the settings make parts of words.
    kept: String,
    /// Entries of the user's dictionary that contain spaces.
    pub(super) phrases: Vec<String>,
    /// Whether capitals may be lowered here: nothing in the settings that is compared with the text has one.
    pub(super) lowers: bool,
}

/// What the engine does with the words of an attribute. Words of equal treatment may share a field.
#[derive(PartialEq, Eq)]
struct Treatment {
    exact: bool,
    /// The rule about locales that applies, by position.
    locale: Option<usize>,
}

impl Rules {
    /// Reads the rules out of an index's settings.
    pub fn of(settings: &UserSettings) -> Self {
        let texts = |key| settings.texts(key).map(str::to_owned).collect::<Vec<_>>();
        let dictionary = texts("dictionary");
        let non_separators = texts("nonSeparatorTokens");
        let separators = texts("separatorTokens");
        let (phrases, entries): (Vec<String>, Vec<String>) = dictionary
            .into_iter()
            .partition(|entry| entry.contains(char::is_whitespace));
        let kept = |token: &&String| token.chars().any(|symbol| SEPARATORS.contains(symbol));
        let kept = non_separators
            .iter()
            .chain(&entries)
            .chain(&phrases)
            .filter(kept)
            .flat_map(|token| token.chars())
            .filter(|symbol| SEPARATORS.contains(*symbol))
            .collect();
        let mut compared = separators.iter().chain(&entries).chain(&phrases);
        Self {
            searchable: match settings.searchable_attributes() {
                Attributes::All => None,
                Attributes::Listed(names) => Some(names.into_iter().map(str::to_owned).collect()),
            },
            exact: settings
                .attributes_without_typos()
                .map(str::to_owned)
                .collect(),
            localized: localized(settings),
            kept,
            lowers: !compared.any(|token| token.contains(|symbol: char| symbol.is_uppercase())),
            phrases,
        }
    }

    /// Whether a character of a text ends a word. What is no separator here may be one on a node, which cuts again.
    pub(super) fn separates(&self, symbol: char) -> bool {
        symbol.is_whitespace() || (SEPARATORS.contains(symbol) && !self.kept.contains(symbol))
    }

    /// What stands between two words: something that keeps them from being neighbours.
    pub(super) fn joint(&self) -> &'static str {
        if self.kept.contains('.') { "; " } else { ". " }
    }

    /// The attributes to read of documents; all when `None`.
    pub fn attributes(&self) -> Option<&[String]> {
        self.searchable.as_deref()
    }

    /// Whether anything at or below a top-level attribute is searched.
    pub(super) fn concerns(&self, attribute: &str) -> bool {
        self.searchable.as_ref().is_none_or(|names| {
            let related = |name: &String| covers(name, attribute) || covers(attribute, name);
            names.iter().any(related)
        })
    }

    /// The field of a lexicon document in which the engine treats a word as it treats it in `attribute`. `None` when the
    /// attribute is not searched, or when there is no such field.
    pub(super) fn field_for(&self, attribute: &str) -> Option<String> {
        if !self.is_searched(attribute) {
            return None;
        }
        let wanted = self.treatment(attribute);
        let listed = self.searchable.iter().flatten().map(String::as_str);
        let nested = listed
            .chain([attribute])
            .map(|parent| format!("{parent}.{WORDS_FIELD}"));
        std::iter::once(WORDS_FIELD.to_owned())
            .chain(nested)
            .find(|field| self.is_searched(field) && self.treatment(field) == wanted)
    }

    fn is_searched(&self, attribute: &str) -> bool {
        self.searchable
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| covers(name, attribute)))
    }

    fn treatment(&self, attribute: &str) -> Treatment {
        let matches = |patterns: &Vec<String>| {
            patterns
                .iter()
                .any(|pattern| match_pattern(pattern, attribute) == Match::Yes)
        };
        Treatment {
            exact: self.exact.iter().any(|name| covers(name, attribute)),
            locale: self.localized.iter().position(matches),
        }
    }
}

fn localized(settings: &UserSettings) -> Vec<Vec<String>> {
    let rules = settings.localized_attributes();
    rules
        .map(|patterns| patterns.into_iter().map(str::to_owned).collect())
        .collect()
}
