//! `POST /render-template`: what is given in the request is rendered by any node. Templates and documents of an index are not: the
//! nodes' templates are not quite the user's, and each of them has documents of its own.

use std::sync::Arc;

use axum::extract::State;
use http::{Method, StatusCode};
use miroir_core::error::{ApiError, Code};
use serde_json::Value;

use crate::api::features;
use crate::api::refused::RENDER;
use crate::app::App;
use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};
use crate::request::twin;

const NOT_OF_AN_INDEX: &str = "Miroir renders templates and inputs that are part of the request, and none that are taken from an index: set `template.inline` and `input.inline` instead.";

pub(crate) async fn render(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    if !features::is_on(&app, "renderRoute").await? {
        return Err(RENDER.is_off("calling the /render-template route").into());
    }
    let is_of_an_index = serde_json::from_slice(&body).is_ok_and(|body: Value| {
        let parts = [body.get("template"), body.get("input")];
        let mut parts = parts.into_iter().flatten();
        parts.any(|part| part.get("indexUid").is_some_and(|uid| !uid.is_null()))
    });
    if is_of_an_index {
        return Err(ApiError::new(Code::MiroirCapabilityDisabled, NOT_OF_AN_INDEX).into());
    }
    match twin::ask(&app, Method::POST, "/render-template", Some(body.to_vec())).await {
        Some(answer) if answer.is_success() => Ok(Reply::json_bytes(StatusCode::OK, answer.body)),
        Some(answer) => Err(Failure::Relayed {
            status: answer.status,
            body: answer.body,
        }),
        None => Err(Failure::new(
            Code::MiroirNoQuorum,
            "No node can be reached to render a template. Retry when the nodes are back.",
        )),
    }
}
