//! Requests to export indexes to another server, and how their tasks show them.

use std::collections::BTreeMap;
use std::convert::Infallible;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map as _, Value as Given, ValueKind,
    ValuePointerRef, take_cf_content,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::deserialize::{BodyFault, JsonFault};
use crate::access::IndexPattern;
use crate::error::Code;
use crate::settings::mask_secret;
use crate::size::{amount, parse_amount};

/// Body of `POST /export`.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
pub struct ExportRequest {
    #[deserr(default, error = JsonFault<{ Code::InvalidExportUrl as u16 }>)]
    pub url: String,
    #[deserr(default, error = JsonFault<{ Code::InvalidExportApiKey as u16 }>)]
    pub api_key: Option<String>,
    #[deserr(default, error = JsonFault<{ Code::InvalidExportPayloadSize as u16 }>)]
    pub payload_size: Option<PayloadSize>,
    /// `None` is every index.
    #[deserr(default)]
    pub indexes: Option<ExportIndexes>,
}

/// Bytes of documents in one request to the other server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadSize(pub u64);

/// What is exported of which indexes. Of several patterns that an index matches, the first in the order of their text counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportIndexes(BTreeMap<IndexPattern, ExportRules>);

/// What is exported of an index.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct ExportRules {
    /// Only documents that match.
    #[deserr(default, error = JsonFault<{ Code::InvalidExportIndexFilter as u16 }>)]
    pub filter: Option<Value>,
    /// An index that is there gets the settings nevertheless.
    #[deserr(default, error = JsonFault<{ Code::InvalidExportIndexOverrideSettings as u16 }>)]
    pub override_settings: bool,
}

impl Default for ExportIndexes {
    fn default() -> Self {
        Self([(IndexPattern::all(), ExportRules::default())].into())
    }
}

impl ExportIndexes {
    /// What is exported of this index, if anything.
    pub fn rules_of(&self, uid: &str) -> Option<&ExportRules> {
        let mut matching = self.0.iter().filter(|(pattern, _)| pattern.matches(uid));
        matching.next().map(|(_, rules)| rules)
    }
}

impl ExportRules {
    /// As a task shows them, once it is known how many documents there were.
    pub fn view(&self, matched: Option<u64>) -> Value {
        let mut view = json!({"filter": self.filter, "overrideSettings": self.override_settings});
        if let Some(matched) = matched {
            // The one name that a server writes like this.
            view["matched_documents"] = json!(matched);
        }
        view
    }
}

/// The details of the task: patterns before it has succeeded, then the indexes that were exported.
pub fn export_details(
    url: &str,
    api_key: Option<&str>,
    payload_size: Option<PayloadSize>,
    indexes: &ExportIndexes,
) -> Map<String, Value> {
    let mut details = Map::from_iter([("url".to_owned(), json!(url))]);
    if let Some(key) = api_key {
        details.insert("apiKey".to_owned(), json!(mask_secret(key)));
    }
    if let Some(PayloadSize(bytes)) = payload_size {
        details.insert("payloadSize".to_owned(), json!(amount(bytes)));
    }
    let shown = indexes.0.iter();
    let shown = shown.map(|(pattern, rules)| (pattern.to_string(), rules.view(None)));
    details.insert("indexes".to_owned(), Value::Object(shown.collect()));
    details
}

impl<E: DeserializeError> Deserr<E> for PayloadSize {
    fn deserialize_from_value<V: IntoValue>(
        value: Given<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        let problem = match value {
            Given::Integer(bytes) => return Ok(Self(bytes)),
            Given::String(text) => match parse_amount(&text) {
                Ok(bytes) => return Ok(Self(bytes)),
                Err(msg) => {
                    let problem: ErrorKind<Infallible> = ErrorKind::Unexpected { msg };
                    return Err(take_cf_content(E::error(None, problem, location)));
                }
            },
            actual => ErrorKind::IncorrectValueKind {
                actual,
                accepted: &[ValueKind::Integer, ValueKind::String],
            },
        };
        Err(take_cf_content(E::error(None, problem, location)))
    }
}

impl Deserr<BodyFault> for ExportIndexes {
    fn deserialize_from_value<V: IntoValue>(
        value: Given<V>,
        location: ValuePointerRef,
    ) -> Result<Self, BodyFault> {
        let members = match value {
            Given::Map(members) => members,
            actual => {
                let accepted = &[ValueKind::Map];
                let problem = ErrorKind::IncorrectValueKind { actual, accepted };
                return Err(take_cf_content(BodyFault::error(None, problem, location)));
            }
        };
        let mut indexes = BTreeMap::new();
        for (name, value) in members.into_iter() {
            let pattern = IndexPattern::parse(&name).map_err(|_| {
                let problem: ErrorKind<Infallible> = ErrorKind::Unexpected {
                    msg: format!(
                        "the key \"{name}\" could not be deserialized into the key type `meilisearch_types::index_uid_pattern::IndexUidPattern`"
                    ),
                };
                take_cf_content(BodyFault::error(None, problem, location))
            })?;
            let inside = location.push_key(&name);
            let rules = ExportRules::deserialize_from_value(value.into_value(), inside)?;
            indexes.insert(pattern, rules);
        }
        Ok(Self(indexes))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ExportRequest, export_details};
    use crate::wire::deserialize::from_value;

    #[test]
    fn the_first_pattern_by_its_text_counts_and_secrets_are_masked() {
        let body = json!({
            "url": "http://a",
            "apiKey": "0123456789abcdefghijk",
            "payloadSize": 1000,
            "indexes": {"mov*": {"filter": ["g = 2"]}, "movies": {}, "*": {"overrideSettings": true}},
        });
        let request: ExportRequest = from_value(body).expect("it can be read");
        let indexes = request.indexes.expect("it has some");
        let rules = indexes.rules_of("movies").expect("it matches");
        assert!(rules.override_settings);
        let details = export_details(
            &request.url,
            request.api_key.as_deref(),
            request.payload_size,
            &indexes,
        );
        assert_eq!(details["apiKey"], "012XXXXX...");
        assert_eq!(details["payloadSize"], "1 KB");
        let shown = json!({"filter": ["g = 2"], "overrideSettings": false});
        assert_eq!(details["indexes"]["mov*"], shown);
    }

    /// Recorded from a 1.50 server.
    #[test]
    fn refusals_are_those_of_a_server() {
        let refusal = |body| {
            let error = from_value::<ExportRequest>(body).expect_err("it is refused");
            (error.code.name(), error.message)
        };
        let (code, message) = refusal(json!({"indexes": {"a b": null}}));
        assert_eq!(code, "bad_request");
        assert_eq!(
            message,
            "Invalid value at `.indexes`: the key \"a b\" could not be deserialized into the key type `meilisearch_types::index_uid_pattern::IndexUidPattern`"
        );
        let (code, message) = refusal(json!({"payloadSize": true}));
        assert_eq!(code, "invalid_export_payload_size");
        assert_eq!(
            message,
            "Invalid value type at `.payloadSize`: expected a positive integer or a string, but found a boolean: `true`"
        );
        let (code, message) = refusal(json!({"indexes": {"a*": {"overrideSettings": "x"}}}));
        assert_eq!(code, "invalid_export_index_override_settings");
        assert_eq!(
            message,
            "Invalid value type at `.indexes.a*.overrideSettings`: expected a boolean, but found a string: `\"x\"`"
        );
    }
}
