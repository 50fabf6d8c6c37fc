//! `/indexes/{uid}/search` and `/indexes/{uid}/facet-search`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use http::HeaderMap;
use miroir_core::access::{Access, both_filters};
use miroir_core::wire::deserialize::{from_json, from_query};
use miroir_core::wire::search::{FacetSearchQuery, SearchParameters, SearchQuery};

use crate::app::App;
use crate::http::authentication::Granted;
use crate::http::body::{self, JsonBody};
use crate::http::over_fetch::OverFetch;
use crate::http::reply::{Failure, Reply};
use crate::request::{facet_search, metadata, multi_search, resolve, search};

pub(crate) async fn by_body(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply, Failure> {
    posted(&app, &access, &uid, &headers, body).await
}

/// The same, however it came here.
pub(crate) async fn posted(
    app: &Arc<App>,
    access: &Access,
    uid: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Reply, Failure> {
    let over_fetch = OverFetch::of(headers, app)?;
    let body = body::read_json(app, headers, body).await?;
    let query: SearchQuery = from_json(&body)?;
    answer(app, access, uid, query, over_fetch, headers).await
}

pub(crate) async fn by_query(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
    over_fetch: OverFetch,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Reply, Failure> {
    let parameters: SearchParameters = from_query(query.as_deref().unwrap_or_default())?;
    resolve::uid(&uid)?;
    let query = SearchQuery::try_from(parameters)?;
    answer(&app, &access, &uid, query, over_fetch, &headers).await
}

async fn answer(
    app: &Arc<App>,
    access: &Access,
    uid: &str,
    mut query: SearchQuery,
    over_fetch: OverFetch,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    let uid = resolve::uid(uid)?;
    query.filter = both_filters(query.filter, access.filter(uid.as_str()));
    query.refuse_network()?;
    let metadata = metadata::is_wanted(headers);
    search::search(app, &uid, &query, over_fetch, metadata).await
}

/// `POST /multi-search`.
pub(crate) async fn multi(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    over_fetch: OverFetch,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    multi_search::multi_search(&app, &access, &headers, over_fetch, &body).await
}

/// `POST /indexes/{uid}/facet-search`.
pub(crate) async fn facet(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let mut query: FacetSearchQuery = from_json(&body)?;
    let uid = resolve::uid(&uid)?;
    query.filter = both_filters(query.filter, access.filter(uid.as_str()));
    facet_search::facet_search(&app, &uid, &query).await
}
