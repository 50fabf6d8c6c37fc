//! The details of a settings task: the change as a server would print it, not as the client wrote it.

use serde_json::{Map, Value};

/// Members in the order in which a server prints them. Members that are not listed follow in the client's order.
const ORDER: [&str; 22] = [
    "displayedAttributes",
    "searchableAttributes",
    "filterableAttributes",
    "sortableAttributes",
    "foreignKeys",
    "rankingRules",
    "stopWords",
    "nonSeparatorTokens",
    "separatorTokens",
    "dictionary",
    "synonyms",
    "distinctAttribute",
    "proximityPrecision",
    "typoTolerance",
    "faceting",
    "pagination",
    "embedders",
    "searchCutoffMs",
    "localizedAttributes",
    "facetSearch",
    "prefixSearch",
    "chat",
];
const TYPO_ORDER: [&str; 5] = [
    "enabled",
    "minWordSizeForTypos",
    "disableOnWords",
    "disableOnAttributes",
    "disableOnNumbers",
];
const WORD_SIZE_ORDER: [&str; 2] = ["oneTypo", "twoTypos"];
const FACETING_ORDER: [&str; 2] = ["maxValuesPerFacet", "sortFacetValuesBy"];
const EMBEDDER_ORDER: [&str; 18] = [
    "source",
    "model",
    "revision",
    "pooling",
    "apiKey",
    "dimensions",
    "binaryQuantized",
    "documentTemplate",
    "documentTemplateMaxBytes",
    "url",
    "indexingFragments",
    "searchFragments",
    "request",
    "response",
    "headers",
    "searchEmbedder",
    "indexingEmbedder",
    "distribution",
];
/// Settings that only a `DELETE` of all settings names, besides those that have a route.
const RESET_BESIDES: [&str; 2] = ["foreignKeys", "chat"];

/// Every setting that has a route.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let names = ORDER.into_iter();
    names.filter(|name| !RESET_BESIDES.contains(name))
}

/// The details of a task that applies `change`, one `PATCH`-like object that the server accepted.
pub fn task_details(change: &Map<String, Value>) -> Map<String, Value> {
    let mut details = ordered(change, &ORDER);
    for (name, value) in &mut details {
        match name.as_str() {
            "displayedAttributes" | "searchableAttributes" if value.is_null() => {
                *value = Value::from(vec!["*"]);
            }
            "sortableAttributes" | "stopWords" | "nonSeparatorTokens" | "separatorTokens"
            | "dictionary" => sort_set(value),
            "synonyms" => sort_members(value),
            "typoTolerance" => typo_tolerance(value),
            "faceting" => {
                put_in_order(value, &FACETING_ORDER);
                if let Some(orders) = value.get_mut("sortFacetValuesBy") {
                    sort_members(orders);
                }
            }
            "embedders" => embedders(value),
            _ => {}
        }
    }
    details
}

/// The details of a task that resets every setting.
pub fn reset_details(change: &Map<String, Value>) -> Map<String, Value> {
    let mut change = change.clone();
    for name in RESET_BESIDES {
        change.entry(name).or_insert(Value::Null);
    }
    task_details(&change)
}

fn typo_tolerance(value: &mut Value) {
    put_in_order(value, &TYPO_ORDER);
    for list in ["disableOnWords", "disableOnAttributes"] {
        if let Some(list) = value.get_mut(list) {
            sort_set(list);
        }
    }
    if let Some(sizes) = value.get_mut("minWordSizeForTypos") {
        put_in_order(sizes, &WORD_SIZE_ORDER);
    }
}

fn embedders(value: &mut Value) {
    sort_members(value);
    for embedder in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
        put_in_order(embedder, &EMBEDDER_ORDER);
        if let Some(headers) = embedder.get_mut("headers") {
            sort_members(headers);
        }
        if let Some(Value::String(secret)) = embedder.get_mut("apiKey") {
            *secret = mask_secret(secret);
        }
    }
}

/// A secret with its first characters left, as many as the server leaves of one of its length.
pub fn mask_secret(secret: &str) -> String {
    let (shown, mask) = match secret.len() {
        0..10 => (0, "XXX..."),
        10..20 => (2, "XXXX..."),
        20..30 => (3, "XXXXX..."),
        _ => (5, "XXXXXX..."),
    };
    let shown = secret.ceil_char_boundary(shown);
    format!("{}{mask}", &secret[..shown])
}

fn ordered(members: &Map<String, Value>, order: &[&str]) -> Map<String, Value> {
    let position = |name: &str| {
        let position = order.iter().position(|known| *known == name);
        position.unwrap_or(order.len())
    };
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    members.sort_by_key(|(name, _)| position(name));
    let members = members.into_iter();
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn put_in_order(value: &mut Value, order: &[&str]) {
    if let Value::Object(members) = value {
        *members = ordered(members, order);
    }
}

fn sort_members(value: &mut Value) {
    if let Value::Object(members) = value {
        members.sort_keys();
    }
}

/// Lists that the server reads as sets of texts.
fn sort_set(value: &mut Value) {
    if let Value::Array(list) = value {
        list.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
        list.dedup();
    }
}
