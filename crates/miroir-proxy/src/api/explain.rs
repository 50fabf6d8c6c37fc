//! `POST /indexes/{uid}/explain` and `POST /multi-search/explain`, both with `?execute=true`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use miroir_core::access::both_filters;
use miroir_core::error::Code;
use miroir_core::wire::deserialize::from_json;
use miroir_core::wire::search::{MultiSearch, SearchQuery};
use serde::Deserialize;

use crate::app::App;
use crate::http::authentication::{Granted, Operator};
use crate::http::body::JsonBody;
use crate::http::reply::{Failure, Reply};
use crate::request::explain::{self, Asked};
use crate::request::multi_search::within_reach;
use crate::request::resolve;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    execute: bool,
}

/// `POST /indexes/{uid}/explain`: the body is that of a search.
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    Path(uid): Path<String>,
    RawQuery(parameters): RawQuery,
    operator: Option<Extension<Operator>>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let asked = asked(&app, parameters, operator)?;
    let mut query: SearchQuery = from_json(&body)?;
    let uid = resolve::uid(&uid)?;
    query.filter = both_filters(query.filter, access.filter(uid.as_str()));
    query.refuse_network()?;
    explain::search(&app, &uid, &query, asked).await
}

/// `POST /multi-search/explain`: the body is that of several searches.
pub(crate) async fn multi(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    RawQuery(parameters): RawQuery,
    operator: Option<Extension<Operator>>,
    JsonBody(body): JsonBody,
) -> Result<Reply, Failure> {
    let asked = asked(&app, parameters, operator)?;
    let mut request: MultiSearch = from_json(&body)?;
    within_reach(&access, &mut request.queries)?;
    explain::multi_search(&app, &request, asked).await
}

fn asked(
    app: &App,
    parameters: Option<String>,
    operator: Option<Extension<Operator>>,
) -> Result<Asked, Failure> {
    let parameters: Parameters =
        serde_urlencoded::from_str(parameters.as_deref().unwrap_or_default()).map_err(|error| {
            Failure::new(
                Code::BadRequest,
                format!("Query deserialize error: {error}"),
            )
        })?;
    let options = &app.config.explain;
    let refused = |key| {
        let text = format!("`explain.{key}` is false in the configuration of this Miroir.");
        Failure::new(Code::MiroirCapabilityDisabled, text)
    };
    if !options.enabled {
        return Err(refused("enabled"));
    }
    if parameters.execute && !options.allow_execute_parameter {
        return Err(refused("allow_execute_parameter"));
    }
    Ok(Asked {
        execute: parameters.execute,
        by_operator: operator.is_some(),
    })
}
