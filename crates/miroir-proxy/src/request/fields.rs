//! `POST /indexes/{uid}/fields`: the names that some node has met, described by the client's settings.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{Method, StatusCode};
use miroir_core::error::ApiError;
use miroir_core::id::IndexUid;
use miroir_core::plan::{self, Constraints};
use miroir_core::settings::Field;
use miroir_core::wire::index::ListFields;
use miroir_node::Call;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::reply::{Failure, Reply};
use crate::request::resolve;
use crate::request::scatter::{ScatterEnd, degraded, scatter};
use crate::request::translate::Names;

/// More fields than an index can have.
const ALL: usize = 1 << 16;

#[derive(Deserialize)]
struct NodeAnswer {
    results: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Serialize)]
struct Answer {
    results: Vec<Field>,
    offset: usize,
    limit: usize,
    total: usize,
}

/// `uid` is as the client wrote it: this route does not ask whether it could be one.
pub(crate) async fn list(app: &Arc<App>, uid: &str, query: &ListFields) -> Result<Reply, Failure> {
    let not_found = || ApiError::index_not_found(uid);
    let uid: IndexUid = uid.parse().map_err(|_| not_found())?;
    let index = resolve::index(app, &uid)?;
    let view = app.view(index.node_uid());
    let constraints = Constraints::default();
    let rotation = app.next_rotation();
    let plan = plan::search(&view.cluster(), index.shards(), &constraints, rotation);
    let path = format!("/indexes/{}/fields", index.node_uid());
    let body = serde_json::json!({ "limit": ALL }).to_string();
    let gathered = scatter(
        app,
        &view,
        index.shards(),
        &constraints,
        plan,
        rotation,
        |_, deadline| {
            Call::read(Method::POST, path.as_str(), deadline).json(body.clone().into_bytes())
        },
    )
    .await;
    let gathered = gathered.map_err(|end| match end {
        ScatterEnd::Failed(failure) => failure,
        ScatterEnd::Rejected(answer) => Names::new(index.node_uid(), &uid).relay(answer),
    })?;
    let mut names = BTreeSet::new();
    for leg in &gathered.answers {
        let answer: NodeAnswer = leg.answer.json().map_err(Failure::internal)?;
        names.extend(answer.results.into_iter().map(|field| field.name));
    }
    let filter = query.filter.clone().unwrap_or_default();
    let listed: Vec<Field> = names
        .iter()
        .filter(|name| !index.view.hides(name))
        .map(|name| index.settings.field(name))
        .filter(|field| field.passes(&filter))
        .collect();
    let answer = Answer {
        total: listed.len(),
        offset: query.offset,
        limit: query.limit,
        results: listed
            .into_iter()
            .skip(query.offset)
            .take(query.limit)
            .collect(),
    };
    Ok(Reply::json(StatusCode::OK, &answer).degraded(degraded(gathered.uncovered)))
}
