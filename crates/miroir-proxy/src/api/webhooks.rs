//! `/webhooks`: who is told of finished tasks.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::deserialize::from_json;
use miroir_core::wire::webhook::WebhookView;
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::capabilities::webhooks;
use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};

pub(crate) async fn list(State(app): State<Arc<App>>) -> Reply {
    let all = app.webhooks.all();
    let views: Vec<WebhookView> = all
        .iter()
        .map(|(uuid, webhook)| webhook.view(*uuid))
        .collect();
    Reply::ok(&json!({ "results": views }))
}

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let (uuid, webhook) = webhooks::create(&app, from_json(&body)?).await?;
    Ok(Reply::json(StatusCode::CREATED, &webhook.view(uuid)))
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Path(uuid): Path<String>,
) -> Result<Reply, Failure> {
    let uuid = read(&uuid)?;
    let all = app.webhooks.all();
    let webhook = all
        .get(&uuid)
        .ok_or_else(|| ApiError::webhook_not_found(uuid))?;
    Ok(Reply::ok(&webhook.view(uuid)))
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    Path(uuid): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    // A server has read the body before it looks at the uuid.
    let patch = from_json(&body)?;
    let uuid = read(&uuid)?;
    let webhook = webhooks::update(&app, uuid, patch).await?;
    Ok(Reply::ok(&webhook.view(uuid)))
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Path(uuid): Path<String>,
) -> Result<Reply, Failure> {
    webhooks::delete(&app, read(&uuid)?).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn read(uuid: &str) -> Result<Uuid, ApiError> {
    Uuid::parse_str(uuid)
        .map_err(|error| ApiError::new(Code::InvalidWebhookUuid, format!("Invalid UUID: {error}")))
}
