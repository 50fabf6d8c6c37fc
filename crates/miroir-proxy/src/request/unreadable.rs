//! Filters that cannot be read. A server reads them before it looks for the index.

use http::Method;
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::search::SearchQuery;
use serde_json::Value;

use crate::app::App;
use crate::cluster::defaults::HIDDEN_INDEX;
use crate::http::reply::Failure;
use crate::request::twin;

/// What a server would say against a filter in itself. The hidden empty index stands in for whatever index is meant.
pub(crate) async fn filter(app: &App, filter: &Value) -> Option<Failure> {
    let asked = SearchQuery {
        filter: Some(filter.clone()),
        limit: 0,
        ..SearchQuery::default()
    };
    let path = format!("/indexes/{HIDDEN_INDEX}/search");
    let answer = twin::ask(app, Method::POST, &path, Some(asked.to_json())).await?;
    let failure = Failure::Relayed {
        status: answer.status,
        body: answer.body,
    };
    let code = error_of(&failure)?.code;
    (is_about_syntax(&failure) || code == Code::FeatureNotEnabled).then_some(failure)
}

/// The error of a failure, whoever worded it.
pub(crate) fn error_of(failure: &Failure) -> Option<ApiError> {
    match failure {
        Failure::Error { error, .. } => Some(error.clone()),
        Failure::Relayed { body, .. } => serde_json::from_slice(body).ok(),
    }
}

/// What is wrong with a filter in itself is told without the name of an index.
pub(crate) fn is_about_syntax(failure: &Failure) -> bool {
    error_of(failure).is_some_and(|error| {
        error.code == Code::InvalidSearchFilter && !error.message.starts_with("Index `")
    })
}
