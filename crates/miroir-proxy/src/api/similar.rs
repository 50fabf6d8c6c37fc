//! `/indexes/{uid}/similar`.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use miroir_core::access::{Access, both_filters};
use miroir_core::wire::deserialize::{from_json, from_query};
use miroir_core::wire::similar::{SimilarParameters, SimilarQuery};

use crate::app::App;
use crate::http::authentication::Granted;
use crate::http::body::JsonBody;
use crate::http::over_fetch::OverFetch;
use crate::http::reply::{Failure, Reply};
use crate::request::{resolve, similar};

pub(crate) async fn by_body(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
    over_fetch: OverFetch,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let query: SimilarQuery = from_json(&body)?;
    answer(&app, &access, &uid, query, over_fetch).await
}

pub(crate) async fn by_query(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
    over_fetch: OverFetch,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: SimilarParameters = from_query(query.as_deref().unwrap_or_default())?;
    answer(&app, &access, &uid, parameters.into(), over_fetch).await
}

async fn answer(
    app: &Arc<App>,
    access: &Access,
    uid: &str,
    mut query: SimilarQuery,
    over_fetch: OverFetch,
) -> Result<Reply, Failure> {
    let uid = resolve::uid(uid)?;
    query.filter = both_filters(query.filter, access.filter(uid.as_str()));
    similar::similar(app, &uid, &query, over_fetch).await
}
