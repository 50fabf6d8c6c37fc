//! `/export`.

use std::sync::Arc;

use axum::extract::State;
use miroir_core::wire::deserialize::from_json;

use crate::app::App;
use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};
use crate::request::export;
use crate::tasks;

/// A server answers this with 200, and not with 202 as elsewhere.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let row = export::export(&app, from_json(&body)?).await?;
    Ok(Reply::ok(&tasks::summary(&row)))
}
