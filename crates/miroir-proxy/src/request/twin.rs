//! The hidden empty twin of an index, with exactly the user's settings: it knows what a server would refuse.

use http::{Method, StatusCode};
use miroir_core::document::marker;
use miroir_core::error::Code;
use miroir_core::id::{IndexUid, NodeId};
use miroir_core::lexicon::is_lexicon_field;
use miroir_core::settings::{Usage, UserSettings};
use miroir_core::wire::documents::BrowseQuery;
use miroir_core::wire::search::{FacetSearchQuery, SearchQuery};
use miroir_node::{Answer, Call};
use serde_json::{Value, json};

use crate::app::App;
use crate::catalog::Index;
use crate::cluster::defaults::HIDDEN_INDEX;
use crate::http::reply::{Failure, Reply};
use crate::request::refused;
use crate::request::translate::Names;

/// Asks a twin before a search that the overlay might let through although a server would refuse it.
pub(crate) async fn check_search(
    app: &App,
    index: &Index,
    query: &SearchQuery,
) -> Result<(), Failure> {
    let searched = query.attributes_to_search_on.iter().flatten();
    if let Some(name) = searched.into_iter().find(|name| is_lexicon_field(name))
        && let Some(refusal) = refusal_of_attribute(app, index, name).await
    {
        return Err(refusal);
    }
    if !is_suspicious(index, query) {
        return Ok(());
    }
    refusal(app, index, "search", query.without_embedding().to_json())
        .await
        .map_or(Ok(()), Err)
}

/// Nodes know fields of lexicon documents, which a server would refuse to search. What it would say depends on the documents,
/// so that no twin knows; a name that a node does not know either brings it.
async fn refusal_of_attribute(app: &App, index: &Index, name: &str) -> Option<Failure> {
    let unknown = format!("{name}{}", marker::LEXICON_MARKER);
    let path = format!("/indexes/{}/search", index.node_uid());
    let body = json!({ "limit": 0, "attributesToSearchOn": [unknown] });
    let asked = body.to_string().into_bytes();
    let answer = ask(app, Method::POST, &path, Some(asked.clone())).await?;
    if !answer.status.is_client_error() {
        return None;
    }
    let body = String::from_utf8_lossy(&answer.body).replace(&unknown, name);
    let answer = Answer {
        body: body.into(),
        ..answer
    };
    Some(refused::with_all_attributes(app, index, "search", &asked, answer).await)
}

/// Whether nodes might answer what a server with the user's settings refuses: a name that only the overlay opened, or a pattern, which
/// could match one. A filter is not parsed here: it is suspicious as soon as it contains such a name.
fn is_suspicious(index: &Index, query: &SearchQuery) -> bool {
    let key = index.primary_key();
    let opened = |name: &str, usage| {
        name.contains('*')
            || name.contains("_miroir_")
            || index.settings.only_overlay_opens(name, usage, key)
    };
    let names = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
    if names(&query.facets)
        .iter()
        .any(|name| opened(name, Usage::Filter))
        || query
            .distinct
            .as_deref()
            .is_some_and(|name| opened(name, Usage::Filter))
        || names(&query.sort).iter().any(|rule| {
            let name = rule
                .rsplit_once(':')
                .map_or(rule.as_str(), |(name, _)| name);
            opened(name, Usage::Sort)
        })
    {
        return true;
    }
    query
        .filter
        .as_ref()
        .is_some_and(|filter| is_suspicious_filter(index, filter))
}

pub(crate) fn is_suspicious_filter(index: &Index, filter: &Value) -> bool {
    names_what_only_the_overlay_opens(&index.settings, index.primary_key(), filter)
}

/// Whether a filter contains a name that the user has not made filterable and Miroir has. What merely looks like it counts.
pub(crate) fn names_what_only_the_overlay_opens(
    settings: &UserSettings,
    key: Option<&str>,
    filter: &Value,
) -> bool {
    let filter = filter.to_string();
    let hidden = [key, settings.distinct_attribute(), Some("_miroir_")];
    let opened = |name| settings.only_overlay_opens(name, Usage::Filter, key);
    hidden
        .into_iter()
        .flatten()
        .any(|name| filter.contains(name) && opened(name))
}

