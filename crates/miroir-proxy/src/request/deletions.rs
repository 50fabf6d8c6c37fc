//! Deletions: by ids, routed like the documents were; by a filter, and all documents, on every node.

use std::sync::Arc;

use http::Method;
use miroir_core::document::deletion::Deletion;
use miroir_core::error::ApiError;
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::plan;
use miroir_core::wire::task::TaskKind;
use miroir_node::ContentType;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::capabilities::exact_dictionary::Sent;
use crate::cluster::lanes::LegRequest;
use crate::cluster::sequencer::{Head, Turn};
use crate::cluster::touches::Touched;
use crate::http::reply::Failure;
use crate::request::dispatch::{
    Accepted, CatalogChange, Operation, PlannedLeg, conclude, dispatch,
};
use crate::request::indexes::{everywhere, take_turn};
use crate::request::selected::{Place, judge, legs, take_place};
use crate::tasks::Work;

/// Deletes documents by id. Ids that nobody has are no error.
pub(crate) async fn by_ids(
    app: &Arc<App>,
    uid: IndexUid,
    deletion: Deletion,
    custom_metadata: Option<String>,
) -> Result<Accepted, Failure> {
    let details = |deleted: Value| {
        Map::from_iter([
            ("providedIds".to_owned(), json!(deletion.ids().len())),
            ("deletedDocuments".to_owned(), deleted),
            ("originalFilter".to_owned(), Value::Null),
        ])
    };
    let (turn, head) = match take(app, &uid).await? {
        (turn, Some(head)) => (turn, head),
        (_, None) => return not_found(app, uid, details(json!(0)), custom_metadata).await,
    };
    if deletion.ids().is_empty() || head.primary_key.is_none() {
        let kind = TaskKind::DocumentDeletion;
        return conclude(
            app,
            Some(uid),
            kind,
            details(json!(0)),
            custom_metadata,
            None,
        )
        .await;
    }
    let wanted = deletion.touched(head.shards);
    let path = format!("/indexes/{}/documents/delete-batch", head.node_uid);
    let mut legs = everywhere(app, &head.node_uid, head.shards, |owned| {
        let mine = owned.intersection(&wanted);
        if mine.is_empty() {
            return Vec::new();
        }
        let (body, _) = deletion.leg_body(head.shards, &mine);
        let body = Some((ContentType::Json, body.into()));
        vec![LegRequest {
            method: Method::POST,
            path: path.clone(),
            body,
            tagged: true,
        }]
    });
    legs.retain(|leg| !leg.requests.is_empty());
    for leg in &mut legs {
        leg.shards = leg.shards.intersection(&wanted);
    }
    let details = details(Value::Null);
    let touched = Touched::Documents(deletion.ids().iter().cloned().collect());
    dispatch(
        app,
        turn,
        Operation {
            touched,
            ..operation(app, uid, head, details, custom_metadata, &wanted, legs)
        },
    )
    .await
}

/// Deletes the documents that a filter selects.
pub(crate) async fn by_filter(
    app: &Arc<App>,
    uid: IndexUid,
    filter: &Value,
    custom_metadata: Option<String>,
) -> Result<Accepted, Failure> {
    const ROUTE: &str = "delete";
    let body = |filter: Option<Value>| json!({ "filter": filter });
    let of_client = body(Some(filter.clone()));
    judge(app, &uid, ROUTE, &of_client).await?;
    let details = |deleted: Value| {
        Map::from_iter([
            ("providedIds".to_owned(), json!(0)),
            ("deletedDocuments".to_owned(), deleted),
            ("originalFilter".to_owned(), json!(filter.to_string())),
        ])
    };
    let Place { turn, passes } = take_place(app, &uid, Some(filter)).await?;
    let Some(head) = turn.clone() else {
        return not_found(app, uid, details(json!(0)), custom_metadata).await;
    };
    let twin = Some(&of_client);
    let legs = legs(app, &head, ROUTE, passes, twin, Some(filter), body);
    let wanted = ShardSet::full(head.shards);
    let details = details(Value::Null);
    let operation = operation(app, uid, head, details, custom_metadata, &wanted, legs);
    dispatch(app, turn, operation).await
}

/// Deletes every document.
pub(crate) async fn all(
    app: &Arc<App>,
    uid: IndexUid,
    custom_metadata: Option<String>,
) -> Result<Accepted, Failure> {
    let details = |deleted: Value| Map::from_iter([("deletedDocuments".to_owned(), deleted)]);
    let (turn, head) = match take(app, &uid).await? {
        (turn, Some(head)) => (turn, head),
        (_, None) => return not_found(app, uid, details(json!(0)), custom_metadata).await,
    };
    let path = format!("/indexes/{}/documents", head.node_uid);
    let request = LegRequest {
        method: Method::DELETE,
        path,
        body: None,
        tagged: true,
    };
    let lexicon = app.dictionary.empty(&app.store, &head).await?;
    let legs = everywhere(app, &head.node_uid, head.shards, |_| vec![request.clone()]);
    let wanted = ShardSet::full(head.shards);
    let details = details(Value::Null);
    dispatch(
        app,
        turn,
        Operation {
            work: Work::DeleteDocuments { lexicon },
            ..operation(app, uid, head, details, custom_metadata, &wanted, legs)
        },
    )
    .await
}

async fn take(app: &App, uid: &IndexUid) -> Result<(Turn, Option<Head>), Failure> {
    let turn = take_turn(app, uid).await?;
    let head = turn.clone();
    Ok((turn, head))
}

async fn not_found(
    app: &App,
    uid: IndexUid,
    details: Map<String, Value>,
    custom_metadata: Option<String>,
) -> Result<Accepted, Failure> {
    let error = ApiError::index_not_found(&uid);
    conclude(
        app,
        Some(uid),
        TaskKind::DocumentDeletion,
        details,
        custom_metadata,
        Some(error),
    )
    .await
}

fn operation(
    app: &App,
    index: IndexUid,
    head: Head,
    details: Map<String, Value>,
    custom_metadata: Option<String>,
    wanted: &ShardSet,
    legs: Vec<PlannedLeg>,
) -> Operation {
    Operation {
        index,
        kind: TaskKind::DocumentDeletion,
        details,
        custom_metadata,
        touched: Touched::Everything,
        work: Work::DeleteDocuments {
            lexicon: Sent::new(),
        },
        plan: plan::write(
            &app.write_view(&head.node_uid).cluster(),
            head.shards,
            wanted,
        ),
        legs,
        catalog: CatalogChange::None,
        new_fields: Vec::new(),
        node_uid: head.node_uid.clone(),
        follower: None,
        next: Some(head),
    }
}
