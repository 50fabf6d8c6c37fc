//! `/indexes/{uid}/settings` and everything under it.

use axum::extract::Path;
use miroir_core::wire::deserialize::from_json;
use miroir_core::wire::index::ValidUid;
use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Reply, ok};
use crate::engine::error::to_api;
use crate::queue::task::Content;
use crate::settings::submitted::SubRoute;
use crate::settings::{Settings, masked, view};

pub(super) async fn get_all(Path(uid): Path<String>, call: Call) -> Reply {
    ok(&read(uid, call).await?)
}

pub(super) async fn update_all(Path(uid): Path<String>, call: Call) -> Reply {
    call.require_json()?;
    let settings: Settings = from_json(&call.body)?;
    enqueue(uid, call, settings, false).await
}

pub(super) async fn reset_all(Path(uid): Path<String>, call: Call) -> Reply {
    enqueue(uid, call, Settings::cleared(), true).await
}

pub(super) async fn get_one(
    Path(uid): Path<String>,
    call: Call,
    route: &'static SubRoute,
) -> Reply {
    let mut settings = read(uid, call).await?;
    // The two settings of features that this node lacks have their empty values.
    let empty = match route.member {
        "foreignKeys" => json!([]),
        "chat" => json!({}),
        _ => Value::Null,
    };
    ok(&settings.get_mut(route.member).map_or(empty, Value::take))
}

pub(super) async fn update_one(
    Path(uid): Path<String>,
    call: Call,
    route: &'static SubRoute,
) -> Reply {
    call.require_json()?;
    let settings = (route.read)(&call.body)?;
    enqueue(uid, call, settings, false).await
}

pub(super) async fn reset_one(
    Path(uid): Path<String>,
    call: Call,
    route: &'static SubRoute,
) -> Reply {
    enqueue(uid, call, (route.reset)(), true).await
}

/// The settings of an index as clients see them.
async fn read(uid: String, call: Call) -> Result<Value, super::reply::Failure> {
    let entry = call.index(&uid)?;
    call.blocking(move |app| {
        let index = app.engine.index(entry.uuid, entry.map_size);
        let settings = index.and_then(|index| view::read(&index));
        let settings = settings.map_err(|error| to_api(&error))?;
        Ok(masked(settings.to_value()))
    })
    .await
}

async fn enqueue(uid: String, call: Call, settings: Settings, reset: bool) -> Reply {
    ValidUid::check(&uid)?;
    let settings = settings.checked()?;
    let content = Content::SettingsUpdate {
        index: uid,
        settings: settings.to_value(),
        reset,
    };
    call.enqueue(content, None).await
}
