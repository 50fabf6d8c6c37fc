//! `/indexes/{uid}/settings` and its sub-routes.

use std::sync::Arc;

use axum::extract::{MatchedPath, Path, State};
use http::Method;
use miroir_core::error::{ApiError, Payload};
use serde_json::{Map, Value};

use crate::api::task_reply;
use crate::app::App;
use crate::http::authentication::Granted;
use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};
use crate::request::settings::{self, Change};
use crate::request::{resolve, twin};

/// One setting that has a route of its own (reference 1.5).
pub(crate) struct SubRoute {
    pub(crate) path: &'static str,
    /// Its member in the settings object.
    pub(crate) key: &'static str,
    /// `PATCH`ed into what is there, instead of `PUT` in its place.
    pub(crate) merges: bool,
    /// Part of an experimental feature. While it is off, a server knows the route, but shows the setting nowhere else.
    is_experimental: bool,
}

const fn put(path: &'static str, key: &'static str) -> SubRoute {
    SubRoute {
        path,
        key,
        merges: false,
        is_experimental: false,
    }
}

const fn patch(path: &'static str, key: &'static str) -> SubRoute {
    SubRoute {
        path,
        key,
        merges: true,
        is_experimental: false,
    }
}

const fn experimental(route: SubRoute) -> SubRoute {
    SubRoute {
        is_experimental: true,
        ..route
    }
}

pub(crate) const SUB_ROUTES: [SubRoute; 22] = [
    put("filterable-attributes", "filterableAttributes"),
    put("sortable-attributes", "sortableAttributes"),
    put("displayed-attributes", "displayedAttributes"),
    put("searchable-attributes", "searchableAttributes"),
    put("stop-words", "stopWords"),
    put("non-separator-tokens", "nonSeparatorTokens"),
    put("separator-tokens", "separatorTokens"),
    put("dictionary", "dictionary"),
    put("synonyms", "synonyms"),
    put("distinct-attribute", "distinctAttribute"),
    put("proximity-precision", "proximityPrecision"),
    put("localized-attributes", "localizedAttributes"),
    put("ranking-rules", "rankingRules"),
    put("search-cutoff-ms", "searchCutoffMs"),
    put("facet-search", "facetSearch"),
    put("prefix-search", "prefixSearch"),
    patch("typo-tolerance", "typoTolerance"),
    patch("faceting", "faceting"),
    patch("pagination", "pagination"),
    patch("embedders", "embedders"),
    experimental(put("foreign-keys", "foreignKeys")),
    experimental(patch("chat", "chat")),
];

pub(crate) async fn get_all(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
) -> Result<Reply, Failure> {
    let index = resolve::index(&app, &resolve::uid(&uid)?)?;
    Ok(Reply::ok(
        index.settings_view.as_deref().unwrap_or(&Map::new()),
    ))
}

pub(crate) async fn get_one(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    path: MatchedPath,
) -> Result<Reply, Failure> {
    let index = resolve::index(&app, &resolve::uid(&uid)?)?;
    let route = sub_route(&path);
    let view = index.settings_view.as_ref();
    match view.and_then(|view| view.get(route.key)) {
        None if route.is_experimental => twin::setting(&app, &index, route.path).await,
        value => Ok(Reply::ok(value.unwrap_or(&Value::Null))),
    }
}

pub(crate) async fn update_all(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let value = parse(&body)?;
    let uid = resolve::uid(&uid)?;
    let patch = match value {
        Value::Object(patch) => patch,
        // Not an object: a server's own words are worth more than ours.
        _ => return Err(twin::refusal_of_settings(&app, &uid, body.to_vec()).await),
    };
    let update = Change {
        patch,
        method: Method::PATCH,
        sub_route: String::new(),
        body: body.to_vec(),
        may_create: access.may_create(uid.as_str()),
    };
    change(app, uid, update).await
}

pub(crate) async fn reset_all(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
) -> Result<Reply, Failure> {
    let uid = resolve::uid(&uid)?;
    let always_there = SUB_ROUTES.iter().filter(|route| !route.is_experimental);
    let patch = always_there
        .map(|route| (route.key.to_owned(), Value::Null))
        .collect();
    let change_all = Change {
        patch,
        method: Method::DELETE,
        sub_route: String::new(),
        body: Vec::new(),
        may_create: access.may_create(uid.as_str()),
    };
    change(app, uid, change_all).await
}

pub(crate) async fn update_one(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
    path: MatchedPath,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let value = parse(&body)?;
    let uid = resolve::uid(&uid)?;
    let route = sub_route(&path);
    let method = if route.merges {
        Method::PATCH
    } else {
        Method::PUT
    };
    let patch = Map::from_iter([(route.key.to_owned(), value)]);
    let update = Change {
        patch,
        method,
        sub_route: format!("/{}", route.path),
        body: body.to_vec(),
        may_create: access.may_create(uid.as_str()),
    };
    change(app, uid, update).await
}

pub(crate) async fn reset_one(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
    path: MatchedPath,
) -> Result<Reply, Failure> {
    let uid = resolve::uid(&uid)?;
    let route = sub_route(&path);
    let patch = Map::from_iter([(route.key.to_owned(), Value::Null)]);
    let reset = Change {
        patch,
        method: Method::DELETE,
        sub_route: format!("/{}", route.path),
        body: Vec::new(),
        may_create: access.may_create(uid.as_str()),
    };
    change(app, uid, reset).await
}

async fn change(
    app: Arc<App>,
    uid: miroir_core::id::IndexUid,
    change: Change,
) -> Result<Reply, Failure> {
    let story = Arc::clone(&app);
    task_reply(app.spawn_story(async move { settings::change(&story, uid, change).await })).await
}

fn parse(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Err(ApiError::missing_payload(Payload::Json));
    }
    serde_json::from_slice(body).map_err(ApiError::malformed_body)
}

/// The setting that a matched route is about.
fn sub_route(path: &MatchedPath) -> &'static SubRoute {
    let name = path.as_str().rsplit('/').next().unwrap_or_default();
    SUB_ROUTES
        .iter()
        .find(|route| route.path == name)
        .expect("the router has only these sub-routes")
}