/// Asks a twin before a facet search that the overlay might let through although a server would refuse it.
pub(crate) async fn check_facet_search(
    app: &App,
    index: &Index,
    query: &FacetSearchQuery,
) -> Result<(), Failure> {
    let opened =
        index
            .settings
            .only_overlay_opens(&query.facet_name, Usage::Filter, index.primary_key());
    let filtered = query
        .filter
        .as_ref()
        .is_some_and(|filter| is_suspicious_filter(index, filter));
    if !opened && !filtered && !query.facet_name.contains('*') {
        return Ok(());
    }
    refusal(app, index, "facet-search", query.to_json())
        .await
        .map_or(Ok(()), Err)
}

/// Asks a twin before a list of documents whose filter or order a server might refuse. Lists are rarer and dearer than searches, so
/// every filter and every order is checked.
pub(crate) async fn check_browse(
    app: &App,
    index: &Index,
    query: &BrowseQuery,
) -> Result<(), Failure> {
    let filtered = query
        .filter
        .as_ref()
        .is_some_and(|filter| !filter.is_null());
    if !filtered && query.sort.is_none() {
        return Ok(());
    }
    refusal(app, index, "documents/fetch", query.to_json())
        .await
        .map_or(Ok(()), Err)
}

/// What a server would say against a read of this index (`search`, `facet-search`, `documents/fetch`), if anything.
pub(crate) async fn refusal(
    app: &App,
    index: &Index,
    route: &str,
    body: Vec<u8>,
) -> Option<Failure> {
    let path = format!("/indexes/{}/{route}", index.node_uid().twin());
    let answer = ask(app, Method::POST, &path, Some(body)).await?;
    // Without a twin (it is being repaired) nobody can tell, and the nodes decide.
    let refused = answer.status.is_client_error() && answer.status != StatusCode::NOT_FOUND;
    refused.then(|| Names::of(index).relay_twin(answer))
}

/// What a server would say against this settings body. The hidden empty index stands in for whatever index is meant: a body that is
/// refused changes nothing, whatever it is sent to.
pub(crate) async fn refusal_of_settings(app: &App, uid: &IndexUid, body: Vec<u8>) -> Failure {
    let path = format!("/indexes/{HIDDEN_INDEX}/settings");
    match ask(app, Method::PATCH, &path, Some(body)).await {
        Some(answer) if !answer.is_success() => {
            let names = Names::new(
                &HIDDEN_INDEX
                    .parse()
                    .expect("the hidden index has a valid name"),
                uid,
            );
            names.relay_twin(answer)
        }
        _ => Failure::new(Code::BadRequest, "The settings must be a JSON object."),
    }
}

/// One setting as a twin shows it: a node shows one of a feature that is off by its own route only.
pub(crate) async fn setting(app: &App, index: &Index, sub_route: &str) -> Result<Reply, Failure> {
    let path = format!("/indexes/{}/settings/{sub_route}", index.node_uid().twin());
    match ask(app, Method::GET, &path, None).await {
        Some(answer) if answer.is_success() => Ok(Reply::json_bytes(StatusCode::OK, answer.body)),
        Some(answer) => Err(Names::of(index).relay_twin(answer)),
        None => Err(Failure::new(
            Code::MiroirNoQuorum,
            "No node can be reached to read this setting. Retry when the nodes are back.",
        )),
    }
}

/// Sends a request that only concerns twins to the first node that answers it: those that have missed nothing are asked first.
pub(crate) async fn ask(
    app: &App,
    method: Method,
    path: &str,
    body: Option<Vec<u8>>,
) -> Option<Answer> {
    let stale = app.staleness.all();
    let is_behind = |node: &NodeId| stale.values().any(|stale| stale.of(node).is_some());
    let mut nodes = app.cluster.reachable();
    nodes.sort_by_key(is_behind);
    let mut unknown = None;
    for node in nodes {
        let mut call = Call::read(method.clone(), path, app.cluster.read_deadline());
        if let Some(body) = &body {
            call = call.json(body.clone());
        }
        match app.cluster.call(&node, call).await {
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => unknown = Some(answer),
            Ok(answer) if !answer.status.is_server_error() => return Some(answer),
            Ok(_) | Err(_) => {}
        }
    }
    unknown
}
