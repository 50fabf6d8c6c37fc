//! Highlighting, cropping and match positions: which attributes, and how values are turned into text.

use std::collections::{BTreeMap, BTreeSet};

use milli_core::tokenizer::Language;
use milli_core::{
    FieldId, FieldsIdsMap, FormatOptions, LocalizedAttributesRule, MatchBounds, MatcherBuilder,
    PatternMatch,
};
use miroir_core::wire::search::SearchQuery;
use serde_json::{Map, Value};

use super::pointer;

/// Where the query words are, by attribute; the offsets are bytes.
pub(crate) type Positions = BTreeMap<String, Vec<MatchBounds>>;

/// How each attribute of `_formatted` is formatted. Empty when nothing valid was asked for, and then there is none.
pub(crate) fn options(
    query: &SearchQuery,
    fields: &FieldsIdsMap,
    displayed: &BTreeSet<FieldId>,
    retrieved: &BTreeSet<FieldId>,
) -> BTreeMap<FieldId, FormatOptions> {
    let mut options: BTreeMap<FieldId, FormatOptions> = BTreeMap::new();
    let named = |name: &str| -> Vec<FieldId> {
        if name == "*" {
            return displayed.iter().copied().collect();
        }
        let field = fields.id(name).filter(|field| displayed.contains(field));
        field.into_iter().collect()
    };
    for attribute in query.attributes_to_highlight.iter().flatten() {
        for field in named(attribute) {
            options.entry(field).or_default().highlight = true;
        }
    }
    for attribute in query.attributes_to_crop.iter().flatten() {
        let (name, length) = match attribute.rsplit_once(':') {
            Some((name, length)) => (name, length.parse().unwrap_or(query.crop_length)),
            None => (attribute.as_str(), query.crop_length),
        };
        for field in named(name) {
            options.entry(field).or_default().crop = Some(length);
        }
    }
    if !options.is_empty() {
        for field in retrieved {
            options.entry(*field).or_default();
        }
    }
    options
}

/// What formatting one query needs.
pub(crate) struct Formatter<'a> {
    pub(crate) fields: &'a FieldsIdsMap,
    pub(crate) builder: MatcherBuilder<'a>,
    pub(crate) options: BTreeMap<FieldId, FormatOptions>,
    pub(crate) positions: bool,
    pub(crate) displayed: &'a BTreeSet<FieldId>,
    pub(crate) locales: Option<Vec<Language>>,
    pub(crate) localized: Vec<LocalizedAttributesRule>,
}

impl Formatter<'_> {
    /// Whether there is anything to do.
    pub(crate) fn is_idle(&self) -> bool {
        !self.positions && self.options.is_empty()
    }

    /// `_formatted` (empty if there is none) and `_matchesPosition` of a document.
    pub(crate) fn format(
        &self,
        mut document: Map<String, Value>,
    ) -> (Map<String, Value>, Option<Positions>) {
        let name = |field: &FieldId| self.fields.name(*field);
        let formatted: Vec<(&str, &FormatOptions)> = self
            .options
            .iter()
            .filter(|(_, options)| options.should_format())
            .filter_map(|(field, options)| Some((name(field)?, options)))
            .collect();
        let displayed: Vec<&str> = self.displayed.iter().filter_map(name).collect();
        let mut positions = self.positions.then(Positions::new);
        pointer::change_leaves(&mut document, &displayed, &mut |key, places, value| {
            // An attribute gets what was asked for it, for what it is in and for what is in it.
            let options = formatted
                .iter()
                .filter(|(name, _)| {
                    milli_core::is_faceted_by(name, key) || milli_core::is_faceted_by(key, name)
                })
                .map(|(_, options)| **options)
                .reduce(FormatOptions::merge);
            let locales = self.locales.as_deref().or_else(|| {
                let rule = self
                    .localized
                    .iter()
                    .find(|rule| rule.match_str(key) == PatternMatch::Match);
                rule.map(LocalizedAttributesRule::locales)
            });
            let found = self.format_leaf(value, options, places, locales);
            if let Some(positions) = positions.as_mut().filter(|_| !found.is_empty()) {
                positions.insert(key.to_owned(), found);
            }
        });
        let selectors = self.options.keys().filter_map(name).collect();
        (pointer::select(document, &selectors), positions)
    }

    /// Formats a string or a number in place (a number becomes a string) and returns its matches.
    fn format_leaf(
        &self,
        value: &mut Value,
        options: Option<FormatOptions>,
        places: &[usize],
        locales: Option<&[Language]>,
    ) -> Vec<MatchBounds> {
        let text = match value {
            Value::String(text) => std::mem::take(text),
            Value::Number(number) => number.to_string(),
            _ => return Vec::new(),
        };
        let mut matcher = self.builder.build(&text, locales);
        let found = if self.positions {
            matcher.matches(places)
        } else {
            Vec::new()
        };
        let shown = match options {
            Some(options) => matcher.format(options).into_owned(),
            None => text.clone(),
        };
        *value = Value::String(shown);
        found
    }
}
