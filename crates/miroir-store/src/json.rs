//! JSON that the store keeps as text and never looks into.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// A JSON value as text, exactly as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(String);

impl Json {
    /// Serialises a value.
    ///
    /// # Panics
    /// If the value cannot be JSON (a map whose keys are not text), which is a property of its type.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(serde_json::to_string(value).expect("the types that are stored are valid JSON"))
    }

    /// Takes text that is known to be JSON, for example because it came out of a store.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads it as a type; `Unreadable` if it is not one.
    pub fn parse<T: DeserializeOwned>(&self) -> crate::Result<T> {
        serde_json::from_str(&self.0).map_err(|error| StoreError::Unreadable {
            place: std::any::type_name::<T>().to_owned(),
            reason: error.to_string(),
        })
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
