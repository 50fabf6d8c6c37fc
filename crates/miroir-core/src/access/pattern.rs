//! Patterns of index uids: an exact uid, or a beginning that ends with a star.

use std::fmt;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, Value, ValueKind,
    ValuePointerRef, take_cf_content,
};
use serde::{Deserialize, Serialize};

use crate::id::IndexUid;
use crate::wire::deserialize::Reason;

/// An index uid, a beginning of one followed by `*`, or `*`. Those in tenant tokens are not checked: what matches
/// nothing opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IndexPattern(String);

/// The text is no pattern; the server's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a valid index uid pattern. Index uid patterns can be an integer or a string containing only alphanumeric characters, hyphens (-), underscores (_), and optionally end with a star (*)."
)]
pub struct InvalidIndexPattern(String);

impl IndexPattern {
    /// Every index.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    pub fn parse(text: &str) -> Result<Self, InvalidIndexPattern> {
        let is_pattern = match text.strip_suffix('*') {
            Some("") => true,
            Some(beginning) => IndexUid::parse(beginning).is_ok(),
            None => IndexUid::parse(text).is_ok(),
        };
        if is_pattern {
            Ok(Self(text.to_owned()))
        } else {
            // The server names the uid that it tried to read, which is the text without its star.
            let tried = text.strip_suffix('*').unwrap_or(text);
            Err(InvalidIndexPattern(tried.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_all(&self) -> bool {
        self.0 == "*"
    }

    pub fn matches(&self, uid: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => uid.starts_with(beginning),
            None => self.0 == uid,
        }
    }

    /// Higher is narrower: exact before a beginning, long before short.
    pub(super) fn narrowness(&self) -> (bool, usize) {
        (!self.0.ends_with('*'), self.0.len())
    }
}

impl fmt::Display for IndexPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<E: DeserializeError + MergeWithError<Reason>> Deserr<E> for IndexPattern {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        match value {
            Value::String(text) => IndexPattern::parse(&text).map_err(|error| {
                take_cf_content(E::merge(None, Reason(error.to_string()), location))
            }),
            actual => Err(take_cf_content(E::error(
                None,
                ErrorKind::IncorrectValueKind {
                    actual,
                    accepted: &[ValueKind::String],
                },
                location,
            ))),
        }
    }
}
