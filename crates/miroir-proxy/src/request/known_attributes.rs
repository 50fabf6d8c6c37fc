//! Attributes to search on that some nodes have never seen: a server knows the fields of all documents, a node those of its own.
//!
//! A node refuses to search on what it does not know. Where another node knows the attribute, so does the fleet, and the first
//! is asked again without it, because none of its documents has it. A list that is empty then still is a list: it lets no word
//! match, and a search without words finds everything, which is what a server does with an attribute that a document lacks.
//! All of this happens after a refusal, so that no other search pays for it.

use http::Method;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::NodeUid;
use miroir_node::{Answer, Call};
use serde_json::{Value, json};

use crate::app::App;

/// The call to a node without the attribute that it refused. `None` if the refusal is about anything else, or if no node knows
/// the attribute, so that a server would refuse it too.
pub(crate) async fn narrowed(
    app: &App,
    index: &NodeUid,
    call: &Call,
    refusal: &Answer,
) -> Option<Call> {
    let refusal: ApiError = refusal.json().ok()?;
    if refusal.code != Code::InvalidSearchAttributesToSearchOn {
        return None;
    }
    let mut body: Value = serde_json::from_slice(call.content()).ok()?;
    let names = body.get_mut("attributesToSearchOn")?.as_array_mut()?;
    let position = names
        .iter()
        .filter_map(Value::as_str)
        .position(|name| is_about(&refusal.message, name))?;
    let name = names.remove(position);
    let narrower = || call.clone().json(body.to_string());
    is_known(app, index, &name).await.then(narrower)
}

/// Nodes name the first attribute that they do not know.
fn is_about(message: &str, name: &str) -> bool {
    message.contains(&format!("Attribute `{name}` is not searchable."))
}

/// Whether a node lets an attribute, or a pattern of attributes, be searched on.
async fn is_known(app: &App, index: &NodeUid, name: &Value) -> bool {
    let path = format!("/indexes/{index}/search");
    let body = json!({ "limit": 0, "attributesToSearchOn": [name] }).to_string();
    for node in app.cluster.reachable() {
        let call = Call::read(Method::POST, path.as_str(), app.cluster.read_deadline());
        let answer = app.cluster.call(&node, call.json(body.clone())).await;
        if answer.is_ok_and(|answer| answer.is_success()) {
            return true;
        }
    }
    false
}
