//! Index settings: what the client set, what the nodes are sent, and what a reader must know of both.
//!
//! The catalog keeps [`UserSettings`]; nodes get [`overlay`], which adds what Miroir needs. Clients never see the latter.

mod details;
mod field;
mod filterable;
mod fingerprint;
mod overlay;
mod patch;
mod read;
mod refuse;
mod template;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use details::{mask_secret, reset_details, task_details};
pub use field::Field;
pub use filterable::{Features, FilterableRule, Match};
pub(crate) use filterable::{covers, match_pattern};
pub use fingerprint::{fingerprint, is_in_line};
pub use overlay::{Facts, overlay, rules_before_the_users, values_per_facet};
pub use read::{Attributes, FacetOrder, SimilarityPlace, Usage};
pub use refuse::refuse_reserved;
pub use template::{DEFAULT_TEMPLATE, skip_injected_fields};

/// The settings of an index as its client set them, key by key.
///
/// A key that was reset holds null rather than being forgotten: nodes are then told to reset it too, whatever they missed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserSettings(Map<String, Value>);

impl UserSettings {
    /// The object, nulls included.
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The same with null for every setting that was never set: what a node has of it nobody gave it.
    #[must_use]
    pub fn complete(&self) -> Self {
        let mut settings = self.0.clone();
        for name in details::names() {
            settings.entry(name).or_insert(Value::Null);
        }
        Self(settings)
    }

    /// The value of a top-level key that is set.
    fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// The value of `key` inside the object setting `setting`, if it is set.
    fn get_inside(&self, setting: &str, key: &str) -> Option<&Value> {
        self.get(setting)?.get(key).filter(|value| !value.is_null())
    }
}

impl From<Map<String, Value>> for UserSettings {
    fn from(settings: Map<String, Value>) -> Self {
        Self(settings)
    }
}

/// The strings of an array setting; anything else has none.
fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}
