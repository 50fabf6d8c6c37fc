//! `/webhooks`: there are none. Making one is refused, so that nobody waits for calls that do not come.

use axum::extract::Path;
use miroir_core::error::{ApiError, Code};
use serde_json::json;
use uuid::Uuid;

use crate::http::reply::{Failure, Reply};

pub(crate) async fn list() -> Reply {
    Reply::ok(&json!({ "results": [] }))
}

pub(crate) async fn create() -> Failure {
    Failure::new(
        Code::MiroirCapabilityDisabled,
        "This version of Miroir calls no webhooks. Ask `GET /tasks?afterFinishedAt=..` for the tasks that have finished.",
    )
}

/// `GET`, `PATCH` and `DELETE` of one.
pub(crate) async fn one(Path(uuid): Path<String>) -> Failure {
    match Uuid::parse_str(&uuid) {
        Ok(uuid) => ApiError::webhook_not_found(uuid).into(),
        Err(error) => Failure::new(Code::InvalidWebhookUuid, format!("Invalid UUID: {error}")),
    }
}
