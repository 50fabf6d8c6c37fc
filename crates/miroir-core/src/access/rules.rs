//! What one request may touch, after its credential has been verified.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{Action, IndexPattern, Key};
use crate::error::{ApiError, Code};
use crate::wire::time::Timestamp;

/// The `searchRules` of a tenant token.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum SearchRules {
    Set(BTreeSet<IndexPattern>),
    Map(BTreeMap<IndexPattern, Option<IndexSearchRules>>),
}

/// What a tenant token adds to searches of an index.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct IndexSearchRules {
    /// A filter in the server's form: text, or nested arrays of texts.
    pub filter: Option<Value>,
}

/// What a request may touch.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// Of the tenant token, if there was one.
    token: Option<SearchRules>,
    key_indexes: Vec<IndexPattern>,
    creates_indexes: bool,
}

/// Why a verified credential does not open a route: the server's words, spelling included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("The provided API key is invalid.")]
    Invalid,
    #[error(
        "The provided tenant token cannot acces the index `{index}`, allowed indexes are {allowed:?}."
    )]
    OutsideToken { index: String, allowed: Vec<String> },
    /// The key's own list is not told to the holder of a token.
    #[error("The API key used to generate this tenant token cannot acces the index `{index}`.")]
    OutsideKeyOfToken { index: String },
    #[error("The API key cannot acces the index `{index}`, authorized indexes are {allowed:?}.")]
    OutsideKey { index: String, allowed: Vec<String> },
    /// Seconds since 1970.
    #[error("Tenant token expired. Was valid up to `{expired}` and we're now `{now}`.")]
    Expired { expired: i64, now: i64 },
    #[error("Could not decode tenant token, {0}.")]
    Undecodable(String),
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        ApiError::new(Code::InvalidApiKey, refusal.to_string())
    }
}

// === impl SearchRules ===

impl SearchRules {
    fn patterns(&self) -> Vec<&IndexPattern> {
        match self {
            Self::Set(patterns) => patterns.iter().collect(),
            Self::Map(rules) => rules.keys().collect(),
        }
    }

    fn covers(&self, index: &str) -> bool {
        self.patterns().iter().any(|pattern| pattern.matches(index))
    }

    /// The narrowest pattern that matches decides.
    fn filter(&self, index: &str) -> Option<&Value> {
        let Self::Map(rules) = self else { return None };
        let (_, rule) = rules
            .iter()
            .filter(|(pattern, _)| pattern.matches(index))
            .max_by_key(|(pattern, _)| pattern.narrowness())?;
        rule.as_ref()?.filter.as_ref()
    }
}

// === impl Access ===

impl Access {
    /// The master key, or a fleet without one.
    pub fn full() -> Self {
        Self {
            token: None,
            key_indexes: vec![IndexPattern::all()],
            creates_indexes: true,
        }
    }

    /// What a key, narrowed by a token's rules, opens for a route that asks for `action`, with `index` in its path.
    /// The order of the checks is the server's.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn of(
        key: &Key,
        token: Option<SearchRules>,
        action: Action,
        index: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let access = Self {
            token,
            key_indexes: key.indexes.clone(),
            creates_indexes: key.allows(Action::IndexesCreate, None, now),
        };
        if let Some(index) = index {
            access.refuse_outside(index)?;
        }
        if key.allows(action, index, now) {
            Ok(access)
        } else {
            Err(Refusal::Invalid)
        }
    }

    fn refuse_outside(&self, index: &str) -> Result<(), Refusal> {
        let index_text = || index.to_owned();
        if let Some(token) = &self.token {
            if !token.covers(index) {
                return Err(Refusal::OutsideToken {
                    index: index_text(),
                    allowed: texts(token.patterns()),
                });
            }
            if !self.key_covers(index) {
                return Err(Refusal::OutsideKeyOfToken {
                    index: index_text(),
                });
            }
        } else if !self.key_covers(index) {
            return Err(Refusal::OutsideKey {
                index: index_text(),
                allowed: texts(self.key_indexes.iter().collect()),
            });
        }
        Ok(())
    }

    fn key_covers(&self, index: &str) -> bool {
        self.key_indexes
            .iter()
            .any(|pattern| pattern.matches(index))
    }

    /// Whether an index is in reach.
    pub fn covers(&self, index: &str) -> bool {
        self.key_covers(index) && self.token.as_ref().is_none_or(|token| token.covers(index))
    }

    /// Whether every index is, also those that do not exist.
    pub fn covers_all(&self) -> bool {
        let all = |patterns: Vec<&IndexPattern>| patterns.iter().any(|pattern| pattern.is_all());
        all(self.key_indexes.iter().collect())
            && self
                .token
                .as_ref()
                .is_none_or(|token| all(token.patterns()))
    }

    /// Whether a write may bring the index into being.
    pub fn may_create(&self, index: &str) -> bool {
        self.creates_indexes && self.covers(index)
    }

    /// The filter that searches of `index` have to carry.
    pub fn filter(&self, index: &str) -> Option<&Value> {
        self.token.as_ref()?.filter(index)
    }
}

fn texts(patterns: Vec<&IndexPattern>) -> Vec<String> {
    let mut texts: Vec<String> = patterns.iter().map(|pattern| pattern.to_string()).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Both filters at once, as the server writes it: their elements in one array, the client's first.
pub fn both_filters(client: Option<Value>, rule: Option<&Value>) -> Option<Value> {
    let elements = |filter: Value| match filter {
        Value::Array(elements) => elements,
        one => vec![one],
    };
    match (client, rule) {
        (Some(client), Some(rule)) => {
            let mut all = elements(client);
            all.extend(elements(rule.clone()));
            Some(Value::Array(all))
        }
        (client, rule) => client.or_else(|| rule.cloned()),
    }
}
