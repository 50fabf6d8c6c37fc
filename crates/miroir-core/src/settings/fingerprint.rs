//! Whether a node has the settings it should have, although it reports them in its own way.
//!
//! A node sorts its sets, spells out defaults, shows settings that nobody set and masks secrets. So: restrict its report
//! to what was sent ([`project`]), bring both into one canonical form, and compare hashes.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Lists whose order means nothing.
const SETS: [&str; 7] = [
    "sortableAttributes",
    "stopWords",
    "nonSeparatorTokens",
    "separatorTokens",
    "dictionary",
    "typoTolerance.disableOnWords",
    "typoTolerance.disableOnAttributes",
];

/// The SHA-256, in hex, of the canonical form of a settings object as it is sent: sets sorted, keys sorted, defaults and nulls
/// left out, API keys as a server shows them.
pub fn fingerprint(settings: &Value) -> String {
    let canonical = canonical("", settings, Secrets::Open).unwrap_or_default();
    hex(&Sha256::digest(canonical.to_string()))
}

/// Whether a node that shows `observed` has the settings `expected` that were sent to it: whether both have one canonical form,
/// as far as `expected` says something. Of a secret only what a server shows of it can be compared.
pub fn is_in_line(expected: &Value, observed: &Value) -> bool {
    let observed = project_at("", expected, observed);
    canonical("", expected, Secrets::Open) == canonical("", &observed, Secrets::Masked)
}

/// Whether API keys are those that were sent, or what a server shows of them.
#[derive(Debug, Clone, Copy)]
enum Secrets {
    Open,
    Masked,
}

fn project_at(path: &str, expected: &Value, observed: &Value) -> Value {
    let (Value::Object(members), Value::Object(observed_members)) = (expected, observed) else {
        return observed.clone();
    };
    if !is_record(path) {
        return observed.clone();
    }
    let mut projected = Map::new();
    for (key, member) in members {
        let below = join(path, key);
        // What a node makes of a reset depends on its version (ranking rules) or on the embedder's source.
        let unknown = member.is_null() && (below == "rankingRules" || is_embedder_member(&below));
        if let Some(value) = observed_members.get(key).filter(|_| !unknown) {
            projected.insert(key.clone(), project_at(&below, member, value));
        }
    }
    Value::Object(projected)
}

/// Whether the object at `path` has known members, rather than being data of the user.
fn is_record(path: &str) -> bool {
    let steps: Vec<&str> = path.split('.').collect();
    matches!(
        steps[..],
        ["" | "typoTolerance" | "faceting" | "pagination" | "chat" | "embedders"]
            | ["typoTolerance", "minWordSizeForTypos"]
            | ["chat", "searchParameters"]
            | ["embedders", _]
            | ["embedders", _, "indexingEmbedder" | "searchEmbedder"]
    )
}

fn is_embedder_member(path: &str) -> bool {
    path.starts_with("embedders.") && path.matches('.').count() >= 2
}

/// `None` for what counts as unset.
fn canonical(path: &str, value: &Value, secrets: Secrets) -> Option<Value> {
    let is_secret = path.starts_with("embedders.") && path.ends_with(".apiKey");
    let value = match value {
        Value::Null => return None,
        Value::String(secret) if is_secret => match secrets {
            // Servers mask the key of an embedder, and not those of the embedders inside one.
            _ if path.matches('.').count() > 2 => return None,
            Secrets::Open => json!(super::mask_secret(secret)),
            Secrets::Masked => value.clone(),
        },
        Value::Object(members) => {
            let mut members: Vec<(&String, Value)> = members
                .iter()
                .filter_map(|(key, value)| {
                    Some((key, canonical(&join(path, key), value, secrets)?))
                })
                .collect();
            members.sort_by_key(|(key, _)| *key);
            members
                .into_iter()
                .map(|(key, value)| (key.clone(), value))
                .collect()
        }
        Value::Array(elements) if path == "filterableAttributes" => {
            elements.iter().map(filterable_rule).collect()
        }
        Value::Array(elements) if SETS.contains(&path) => {
            let mut elements: Vec<Cow<'_, str>> = elements.iter().map(text).collect();
            elements.sort_unstable();
            elements.dedup();
            json!(elements)
        }
        other => other.clone(),
    };
    (!is_default(path, &value)).then_some(value)
}

/// A rule with the features that it leaves to the default.
fn filterable_rule(rule: &Value) -> Value {
    match super::FilterableRule::of(rule) {
        Some(super::FilterableRule::Patterns { patterns, features }) => {
            super::filterable::entry(&patterns, features)
        }
        _ => rule.clone(),
    }
}

fn text(value: &Value) -> Cow<'_, str> {
    value
        .as_str()
        .map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed)
}

/// Whether a canonical value is what an unset setting has.
fn is_default(path: &str, value: &Value) -> bool {
    match path {
        // Star means "all" anywhere in these lists.
        "displayedAttributes" | "searchableAttributes" => value
            .as_array()
            .is_some_and(|names| names.contains(&json!("*"))),
        "filterableAttributes" | "localizedAttributes" | "foreignKeys" => *value == json!([]),
        _ if SETS.contains(&path) => *value == json!([]),
        "proximityPrecision" => value == "byWord",
        "prefixSearch" => value == "indexingTime",
        "facetSearch" | "typoTolerance.enabled" => *value == json!(true),
        "typoTolerance.disableOnNumbers" => *value == json!(false),
        "typoTolerance.minWordSizeForTypos.oneTypo" => *value == json!(5),
        "typoTolerance.minWordSizeForTypos.twoTypos" => *value == json!(9),
        "faceting.maxValuesPerFacet" => *value == json!(super::read::DEFAULT_MAX_VALUES_PER_FACET),
        "faceting.sortFacetValuesBy.*" => value == "alpha",
        "pagination.maxTotalHits" => *value == json!(1000),
        _ if path.ends_with(".binaryQuantized") => *value == json!(false),
        // An embedder without settings is still an embedder.
        _ if path.starts_with("embedders.") => false,
        _ => *value == json!({}),
    }
}

/// Paths only serve to recognise places, so a dot in a name (of an embedder, of a facet) must not look like a step.
fn join(path: &str, key: &str) -> String {
    let step = key.replace('.', "_");
    if path.is_empty() {
        step
    } else {
        format!("{path}.{step}")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
