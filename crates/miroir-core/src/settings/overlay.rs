//! What a node is sent: the user's settings, and what Miroir needs besides.
//!
//! The object does not depend on what the node had before: every key that the overlay touches, or that the user ever set,
//! has a value or an explicit null. Sending it twice changes nothing.

use serde_json::{Map, Value, json};

use super::filterable::{Features, entry};
use super::patch::source_name;
use super::read::rule_attribute;
use super::{DEFAULT_TEMPLATE, UserSettings, skip_injected_fields};
use crate::id::ShardCount;

/// A node counts at least this many values of a facet, so that most facets merge exactly in one round.
const LEAST_VALUES_PER_FACET: usize = 1000;
/// And this many times what the user sees.
const FACET_VALUES_FACTOR: usize = 10;

/// What the overlay depends on besides the user's settings.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The ranking rules that a fresh index of the node reports; they differ between versions.
    pub default_ranking_rules: &'a [String],
    /// The index's primary key, once it is known.
    pub primary_key: Option<&'a str>,
    pub shards: ShardCount,
    /// Whether `<primary key>:asc` ends the ranking rules, which makes the order total. Off only by the operator's wish.
    pub total_order: bool,
}

/// The complete settings object for a node.
pub fn overlay(user: &UserSettings, facts: &Facts<'_>) -> Value {
    let mut settings = user.as_object().clone();
    settings.insert(
        "filterableAttributes".to_owned(),
        filterable(user, facts.primary_key),
    );
    settings.insert(
        "sortableAttributes".to_owned(),
        sortable(user, facts.primary_key),
    );
    settings.insert("distinctAttribute".to_owned(), Value::Null); // sent with every query instead
    // Nodes hide the values of a rule whose field is not in their list by its exact name, a nested field of a sortable
    // object too, and the merge goes by these values. What clients may see is cut to the user's list in the merge.
    settings.insert("displayedAttributes".to_owned(), Value::Null);
    settings.insert("rankingRules".to_owned(), ranking_rules(user, facts));
    settings.insert("faceting".to_owned(), faceting(user, facts.shards));
    if let Some(Value::Object(embedders)) = settings.get_mut("embedders") {
        embedders
            .values_mut()
            .filter_map(Value::as_object_mut)
            .for_each(hide_fields_from_embedder);
    }
    if let Some(Value::String(template)) = settings
        .get_mut("chat")
        .and_then(|chat| chat.get_mut("documentTemplate"))
    {
        *template = skip_injected_fields(template);
    }
    Value::Object(settings)
}

/// How many filterable rules nodes have before the user's: a node's error texts count from there.
pub fn rules_before_the_users(user: &UserSettings, primary_key: Option<&str>) -> usize {
    added_rules(user, primary_key).0.len()
}

fn filterable(user: &UserSettings, primary_key: Option<&str>) -> Value {
    let (first, last) = added_rules(user, primary_key);
    first
        .into_iter()
        .chain(user.filterable_entries().cloned())
        .chain(last)
        .collect()
}

/// What stands before the user's rules, and what stands after them.
fn added_rules(user: &UserSettings, primary_key: Option<&str>) -> (Vec<Value>, Vec<Value>) {
    let mut first = vec![entry(
        &["_miroir_*"],
        Features {
            comparison: true,
            ..Features::EQUALITY
        },
    )];
    let mut last = Vec::new();
    let distinct = user
        .distinct_attribute()
        .filter(|distinct| Some(*distinct) != primary_key);
    for attribute in primary_key.into_iter().chain(distinct) {
        match user.filterable_features(attribute) {
            Some(features) if features.equality => {}
            // The user's rule would win over one at the end: repeat what it allows before it, and equality.
            Some(features) => first.push(exactly(
                attribute,
                Features {
                    equality: true,
                    ..features
                },
            )),
            None => last.push(exactly(attribute, Features::EQUALITY)),
        }
    }
    (first, last)
}

/// An entry for one attribute. A star in its name can only be meant literally by a plain name.
fn exactly(attribute: &str, features: Features) -> Value {
    if attribute.contains('*') {
        json!(attribute)
    } else {
        entry(&[attribute], features)
    }
}

fn sortable(user: &UserSettings, primary_key: Option<&str>) -> Value {
    let mut names: Vec<&str> = user.sortable_attributes().collect();
    let key = primary_key.filter(|key| !names.contains(key));
    names.extend(key);
    json!(names)
}

fn ranking_rules(user: &UserSettings, facts: &Facts<'_>) -> Value {
    let own = user.ranking_rules();
    let Some(primary_key) = facts.primary_key.filter(|_| facts.total_order) else {
        return own.map_or(Value::Null, |rules| json!(rules));
    };
    let mut rules = own.unwrap_or_else(|| {
        facts
            .default_ranking_rules
            .iter()
            .map(String::as_str)
            .collect()
    });
    let last = format!("{primary_key}:asc");
    if !rules
        .iter()
        .any(|rule| rule_attribute(rule) == Some(primary_key))
    {
        rules.push(&last);
    }
    json!(rules)
}

/// How many values of a facet a node counts where the user wants to see `shown`.
pub fn values_per_facet(shown: usize, shards: ShardCount) -> usize {
    shown
        .saturating_mul(FACET_VALUES_FACTOR)
        .max(LEAST_VALUES_PER_FACET)
        .max(usize::from(shards.get()))
}

fn faceting(user: &UserSettings, shards: ShardCount) -> Value {
    let mut faceting = user
        .get("faceting")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let values = values_per_facet(user.max_values_per_facet(), shards);
    faceting.insert("maxValuesPerFacet".to_owned(), json!(values));
    Value::Object(faceting)
}

/// Makes the template of an embedder, its own or the default, skip injected fields.
fn hide_fields_from_embedder(embedder: &mut Map<String, Value>) {
    match source_name(embedder.get("source")) {
        "userProvided" => return,
        "composite" => {
            if let Some(Value::Object(indexing)) = embedder.get_mut("indexingEmbedder") {
                hide_fields_from_embedder(indexing);
            }
            return;
        }
        _ => {}
    }
    let template = match embedder.get("documentTemplate") {
        Some(Value::String(template)) => template,
        // Fragments and a template exclude each other.
        _ if has_fragments(embedder) => return,
        _ => DEFAULT_TEMPLATE,
    };
    let template = skip_injected_fields(template);
    embedder.insert("documentTemplate".to_owned(), Value::String(template));
}

fn has_fragments(embedder: &Map<String, Value>) -> bool {
    ["indexingFragments", "searchFragments"].iter().any(|key| {
        let fragments = embedder.get(*key).and_then(Value::as_object);
        fragments.is_some_and(|fragments| fragments.values().any(|fragment| !fragment.is_null()))
    })
}
