//! What a settings request changes, by the server's rules.
//!
//! Most settings are replaced as a whole. Inside the objects named in [`MERGED`] each key is a setting of its own.
//! Embedders are merged per name and key, where another source takes the settings of the old one with it.

use serde_json::{Map, Value};

use super::UserSettings;

/// The objects whose members are set one by one, by path.
const MERGED: [&str; 6] = [
    "typoTolerance",
    "typoTolerance.minWordSizeForTypos",
    "faceting",
    "pagination",
    "chat",
    "chat.searchParameters",
];

/// What an embedder keeps when its source changes.
const KEPT_BY_ANY_SOURCE: [&str; 4] = ["source", "apiKey", "distribution", "binaryQuantized"];
/// What it keeps besides, unless the new source has no templates.
const TEMPLATE_KEYS: [&str; 2] = ["documentTemplate", "documentTemplateMaxBytes"];

impl UserSettings {
    /// Applies the body of `PATCH /settings` (or of a sub-route, under its key). Null resets.
    ///
    /// The patch is one that the server accepted.
    pub fn apply_patch(&mut self, patch: &Map<String, Value>) {
        for (key, change) in patch {
            let slot = self.0.entry(key).or_insert(Value::Null);
            if key == "embedders" {
                merge_embedders(slot, change)
            } else {
                merge(key, slot, change)
            }
        }
    }

    /// These settings, with an explicit null for whatever only `proposed` sets: a node that was sent `proposed` and then this has
    /// exactly these.
    pub fn in_place_of(&self, proposed: Self) -> Self {
        let mut settings = proposed;
        settings.reset();
        settings.apply_patch(&self.0);
        settings
    }

    /// Applies `DELETE /settings`.
    pub fn reset(&mut self) {
        let everything = self
            .0
            .keys()
            .map(|key| (key.clone(), Value::Null))
            .collect();
        self.apply_patch(&everything);
    }
}

fn merge(path: &str, slot: &mut Value, change: &Value) {
    if !MERGED.contains(&path) {
        *slot = change.clone();
        return;
    }
    match (slot.as_object_mut(), change) {
        (Some(members), Value::Null) => {
            for (key, member) in members {
                merge(&format!("{path}.{key}"), member, &Value::Null);
            }
        }
        (Some(members), Value::Object(changes)) => merge_members(path, members, changes),
        (None, Value::Object(changes)) => {
            let mut members = Map::new();
            merge_members(path, &mut members, changes);
            *slot = Value::Object(members);
        }
        _ => *slot = change.clone(),
    }
}

fn merge_members(path: &str, members: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (key, change) in changes {
        merge(
            &format!("{path}.{key}"),
            members.entry(key).or_insert(Value::Null),
            change,
        );
    }
}

fn merge_embedders(slot: &mut Value, change: &Value) {
    match (slot.as_object_mut(), change) {
        // The names stay, so that nodes can be told which embedders to remove.
        (Some(embedders), Value::Null) => embedders
            .values_mut()
            .for_each(|embedder| *embedder = Value::Null),
        (Some(embedders), Value::Object(changes)) => {
            for (name, change) in changes {
                merge_embedder(embedders.entry(name).or_insert(Value::Null), change);
            }
        }
        _ => *slot = change.clone(),
    }
}

fn merge_embedder(slot: &mut Value, change: &Value) {
    let (Some(embedder), Value::Object(changes)) = (slot.as_object_mut(), change) else {
        *slot = change.clone();
        return;
    };
    if let Some(source) = changes.get("source")
        && source_name(Some(source)) != source_name(embedder.get("source"))
    {
        let templates = !matches!(source_name(Some(source)), "userProvided" | "composite");
        embedder.retain(|key, _| {
            KEPT_BY_ANY_SOURCE.contains(&key.as_str())
                || templates && TEMPLATE_KEYS.contains(&key.as_str())
        });
    }
    for (key, change) in changes {
        let member = embedder.entry(key).or_insert(Value::Null);
        match (key.as_str(), member.as_object_mut(), change) {
            ("indexingEmbedder", Some(_), _) => merge_embedder(member, change),
            // A null fragment removes the one it names.
            ("indexingFragments" | "searchFragments", Some(fragments), Value::Object(changes)) => {
                fragments.extend(changes.clone());
            }
            _ => *member = change.clone(),
        }
    }
}

/// The source of an embedder, by default the server's default.
pub(super) fn source_name(source: Option<&Value>) -> &str {
    source.and_then(Value::as_str).unwrap_or("openAi")
}
