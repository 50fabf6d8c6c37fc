//! Refusals that depend on documents: a server knows the fields of all of them, a node those of its own, a twin none.
//!
//! Every node is then asked the client's own request. It only happens after a refusal, so it need not be fast.

use std::collections::BTreeSet;

use http::Method;
use miroir_core::error::ApiError;
use miroir_node::{Answer, Call};

use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::Failure;
use crate::request::translate::Names;

/// What stands before and after the names in "... attributes are: `a, b`."
const BEFORE: &str = " are: `";
const AFTER: &str = "`.";

/// What the nodes say against a request of an index (`search`, `documents/fetch`).
async fn by_nodes(app: &App, index: &Index, route: &str, body: &[u8]) -> Vec<Answer> {
    let path = format!("/indexes/{}/{route}", index.node_uid());
    let mut refusals = Vec::new();
    for node in app.cluster.reachable() {
        let call = Call::read(Method::POST, path.as_str(), app.cluster.read_deadline());
        if let Ok(answer) = app.cluster.call(&node, call.json(body.to_vec())).await
            && answer.status.is_client_error()
        {
            refusals.push(answer);
        }
    }
    refusals
}

/// The refusal of a server, where `answer` is that of a node that saw more than the client's own request.
pub(crate) async fn as_asked(
    app: &App,
    index: &Index,
    route: &str,
    body: &[u8],
    answer: Answer,
) -> Failure {
    let own = by_nodes(app, index, route, body).await.into_iter().next();
    Names::of(index).relay(own.unwrap_or(answer))
}

/// The refusal of a server that lists attributes, where `answer` lists those of one node.
pub(crate) async fn with_all_attributes(
    app: &App,
    index: &Index,
    route: &str,
    body: &[u8],
    answer: Answer,
) -> Failure {
    let names = Names::of(index);
    let Ok(mut error) = answer.json::<ApiError>() else {
        return names.relay(answer);
    };
    let refusals = by_nodes(app, index, route, body).await;
    let others: Vec<String> = refusals
        .iter()
        .filter_map(|refusal| refusal.json::<ApiError>().ok())
        .filter(|other| other.code == error.code)
        .map(|other| other.message)
        .collect();
    let key = index.primary_key();
    let unsearchable = key.filter(|key| !index.settings.searchable_attributes().contains(key));
    if let Some(message) = listing_all(&error.message, &others, unsearchable) {
        error.message = message;
    }
    names.relay_listing(error, &index.view)
}

/// The text with the names of all lists, in their order. `unsearchable` is listed by nodes without documents, of whose fields it is
/// the only one, and by no others.
fn listing_all(message: &str, others: &[String], unsearchable: Option<&str>) -> Option<String> {
    let (head, own, tail) = parts(message)?;
    let mut listed: BTreeSet<&str> = own.split(", ").collect();
    for other in others {
        listed.extend(parts(other)?.1.split(", "));
    }
    listed.remove("");
    if let Some(name) = unsearchable.filter(|_| listed.len() > 1) {
        listed.remove(name);
    }
    let listed: Vec<&str> = listed.into_iter().collect();
    Some(format!("{head}{}{tail}", listed.join(", ")))
}

/// What stands before the list, the list, and what stands after it.
fn parts(message: &str) -> Option<(&str, &str, &str)> {
    let start = message.rfind(BEFORE)? + BEFORE.len();
    let end = start + message[start..].find(AFTER)?;
    Some((&message[..start], &message[start..end], &message[end..]))
}

#[cfg(test)]
mod tests {
    use super::listing_all;

    #[test]
    fn the_lists_of_all_nodes_are_one() {
        let text = |list: &str| {
            format!(
                "Attribute `x` is not searchable. Available searchable attributes are: `{list}`."
            )
        };
        let others = [text("b, c"), text(""), text("a")];
        let listed = |own: &str, others: &[String]| listing_all(&text(own), others, Some("id"));
        assert_eq!(listed("b", &others), Some(text("a, b, c")));
        assert_eq!(listing_all("no list", &others, None), None);
        // Two nodes without documents, and one with some; then none with any.
        assert_eq!(
            listed("id", &[text("a, b"), text("id")]),
            Some(text("a, b"))
        );
        assert_eq!(listed("id", &[text("id")]), Some(text("id")));
    }
}
