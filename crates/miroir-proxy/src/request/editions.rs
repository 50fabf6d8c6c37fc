//! Editing documents by a function, on every node.
//!
//! The function is the client's program, and must not see or lose what Miroir adds to documents: a line before it takes that
//! away, a line after it puts it back.

use std::sync::Arc;

use miroir_core::document::marker::SHARD_FIELD;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::plan;
use miroir_core::wire::documents::EditDocuments;
use miroir_core::wire::task::TaskKind;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::cluster::defaults::HIDDEN_INDEX;
use crate::cluster::touches::Touched;
use crate::http::reply::Failure;
use crate::request::dispatch::{Accepted, CatalogChange, Operation, conclude, dispatch};
use crate::request::resolve;
use crate::request::selected::{Place, judge, legs, take_place};
use crate::tasks::Work;

const ROUTE: &str = "edit";

/// The uid of the index. A server looks at it after it has seen that the feature is on.
pub(crate) async fn uid(app: &App, text: &str) -> Result<IndexUid, Failure> {
    let refused = match resolve::uid(text) {
        Ok(uid) => return Ok(uid),
        Err(error) => error,
    };
    let hidden: IndexUid = HIDDEN_INDEX
        .parse()
        .expect("the hidden index has a valid name");
    judge(app, &hidden, ROUTE, &json!({ "function": "" })).await?;
    Err(refused.into())
}

/// `POST /indexes/{uid}/documents/edit`. Every node must have the experimental feature on.
pub(crate) async fn edit(
    app: &Arc<App>,
    uid: IndexUid,
    edition: EditDocuments,
    custom_metadata: Option<String>,
) -> Result<Accepted, Failure> {
    let body = json!(edition);
    judge(app, &uid, ROUTE, &body).await?;
    let context = edition.context_object()?.cloned();
    if ends_early(&edition.function) {
        return Err(Failure::new(
            Code::MiroirCapabilityDisabled,
            "A function with the words `return` or `exit` in it cannot be used through Miroir; nothing was changed. Write it without them.",
        ));
    }
    let filter = edition.filter.as_ref();
    let details = |edited: Value| {
        Map::from_iter([
            ("editedDocuments".to_owned(), edited),
            ("deletedDocuments".to_owned(), Value::Null),
            (
                "originalFilter".to_owned(),
                json!(filter.map(ToString::to_string)),
            ),
            ("context".to_owned(), json!(context)),
            ("function".to_owned(), json!(edition.function)),
        ])
    };
    let Place { turn, passes } = take_place(app, &uid, filter).await?;
    let kind = TaskKind::DocumentEdition;
    let Some(head) = turn.clone() else {
        let error = Some(ApiError::index_not_found(&uid));
        return conclude(
            app,
            Some(uid),
            kind,
            details(json!(0)),
            custom_metadata,
            error,
        )
        .await;
    };
    let guarded = guarded(&edition.function);
    let own = |filter: Option<Value>| {
        json!(EditDocuments {
            filter,
            context: edition.context.clone(),
            function: guarded.clone(),
        })
    };
    let of_twin = filter.is_some().then_some(&body);
    let legs = legs(app, &head, ROUTE, passes, of_twin, filter, own);
    let operation = Operation {
        index: uid,
        kind,
        details: details(Value::Null),
        custom_metadata,
        touched: Touched::Everything,
        work: Work::EditDocuments,
        plan: plan::write(
            &app.write_view(&head.node_uid).cluster(),
            head.shards,
            &ShardSet::full(head.shards),
        ),
        legs,
        catalog: CatalogChange::None,
        new_fields: Vec::new(),
        node_uid: head.node_uid.clone(),
        follower: None,
        next: Some(head),
    };
    dispatch(app, turn, operation).await
}

/// Whether the function may end before its last line, so that nothing after it would run. A word in a text counts too.
fn ends_early(function: &str) -> bool {
    let is_part = |symbol: char| symbol.is_alphanumeric() || symbol == '_';
    let mut words = function.split(|symbol| !is_part(symbol));
    words.any(|word| ["return", "exit", "eval"].contains(&word))
}

/// The function, with the marker out of its sight. [`without_guard`] translates the places in its errors back.
fn guarded(function: &str) -> String {
    format!(
        "let {SHARD_FIELD} = doc.remove(\"{SHARD_FIELD}\");\n{function}\n;if type_of(doc) == \"map\" {{ doc.{SHARD_FIELD} = {SHARD_FIELD}; }}"
    )
}

/// An error of a guarded function, with the lines counted as the client counts them.
pub(crate) fn without_guard(message: &str) -> String {
    const LINE: &str = "(line ";
    let mut parts = message.split(LINE);
    let mut counted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part
            .find(|symbol: char| !symbol.is_ascii_digit())
            .unwrap_or(part.len());
        let (number, rest) = part.split_at(digits);
        counted.push_str(LINE);
        match number.parse::<u32>() {
            Ok(line) => counted.push_str(&line.saturating_sub(1).to_string()),
            Err(_) => counted.push_str(number),
        }
        counted.push_str(rest);
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::{ends_early, guarded, without_guard};

    #[test]
    fn lines_are_counted_as_the_client_counts_them() {
        assert_eq!(guarded("doc.a = 1").lines().nth(1), Some("doc.a = 1"));
        assert_eq!(
            without_guard(
                "Variable not found: x (line 2, position 9)\nin call to f (line 11, position 1)"
            ),
            "Variable not found: x (line 1, position 9)\nin call to f (line 10, position 1)"
        );
    }

    #[test]
    fn functions_that_end_early_are_found() {
        assert!(ends_early("if doc.a { return; }"));
        assert!(ends_early("exit(1)"));
        assert!(!ends_early("doc.returned = doc.exits;"));
    }
}
