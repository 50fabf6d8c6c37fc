//! `/indexes/{uid}/similar`.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use miroir_core::wire::deserialize::{from_json, from_query};
use miroir_core::wire::similar::{SimilarParameters, SimilarQuery};

use crate::app::App;
use crate::http::body::JsonBody;
use crate::http::over_fetch::OverFetch;
use crate::http::reply::{Failure, Reply};
use crate::request::{resolve, similar};

pub(crate) async fn by_body(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    over_fetch: OverFetch,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let query: SimilarQuery = from_json(&body)?;
    similar::similar(&app, &resolve::uid(&uid)?, &query, over_fetch).await
}

pub(crate) async fn by_query(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    over_fetch: OverFetch,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: SimilarParameters = from_query(query.as_deref().unwrap_or_default())?;
    similar::similar(&app, &resolve::uid(&uid)?, &parameters.into(), over_fetch).await
}
