//! What a node answered: status and untouched body bytes, read into types only where somebody needs them.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// A complete answer of a node, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Reads the body as `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// The `code` of a Meilisearch error body, when there is one.
    pub fn error_code(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct ErrorBody {
            code: String,
        }
        self.json::<ErrorBody>().ok().map(|body| body.code)
    }
}

/// The answer to a write: the node has made the task durable.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnqueuedTask {
    pub task_uid: u32,
}

/// A node's own task, as far as Miroir follows it. `details` and `error` stay raw: they are shown to clients or stored.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeTask {
    pub uid: u32,
    pub status: String,
    #[serde(default)]
    pub details: Option<Box<RawValue>>,
    #[serde(default)]
    pub error: Option<Box<RawValue>>,
    #[serde(default)]
    pub started_at: Option<String>,
    #[serde(default)]
    pub finished_at: Option<String>,
    #[serde(default)]
    pub custom_metadata: Option<String>,
}

impl NodeTask {
    /// No further change of the task can come.
    pub fn is_finished(&self) -> bool {
        matches!(self.status.as_str(), "succeeded" | "failed" | "canceled")
    }

    pub fn succeeded(&self) -> bool {
        self.status == "succeeded"
    }

    pub fn is_canceled(&self) -> bool {
        self.status == "canceled"
    }
}
