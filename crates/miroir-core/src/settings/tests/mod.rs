//! Tests of the settings, one file per question.

mod details;
mod fingerprint;
mod overlay;
mod patch;
mod read;
mod refuse;

use serde_json::{Map, Value};

use super::UserSettings;

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

pub(super) fn settings(value: Value) -> UserSettings {
    UserSettings::from(object(value))
}
