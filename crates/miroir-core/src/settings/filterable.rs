//! `filterableAttributes`: which rule decides about an attribute, and what it allows. The first rule that matches wins.

use serde_json::{Value, json};

use super::strings;

/// What a rule allows with the attributes it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    pub facet_search: bool,
    pub equality: bool,
    pub comparison: bool,
}

/// One entry of `filterableAttributes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterableRule<'a> {
    /// A plain name: the attribute and everything nested in it, with all features.
    Field(&'a str),
    /// Patterns with one `*` at either end, or both.
    Patterns {
        patterns: Vec<&'a str>,
        features: Features,
    },
}

/// How a name relates to an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It covers the attribute.
    Yes,
    /// It covers something nested in the attribute.
    Nested,
    No,
}

impl Features {
    /// What a plain name allows.
    pub const ALL: Features = Features {
        facet_search: true,
        equality: true,
        comparison: true,
    };
    /// What Miroir needs of an attribute that the client did not open.
    pub(super) const EQUALITY: Features = Features {
        facet_search: false,
        equality: true,
        comparison: false,
    };

    fn of(features: Option<&Value>) -> Self {
        let flag = |path: &str, default| {
            features
                .and_then(|features| features.pointer(path))
                .and_then(Value::as_bool)
                .unwrap_or(default)
        };
        Self {
            facet_search: flag("/facetSearch", false),
            equality: flag("/filter/equality", true),
            comparison: flag("/filter/comparison", false),
        }
    }
}

impl<'a> FilterableRule<'a> {
    /// Reads an entry; `None` when it has none of the two shapes.
    pub fn of(entry: &'a Value) -> Option<Self> {
        match entry {
            Value::String(field) => Some(Self::Field(field)),
            Value::Object(rule) => {
                let patterns = strings(rule.get("attributePatterns")).collect();
                Some(Self::Patterns {
                    patterns,
                    features: Features::of(rule.get("features")),
                })
            }
            _ => None,
        }
    }

    /// Whether the rule decides about the attribute.
    pub fn matches(&self, attribute: &str) -> bool {
        match self {
            Self::Field(field) => covers(field, attribute),
            Self::Patterns { patterns, .. } => patterns
                .iter()
                .any(|pattern| match_pattern(pattern, attribute) == Match::Yes),
        }
    }

    /// What the rule allows.
    pub fn features(&self) -> Features {
        match self {
            Self::Field(_) => Features::ALL,
            Self::Patterns { features, .. } => *features,
        }
    }
}

/// An entry that opens exactly `patterns`.
pub(super) fn entry(patterns: &[&str], features: Features) -> Value {
    json!({
        "attributePatterns": patterns,
        "features": {
            "facetSearch": features.facet_search,
            "filter": { "equality": features.equality, "comparison": features.comparison },
        },
    })
}

/// Whether `field` is `attribute` or one of its parents.
pub(crate) fn covers(field: &str, attribute: &str) -> bool {
    attribute
        .strip_prefix(field)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A pattern against an attribute, as the server matches them.
pub(crate) fn match_pattern(pattern: &str, attribute: &str) -> Match {
    let matched = match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        _ if pattern == "*" => true,
        (Some(rest), Some(_)) => attribute.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(end), None) => attribute.ends_with(end),
        (None, Some(start)) => attribute.starts_with(start),
        (None, None) => pattern == attribute,
    };
    match matched {
        true => Match::Yes,
        false if covers(attribute, pattern) => Match::Nested,
        false => Match::No,
    }
}
