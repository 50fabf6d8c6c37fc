//! What to ask.

use std::path::Path;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};

use super::RecordingError;
use crate::json::Tree;

/// Requests in order, for a fresh server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// File name without extension.
    pub name: String,
    /// What it is about.
    pub about: String,
    /// The requests.
    pub steps: Vec<Step>,
}

/// One request. When the answer announces a task, the next step waits for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique within the scenario.
    pub name: String,
    /// HTTP method.
    pub method: String,
    /// Path with query, percent-encoded. `{uuid}` stands for the last `uuid` that an answer had.
    pub path: String,
    /// `None`: the master key. An empty text: no `Authorization` at all. Else the whole header value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// `None`: `application/json` when there is a `body`. An empty text: no `Content-Type` at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// More headers.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, String>,
    /// A JSON body; `null` is one.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub body: Option<Tree>,
    /// A body that is sent as it is, where it must not be JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Name of a list of the answer whose order nobody promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unordered: Option<String>,
    /// More places of the answer to mask, such as `results.*.key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mask: Vec<String>,
    /// Places of the answer that no server needs to have, such as `stats.progressTrace`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Uuids in the answer are made by the server: each is shown as `<uuid>`, in texts too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uuids: bool,
    /// Headers of the answer to keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub show: Vec<String>,
    /// Servers that do not fulfil this class skip the step. No later step may depend on
    /// it: in particular, uids of tasks would shift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

impl Scenario {
    /// Reads a scenario file.
    pub fn load(path: &Path) -> Result<Self, RecordingError> {
        super::exchange::load(path)
    }
}

/// Tells `null` apart from nothing.
pub(super) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Tree>, D::Error> {
    Tree::deserialize(deserializer).map(Some)
}
