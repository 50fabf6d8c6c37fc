//! What was asked and answered.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::mask::mask;
use super::scenario::present;
use super::{RecordingError, Step};
use crate::client::Client;
use crate::json::Tree;

/// A scenario with its answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// Name of the scenario.
    pub scenario: String,
    /// `pkgVersion` of the server that answered.
    pub version: String,
    /// In the order of asking.
    pub exchanges: Vec<Exchange>,
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What was asked.
    pub request: Step,
    /// What was answered, masked.
    pub answer: Answer,
    /// The finished view of the task that the answer announced, masked.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub task: Option<Tree>,
}

/// An answer reduced to what every server must give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// `Content-Type`; `None` when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The headers that the step wants to see, their lists sorted.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, String>,
    /// The body when it is JSON, masked.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub body: Option<Tree>,
    /// The body when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Recording {
    /// Reads a recording file.
    pub fn load(path: &Path) -> Result<Self, RecordingError> {
        load(path)
    }

    /// Every recording of this repository, by name.
    pub fn load_all() -> Result<Vec<Self>, RecordingError> {
        json_files(&super::folder())?
            .iter()
            .map(|path| Self::load(path))
            .collect()
    }

    /// Writes a recording file: readable, and with one change per line in a diff.
    pub fn save(&self, path: &Path) -> Result<(), RecordingError> {
        let content = |source| RecordingError::Content {
            path: path.to_path_buf(),
            source,
        };
        let mut text = serde_json::to_string_pretty(self).map_err(content)?;
        text.push('\n');
        std::fs::write(path, text).map_err(|source| RecordingError::File {
            path: path.to_path_buf(),
            source,
        })
    }
}

/// The `.json` files of a folder, by name.
pub(super) fn json_files(folder: &Path) -> Result<Vec<std::path::PathBuf>, RecordingError> {
    let failed = |source| RecordingError::File {
        path: folder.to_path_buf(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

pub(super) fn load<T: DeserializeOwned>(path: &Path) -> Result<T, RecordingError> {
    let text = std::fs::read(path).map_err(|source| RecordingError::File {
        path: path.to_path_buf(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|source| RecordingError::Content {
        path: path.to_path_buf(),
        source,
    })
}

/// Stands in a path for the `uuid` that the server last gave to something.
const MADE: &str = "{uuid}";

/// Plays one step and waits for its task. `made` is the last `uuid` that an answer had.
pub(super) async fn perform(
    step: &Step,
    client: &Client,
    made: &mut Option<String>,
) -> Result<Exchange, RecordingError> {
    let malformed = |reason: &dyn ToString| RecordingError::Malformed {
        step: step.name.clone(),
        reason: reason.to_string(),
    };
    let failed = |source| RecordingError::Step {
        step: step.name.clone(),
        source,
    };
    let method = Method::from_bytes(step.method.as_bytes()).map_err(|error| malformed(&error))?;
    let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
    let mut add = |name: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| malformed(&error))?;
        headers.push((
            name,
            HeaderValue::from_str(value).map_err(|error| malformed(&error))?,
        ));
        Ok::<(), RecordingError>(())
    };
    let client = match step.authorization.as_deref() {
        None => client.clone(),
        Some("") => client.with_key(None),
        Some(value) => {
            add(header::AUTHORIZATION.as_str(), value)?;
            client.clone()
        }
    };
    match (step.content_type.as_deref(), &step.body) {
        (Some(""), _) | (None, None) => {}
        (Some(value), _) => add(header::CONTENT_TYPE.as_str(), value)?,
        (None, Some(_)) => add(header::CONTENT_TYPE.as_str(), "application/json")?,
    }
    for (name, value) in &step.headers {
        add(name, value)?;
    }
    let body = match (&step.text, &step.body) {
        (Some(text), _) => Bytes::from(text.clone()),
        (None, Some(body)) => Bytes::from(body.to_string()),
        (None, None) => Bytes::new(),
    };
    let path = step.path.replace(MADE, made.as_deref().unwrap_or(MADE));
    let response = client
        .send(method, &path, &headers, body)
        .await
        .map_err(failed)?;

    // A restricted key may not read tasks; then nothing is recorded, and nothing is waited for.
    let task = match response.task_uid().filter(|_| step.authorization.is_none()) {
        None => None,
        Some(uid) => {
            client.wait_task(uid).await.map_err(failed)?;
            let view = client.get(&format!("/tasks/{uid}")).await.map_err(failed)?;
            Tree::parse(&view.body).ok().map(|tree| mask(tree, step))
        }
    };
    let body = Tree::parse(&response.body).ok();
    if let Some(Tree::Object(members)) = &body
        && let Some(Tree::Text(uuid)) = members.get("uuid")
    {
        *made = Some(uuid.clone());
    }
    let body = body.map(|tree| mask(tree, step));
    let text = (body.is_none() && !response.body.is_empty()).then(|| response.text());
    let answer = Answer {
        status: response.status.as_u16(),
        content_type: response.header("content-type").map(ToOwned::to_owned),
        headers: shown(&step.show, &response.headers),
        body,
        text,
    };
    Ok(Exchange {
        request: step.clone(),
        answer,
        task,
    })
}

/// The named headers. Lists are sorted, because some servers keep them in no order.
fn shown(names: &[String], headers: &HeaderMap) -> IndexMap<String, String> {
    let value = |name: &String| {
        let values = headers.get_all(name).iter();
        let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let mut elements: Vec<String> = texts
            .flat_map(|text| text.split(", ").map(str::to_owned).collect::<Vec<_>>())
            .collect();
        elements.sort_unstable();
        (!elements.is_empty()).then(|| (name.clone(), elements.join(", ")))
    };
    names.iter().filter_map(value).collect()
}
