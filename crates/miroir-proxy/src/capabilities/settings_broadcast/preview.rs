//! What a change of settings would do, told without doing it. Pure.

use std::collections::BTreeSet;

use miroir_core::settings::{UserSettings, mask_secret};
use serde::Serialize;
use serde_json::{Map, Value};

/// One value that changes.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) path: String,
    pub(super) from: Value,
    pub(super) to: Value,
}

/// Settings that decide what is looked up, and not how documents are indexed.
const FREE: [&str; 7] = [
    "rankingRules",
    "synonyms",
    "pagination",
    "faceting",
    "searchCutoffMs",
    "displayedAttributes",
    "typoTolerance",
];

/// The values that differ, by path; a value that is not set is null. Secrets are shown as a server shows them.
pub(super) fn differences(from: &UserSettings, to: &UserSettings) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", from.as_object(), to.as_object(), &mut found);
    found
}

fn compare(
    path: &str,
    from: &Map<String, Value>,
    to: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for name in names {
        let path = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        let value = |side: &Map<String, Value>| side.get(name).cloned().unwrap_or(Value::Null);
        let (from, to) = (value(from), value(to));
        match (&from, &to) {
            _ if from == to => {}
            (Value::Object(from), Value::Object(to)) => compare(&path, from, to, found),
            _ => found.push(Difference {
                from: shown(&path, from),
                to: shown(&path, to),
                path,
            }),
        }
    }
}

/// A value without its secrets.
fn shown(path: &str, value: Value) -> Value {
    match value {
        Value::String(secret) if path.ends_with("apiKey") => Value::String(mask_secret(&secret)),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| {
                let shown = shown(&name, member);
                (name, shown)
            })
            .collect(),
        other => other,
    }
}

/// Whether nodes are expected to index their documents again.
pub(super) fn reindexes(differences: &[Difference]) -> bool {
    differences.iter().any(|difference| {
        let top = difference.path.split('.').next().unwrap_or_default();
        !FREE.contains(&top)
    })
}

#[cfg(test)]
mod tests {
    use miroir_core::settings::UserSettings;
    use serde_json::{Value, json};

    use super::{differences, reindexes};

    fn settings(value: Value) -> UserSettings {
        UserSettings::from(value.as_object().cloned().unwrap())
    }

    #[test]
    fn differences_go_as_deep_as_settings_do_and_hide_secrets() {
        let from = settings(json!({
            "faceting": { "maxValuesPerFacet": 10 },
            "embedders": { "a": { "source": "openAi", "apiKey": "sk-secret-key" } },
            "stopWords": ["the"],
        }));
        let to = settings(json!({
            "faceting": { "maxValuesPerFacet": 20 },
            "embedders": { "a": { "source": "openAi", "apiKey": "pk-other-key!" }, "b": { "apiKey": "sk-secret-key" } },
            "stopWords": ["the"],
        }));
        let found = differences(&from, &to);
        assert_eq!(
            json!(found),
            json!([
                { "path": "embedders.a.apiKey", "from": "skXXXX...", "to": "pkXXXX..." },
                { "path": "embedders.b", "from": null, "to": { "apiKey": "skXXXX..." } },
                { "path": "faceting.maxValuesPerFacet", "from": 10, "to": 20 },
            ])
        );
        assert!(reindexes(&found));
        assert!(!reindexes(&found[2..]));
    }
}
