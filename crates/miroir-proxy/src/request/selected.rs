//! Writes that concern the documents that a filter selects. Nobody but the nodes can tell which those are: each node is told, and
//! changes the copies that it has.

use std::sync::Arc;

use http::Method;
use miroir_core::error::Code;
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::plan::ShardClause;
use miroir_node::ContentType;
use serde_json::{Value, json};

use crate::app::App;
use crate::cluster::defaults::HIDDEN_INDEX;
use crate::cluster::lanes::LegRequest;
use crate::cluster::sequencer::{Head, Turn};
use crate::http::reply::Failure;
use crate::request::dispatch::{PlannedLeg, within};
use crate::request::filter_with;
use crate::request::indexes::{everywhere, request, take_turn};
use crate::request::translate::Names;
use crate::request::twin;

/// What a server says at once about the body of such a write (`route` is the last part of its path): whether the feature is on,
/// whether filter and function can be read. A hidden index that has no documents stands in for whatever index is meant.
pub(crate) async fn judge(
    app: &App,
    uid: &IndexUid,
    route: &str,
    body: &Value,
) -> Result<(), Failure> {
    let path = format!("/indexes/{HIDDEN_INDEX}/documents/{route}");
    let body = body.to_string().into_bytes();
    match twin::ask(app, Method::POST, &path, Some(body)).await {
        Some(answer) if answer.is_success() => Ok(()),
        Some(answer) => {
            let hidden = HIDDEN_INDEX
                .parse()
                .expect("the hidden index has a valid name");
            Err(Names::new(&hidden, uid).relay_twin(answer))
        }
        None => Err(Failure::new(
            Code::MiroirNoQuorum,
            "No node can be reached to check the filter; nothing was changed. Retry when the nodes are back.",
        )),
    }
}

/// The next place in an index's sequence.
pub(crate) struct Place {
    pub(crate) turn: Turn,
    /// Whether a server lets the filter pass, under the settings that the write will meet. If not, the twins alone are told, and say why.
    pub(crate) passes: bool,
}

/// The turn on an index, once it is certain what a server would say of the filter there. While a change of settings is on its way,
/// that is certain only of filters without names that the overlay may have opened.
pub(crate) async fn take_place(
    app: &App,
    uid: &IndexUid,
    filter: Option<&Value>,
) -> Result<Place, Failure> {
    let limit = app.config.server.request_timeout_ms.duration();
    let place = async {
        let mut changes = app.open_tasks.changes();
        loop {
            changes.mark_unchanged();
            let turn = take_turn(app, uid).await?;
            if let Some(passes) = passes(app, uid, turn.as_ref(), filter).await {
                return Ok(Place { turn, passes });
            }
            drop(turn);
            changes.changed().await.map_err(Failure::internal)?;
        }
    };
    within(limit, place).await?
}

/// `None`: that is not known yet.
async fn passes(
    app: &App,
    uid: &IndexUid,
    head: Option<&Head>,
    filter: Option<&Value>,
) -> Option<bool> {
    let (Some(head), Some(filter)) = (head, filter) else {
        return Some(true);
    };
    let key = head.primary_key.as_deref();
    if !twin::names_what_only_the_overlay_opens(&head.settings, key, filter) {
        return Some(true);
    }
    if app.open_tasks.changes_settings_of(&head.node_uid) {
        return None;
    }
    let index = app.catalog.get(uid)?;
    let query = json!({ "filter": filter, "limit": 0 });
    let refusal = twin::refusal(
        app,
        &index,
        "documents/fetch",
        query.to_string().into_bytes(),
    );
    Some(refusal.await.is_none())
}

/// The legs of such a write. `body` makes a node's body from the filter that the node is to apply. Each twin gets `of_twin` before:
/// its error is the one that a server has, without what the overlay adds to lists of attributes.
pub(crate) fn legs(
    app: &Arc<App>,
    head: &Head,
    route: &str,
    passes: bool,
    of_twin: Option<&Value>,
    filter: Option<&Value>,
    body: impl Fn(Option<Value>) -> Value,
) -> Vec<PlannedLeg> {
    let path = |index: String| format!("/indexes/{index}/documents/{route}");
    let twin = of_twin.map(|body| {
        let path = path(head.node_uid.twin().to_string());
        request(Method::POST, path, Some(body.clone()))
    });
    // Lexicon documents are not the client's to change.
    let has_lexicon = app.dictionary.hides_in(&head.node_uid);
    everywhere(app, &head.node_uid, head.shards, |owned: &ShardSet| {
        let clause = has_lexicon.then(|| ShardClause::new(owned, &head.shards.all()).to_string());
        let filter = match clause {
            Some(clause) => filter_with(filter, Some(json!(clause))),
            None => filter.cloned(),
        };
        let own = LegRequest {
            method: Method::POST,
            path: path(head.node_uid.to_string()),
            body: Some((ContentType::Json, body(filter).to_string().into())),
            tagged: true,
        };
        twin.clone()
            .into_iter()
            .chain(passes.then_some(own))
            .collect()
    })
}
