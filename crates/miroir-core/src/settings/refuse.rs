//! Settings that would disturb what Miroir writes into documents, refused before a task exists.

use serde_json::{Map, Value};

use super::read::rule_attribute;
use super::strings;
use crate::document::marker::{self, PREFIX};
use crate::document::reserved::{Ownership, Reserved};
use crate::error::{ApiError, Code};

/// Checks a settings patch.
///
/// # Errors
/// `miroir_reserved_field` when an attribute name (or a document template) uses a reserved name, or when
/// `nonSeparatorTokens` or `dictionary` would make words of the marker symbols.
pub fn refuse_reserved(patch: &Map<String, Value>, reserved: Reserved) -> Result<(), ApiError> {
    for setting in ["nonSeparatorTokens", "dictionary"] {
        if strings(patch.get(setting)).any(marker::contains_symbol) {
            return Err(refusal(format!(
                "The setting `{setting}` contains one of the symbols U+22B0 to U+22BF, which are reserved."
            )));
        }
    }
    for (setting, name) in attribute_names(patch) {
        if reserved.ownership(name) != Ownership::Client {
            return Err(refusal(format!(
                "The setting `{setting}` contains `{name}`: names that begin with `{PREFIX}` are reserved."
            )));
        }
    }
    for (setting, template) in templates(patch) {
        if template.contains(PREFIX) {
            return Err(refusal(format!(
                "A document template in the setting `{setting}` contains `{PREFIX}`: names that begin so are reserved."
            )));
        }
    }
    Ok(())
}

fn refusal(message: String) -> ApiError {
    ApiError::new(Code::MiroirReservedField, message)
}

/// Every place of a settings object that names attributes, with the setting's name.
fn attribute_names(patch: &Map<String, Value>) -> Vec<(&'static str, &str)> {
    let mut names = Vec::new();
    for setting in [
        "displayedAttributes",
        "searchableAttributes",
        "filterableAttributes",
        "sortableAttributes",
    ] {
        names.extend(strings(patch.get(setting)).map(|name| (setting, name)));
    }
    for setting in ["filterableAttributes", "localizedAttributes"] {
        let rules = patch
            .get(setting)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        names.extend(
            rules
                .flat_map(|rule| strings(rule.get("attributePatterns")))
                .map(|name| (setting, name)),
        );
    }
    let rules = strings(patch.get("rankingRules"));
    names.extend(rules.map(|rule| ("rankingRules", rule_attribute(rule).unwrap_or(rule))));
    names.extend(
        patch
            .get("distinctAttribute")
            .and_then(Value::as_str)
            .map(|name| ("distinctAttribute", name)),
    );
    let inside =
        |setting: &str, path: &str| patch.get(setting).and_then(|value| value.pointer(path));
    names.extend(
        strings(inside("typoTolerance", "/disableOnAttributes"))
            .map(|name| ("typoTolerance", name)),
    );
    let facets = inside("faceting", "/sortFacetValuesBy").and_then(Value::as_object);
    names.extend(
        facets
            .into_iter()
            .flat_map(Map::keys)
            .map(|name| ("faceting", name.as_str())),
    );
    let keys = patch
        .get("foreignKeys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    names.extend(
        keys.filter_map(|key| key.get("fieldName")?.as_str())
            .map(|name| ("foreignKeys", name)),
    );
    names.extend(
        strings(inside("chat", "/searchParameters/attributesToSearchOn"))
            .map(|name| ("chat", name)),
    );
    let sorts = strings(inside("chat", "/searchParameters/sort"));
    names.extend(sorts.map(|sort| ("chat", rule_attribute(sort).unwrap_or(sort))));
    names.extend(
        inside("chat", "/searchParameters/distinct")
            .and_then(Value::as_str)
            .map(|name| ("chat", name)),
    );
    names
}

fn templates(patch: &Map<String, Value>) -> Vec<(&'static str, &str)> {
    let mut templates = Vec::new();
    let embedders = patch.get("embedders").and_then(Value::as_object);
    for embedder in embedders.into_iter().flat_map(Map::values) {
        for path in ["/documentTemplate", "/indexingEmbedder/documentTemplate"] {
            templates.extend(
                embedder
                    .pointer(path)
                    .and_then(Value::as_str)
                    .map(|text| ("embedders", text)),
            );
        }
    }
    let chat = patch
        .get("chat")
        .and_then(|chat| chat.get("documentTemplate"))
        .and_then(Value::as_str);
    templates.extend(chat.map(|text| ("chat", text)));
    templates
}
