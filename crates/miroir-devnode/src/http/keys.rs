//! `/keys`: enough to make keys with the right values. Only the master key opens this node.

use axum::extract::Path;
use hmac::{Hmac, KeyInit, Mac};
use http::StatusCode;
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::index::ListIndexes;
use miroir_core::wire::time::Timestamp;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::call::Call;
use super::reply::{Reply, json as respond, ok};
use crate::clock;
use crate::queue::state::{Change, KeyRow};

/// The value of a key: what a server with this master key computes for this uid.
fn value(master_key: &str, uid: Uuid) -> String {
    let mut code = Hmac::<Sha256>::new_from_slice(master_key.as_bytes())
        .expect("the algorithm takes keys of any length");
    code.update(uid.as_hyphenated().to_string().as_bytes());
    hex::encode(code.finalize().into_bytes())
}

fn view(call: &Call, key: &KeyRow) -> Value {
    let master_key = call.app.master_key.as_deref().unwrap_or_default();
    json!({
        "name": key.name,
        "description": key.description,
        "key": value(master_key, key.uid),
        "uid": key.uid,
        "actions": key.actions,
        "indexes": key.indexes,
        "expiresAt": key.expires_at,
        "createdAt": key.created_at,
        "updatedAt": key.updated_at,
    })
}

pub(super) async fn list(call: Call) -> Reply {
    let ListIndexes { offset, limit } = call.parameters()?;
    let mut keys = call.app.queue.state().keys.clone();
    keys.sort_by_key(|key| std::cmp::Reverse(key.created_at));
    let page = keys.iter().skip(offset.0).take(limit.0);
    let results: Vec<Value> = page.map(|key| view(&call, key)).collect();
    ok(&json!({
        "results": results,
        "offset": offset.0,
        "limit": limit.0,
        "total": keys.len(),
    }))
}

pub(super) async fn get(Path(wanted): Path<String>, call: Call) -> Reply {
    let keys = call.app.queue.state().keys.clone();
    let master_key = call.app.master_key.as_deref().unwrap_or_default();
    let found = keys.iter().find(|key| {
        key.uid.to_string() == wanted || value(master_key, key.uid).eq_ignore_ascii_case(&wanted)
    });
    let message = format!("API key `{wanted}` not found.");
    let found = found.ok_or_else(|| ApiError::new(Code::ApiKeyNotFound, message))?;
    ok(&view(&call, found))
}

pub(super) async fn create(call: Call) -> Reply {
    call.require_json()?;
    let body: Map<String, Value> =
        serde_json::from_slice(&call.body).map_err(ApiError::malformed_body)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let names = |name: &str, missing: Code, invalid: Code| -> Result<Vec<String>, ApiError> {
        let value = body.get(name);
        let value =
            value.ok_or_else(|| ApiError::new(missing, format!("Missing field `{name}`")))?;
        serde_json::from_value(value.clone()).map_err(|_| {
            ApiError::new(
                invalid,
                format!("Invalid value type at `.{name}`: expected an array of strings"),
            )
        })
    };
    let uid = match text("uid") {
        Some(uid) => uid.parse().map_err(|error| {
            ApiError::new(
                Code::InvalidApiKeyUid,
                format!("Invalid value at `.uid`: {error}"),
            )
        })?,
        None => Uuid::new_v4(),
    };
    if call.app.queue.state().keys.iter().any(|key| key.uid == uid) {
        let message = format!("`uid` field value `{uid}` is already an existing API key.");
        return Err(ApiError::new(Code::ApiKeyAlreadyExists, message).into());
    }
    let expires_at = match body.get("expiresAt") {
        None => {
            return Err(
                ApiError::new(Code::MissingApiKeyExpiresAt, "Missing field `expiresAt`").into(),
            );
        }
        Some(value) => value
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok()),
    };
    let now = clock::now();
    let key = KeyRow {
        name: text("name"),
        description: text("description"),
        uid,
        actions: names(
            "actions",
            Code::MissingApiKeyActions,
            Code::InvalidApiKeyActions,
        )?,
        indexes: names(
            "indexes",
            Code::MissingApiKeyIndexes,
            Code::InvalidApiKeyIndexes,
        )?,
        expires_at,
        created_at: now,
        updated_at: now,
    };
    let answer = respond(StatusCode::CREATED, &view(&call, &key));
    call.blocking(move |app| Ok(app.queue.commit(vec![Change::PutKey(key)], true)?))
        .await?;
    Ok(answer)
}
