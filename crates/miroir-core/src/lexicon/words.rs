//! Words as pieces of the text of a document's searchable values.
//!
//! A piece need not be one word to the node that indexes it; it must only contain the same words there as in the text
//! that it was taken from. So texts are cut only where every node cuts them.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Rules;
use crate::document::marker::PREFIX;
use crate::document::members::for_each_member;

/// Characters that separate words for every engine, unless settings say otherwise. Spaces come on top.
pub(super) const SEPARATORS: &str = "_-)]}([{!\"#%&'*,./:;?@\\`+’‘“”«»…–—·•";

/// The engine keeps no word that is longer; neither is such a piece worth its place.
const LONGEST_PIECE: usize = 512;

/// Fields that are not text to the engine, whatever they hold.
const NOT_TEXT: [&str; 3] = ["_vectors", "_geo", "_geojson"];

/// Takes the words out of documents. It remembers which attribute goes where, so one serves many documents.
pub struct Extractor<'r> {
    rules: &'r Rules,
    fields: HashMap<String, Option<String>>,
}

impl<'r> Extractor<'r> {
    pub fn new(rules: &'r Rules) -> Self {
        Self {
            rules,
            fields: HashMap::new(),
        }
    }

    /// Calls `each` with the field and the text of every word of a document, as often as it occurs. What is no document
    /// has none.
    pub fn document(&mut self, document: &RawValue, each: &mut dyn FnMut(&str, &str)) {
        let walked = for_each_member(document, |name, value| {
            if name.starts_with(PREFIX) || NOT_TEXT.contains(&name) || !self.rules.concerns(name) {
                return;
            }
            // A value that the engine cannot parse fails the task, and leaves no words.
            if let Ok(value) = serde_json::from_str::<Value>(value.get()) {
                self.value(&mut name.to_owned(), &value, each);
            }
        });
        debug_assert!(walked.is_ok(), "documents are walked when they are read");
    }

    fn value(&mut self, path: &mut String, value: &Value, each: &mut dyn FnMut(&str, &str)) {
        match value {
            Value::Null => {}
            Value::Bool(value) => self.text(path, &value.to_string(), each),
            Value::Number(value) => self.text(path, &value.to_string(), each),
            Value::String(value) => self.text(path, value, each),
            Value::Array(values) => {
                for value in values {
                    self.value(path, value, each);
                }
            }
            Value::Object(members) => {
                let parent = path.len();
                for (name, value) in members {
                    path.push('.');
                    path.push_str(name);
                    self.value(path, value, each);
                    path.truncate(parent);
                }
            }
        }
    }

    fn text(&mut self, path: &str, text: &str, each: &mut dyn FnMut(&str, &str)) {
        if !self.fields.contains_key(path) {
            self.fields
                .insert(path.to_owned(), self.rules.field_for(path));
        }
        let Some(field) = &self.fields[path] else {
            return;
        };
        for phrase in &self.rules.phrases {
            if text.contains(phrase) {
                each(field, phrase);
            }
        }
        let separates = |symbol| self.rules.separates(symbol) || is_unspaced(symbol);
        let pieces = text
            .split(separates)
            .filter(|piece| (1..=LONGEST_PIECE).contains(&piece.len()));
        for piece in pieces {
            each(field, &self.lowered(piece));
        }
    }

    /// The engine lowers every letter; doing it here keeps one piece where there would be several.
    fn lowered<'p>(&self, piece: &'p str) -> Cow<'p, str> {
        if self.rules.lowers && piece.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(piece.to_ascii_lowercase())
        } else {
            Cow::Borrowed(piece)
        }
    }
}

/// Scripts that put no spaces between words. Which words the engine finds there depends on the sentence around them, so
/// no piece would do but the whole text.
fn is_unspaced(symbol: char) -> bool {
    matches!(symbol,
        '\u{0E00}'..='\u{0EFF}' // Thai, Lao
        | '\u{1000}'..='\u{109F}' // Myanmar
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9D}' // Kana
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' // Han
        | '\u{20000}'..='\u{3FFFF}')
}
