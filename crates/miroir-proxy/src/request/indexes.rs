//! Indexes come, change and go: the catalog decides, the nodes follow.

use std::sync::Arc;

use http::Method;
use miroir_core::error::ApiError;
use miroir_core::id::{IndexUid, NodeId, NodeUid, ShardCount, ShardSet};
use miroir_core::plan;
use miroir_core::settings::{Facts, UserSettings, fingerprint, overlay};
use miroir_core::wire::task::TaskKind;
use miroir_node::ContentType;
use miroir_store::table::CatalogRow;
use miroir_store::{Json, StoreError};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::clock;
use crate::cluster::defaults::{HIDDEN_INDEX, NodeDefaults};
use crate::cluster::identity::IDENTITY_INDEX;
use crate::cluster::lanes::LegRequest;
use crate::cluster::sequencer::{Head, Turn};
use crate::cluster::touches::Touched;
use crate::http::reply::Failure;
use crate::request::dispatch::{
    Accepted, CatalogChange, Follower, Operation, PlannedLeg, conclude, dispatch, within,
};
use crate::request::stats;
use crate::tasks::Work;

/// `POST /indexes`.
pub(crate) async fn create(
    app: &Arc<App>,
    uid: IndexUid,
    primary_key: Option<String>,
) -> Result<Accepted, Failure> {
    let turn = take_turn(app, &uid).await?;
    let details = Map::from_iter([("primaryKey".to_owned(), json!(primary_key))]);
    if turn.is_some() || is_taken(app, &uid).await? {
        let error = ApiError::index_already_exists(&uid);
        return conclude(
            app,
            Some(uid),
            TaskKind::IndexCreation,
            details,
            None,
            Some(error),
        )
        .await;
    }
    let defaults = app.node_defaults().await?;
    let head = new_head(app, &uid, primary_key).await?;
    let operation = Operation {
        kind: TaskKind::IndexCreation,
        details,
        custom_metadata: None,
        work: Work::CreateIndex,
        ..creation(app, uid, head, &defaults)
    };
    dispatch(app, turn, operation).await
}

/// `DELETE /indexes/{uid}`.
pub(crate) async fn delete(app: &Arc<App>, uid: IndexUid) -> Result<Accepted, Failure> {
    let turn = take_turn(app, &uid).await?;
    let details = Map::from_iter([("deletedDocuments".to_owned(), Value::Null)]);
    let Some(head) = turn.as_ref() else {
        let error = ApiError::index_not_found(&uid);
        let details = Map::from_iter([("deletedDocuments".to_owned(), json!(0))]);
        return conclude(
            app,
            Some(uid),
            TaskKind::IndexDeletion,
            details,
            None,
            Some(error),
        )
        .await;
    };
    let node_uid = head.node_uid.clone();
    let requests = deletion_requests(&node_uid);
    let operation = Operation {
        index: uid,
        kind: TaskKind::IndexDeletion,
        details,
        custom_metadata: None,
        touched: Touched::Nothing,
        work: Work::DeleteIndex {
            lexicon: app.dictionary.sent(&node_uid),
        },
        plan: plan::write(
            &app.write_view(&node_uid).cluster(),
            head.shards,
            &ShardSet::full(head.shards),
        ),
        legs: everywhere(app, &node_uid, head.shards, |_| requests.clone()),
        catalog: CatalogChange::Delete,
        new_fields: Vec::new(),
        follower: None,
        next: None,
        node_uid,
    };
    dispatch(app, turn, operation).await
}

/// `PATCH /indexes/{uid}` with a primary key.
pub(crate) async fn set_primary_key(
    app: &Arc<App>,
    uid: IndexUid,
    primary_key: Option<String>,
) -> Result<Accepted, Failure> {
    let details = Map::from_iter([("primaryKey".to_owned(), json!(primary_key))]);
    rekey(app, uid, primary_key, details).await
}

/// The same with any details of the task.
pub(crate) async fn rekey(
    app: &Arc<App>,
    uid: IndexUid,
    primary_key: Option<String>,
    details: Map<String, Value>,
) -> Result<Accepted, Failure> {
    let kind = TaskKind::IndexUpdate;
    let (turn, has_documents) = take_turn_to_rekey(app, &uid, primary_key.as_deref()).await?;
    let Some(head) = turn.clone() else {
        let error = ApiError::index_not_found(&uid);
        return conclude(app, Some(uid), kind, details, None, Some(error)).await;
    };
    let (Some(primary_key), false) = (primary_key.clone(), primary_key == head.primary_key) else {
        return conclude(app, Some(uid), kind, details, None, None).await;
    };
    if let Some(existing) = head.primary_key.as_ref().filter(|_| has_documents) {
        let error = key_is_set(&uid, existing);
        return conclude(app, Some(uid), kind, details, None, Some(error)).await;
    }
    let defaults = app.node_defaults().await?;
    let operation = Operation {
        details,
        ..new_key(app, uid, head, primary_key, &defaults)
    };
    dispatch(app, turn, operation).await
}

/// What becomes of a primary key that is given along with another name.
pub(crate) enum Rekeyed {
    /// It is that already, or there is no such index.
    Unneeded,
    /// A server would not set it.
    Refused(ApiError),
    /// It is being set, and the follower goes on from there.
    Begun(Box<Accepted>),
}

/// Sets the primary key of an index as a part of the task that gives it the name `new`.
pub(crate) async fn rekey_for_a_rename(
    app: &Arc<App>,
    uid: IndexUid,
    new: &IndexUid,
    primary_key: String,
    follower: Follower,
) -> Result<Rekeyed, Failure> {
    let (turn, has_documents) = take_turn_to_rekey(app, &uid, Some(&primary_key)).await?;
    let Some(head) = turn.clone() else {
        return Ok(Rekeyed::Unneeded);
    };
    match &head.primary_key {
        Some(existing) if *existing == primary_key => return Ok(Rekeyed::Unneeded),
        Some(existing) if has_documents => {
            return Ok(Rekeyed::Refused(key_is_set(new, existing)));
        }
        _ => {}
    }
    let defaults = app.node_defaults().await?;
    let operation = Operation {
        follower: Some(follower),
        ..new_key(app, uid, head, primary_key, &defaults)
    };
    let accepted = dispatch(app, turn, operation).await?;
    Ok(Rekeyed::Begun(Box::new(accepted)))
}

/// Of this task a server names the index; of a document task it does not.
fn key_is_set(uid: &IndexUid, existing: &str) -> ApiError {
    let mut error = ApiError::primary_key_exists(existing);
    error.message = format!("Index `{uid}`: {}", error.message);
    error
}

/// Every node learns the primary key.
fn new_key(
    app: &Arc<App>,
    uid: IndexUid,
    head: Head,
    primary_key: String,
    defaults: &NodeDefaults,
) -> Operation {
    let next = Head {
        primary_key: Some(primary_key.clone()),
        ..head
    };
    Operation {
        kind: TaskKind::IndexUpdate,
        details: Map::new(),
        custom_metadata: None,
        work: Work::SetPrimaryKey {
            primary_key: primary_key.clone(),
        },
        touched: Touched::Nothing,
        plan: plan::write(
            &app.write_view(&next.node_uid).cluster(),
            next.shards,
            &ShardSet::full(next.shards),
        ),
        legs: everywhere(app, &next.node_uid, next.shards, |_| {
            primary_key_requests(&next, &primary_key, defaults)
        }),
        catalog: CatalogChange::None,
        new_fields: Vec::new(),
        index: uid,
        node_uid: next.node_uid.clone(),
        follower: None,
        next: Some(next),
    }
}

/// The turn on an index, and whether it has documents, where that decides: a primary key that is known can be changed only in
/// an empty index. What is on its way may bring some or take the last ones away, so its end is waited for.
async fn take_turn_to_rekey(
    app: &Arc<App>,
    uid: &IndexUid,
    wanted: Option<&str>,
) -> Result<(Turn, bool), Failure> {
    let limit = app.config.server.request_timeout_ms.duration();
    let turn = async {
        let mut changes = app.open_tasks.changes();
        loop {
            changes.mark_unchanged();
            let turn = take_turn(app, uid).await?;
            let known = turn.as_ref().and_then(|head| head.primary_key.as_deref());
            let (Some(head), true, true) =
                (&*turn, wanted.is_some(), known.is_some() && known != wanted)
            else {
                return Ok((turn, false));
            };
            if !app.open_tasks.any_on(&head.node_uid)
                && let Some(index) = app.catalog.get(uid)
            {
                let (documents, uncovered) = stats::count(app, &index).await?;
                let has_documents = documents > 0 || !uncovered.is_empty();
                return Ok((turn, has_documents));
            }
            drop(turn);
            changes.changed().await.map_err(Failure::internal)?;
        }
    };
    within(limit, turn).await?
}

/// The turn on an index, within the request's deadline.
pub(crate) async fn take_turn(app: &App, uid: &IndexUid) -> Result<Turn, Failure> {
    let limit = app.config.server.request_timeout_ms.duration();
    let turn = async {
        app.cluster.health_board().met_all().await;
        app.sequencers.turn(uid, &app.catalog).await
    };
    within(limit, turn).await
}

/// A name that the nodes use, or have used, for another index must not meet a new one there.
pub(crate) async fn is_taken(app: &App, uid: &IndexUid) -> Result<bool, Failure> {
    let text = uid.as_str();
    if [HIDDEN_INDEX, IDENTITY_INDEX].contains(&text) {
        return Ok(true);
    }
    let text = text.strip_suffix("__twin").unwrap_or(text);
    let base = match text.rsplit_once("__") {
        Some((base, number)) if number.bytes().all(|digit| digit.is_ascii_digit()) => base,
        _ if text.len() < uid.as_str().len() => text,
        _ => return Ok(false),
    };
    let name = generation_name(base);
    Ok(app.store.read(move |tx| tx.sequences().peek(&name)).await? > 0)
}

/// Whether the fleet has given this name to an index at any time.
pub(crate) async fn has_been_named(app: &App, name: &NodeUid) -> Result<bool, StoreError> {
    let name = name.as_str().to_owned();
    app.store
        .read(move |tx| {
            let given = |base: &str| tx.sequences().peek(&generation_name(base));
            let later = name.rsplit_once("__");
            let later = later.and_then(|(base, number)| Some((base, number.parse::<u64>().ok()?)));
            let was_later = match later {
                Some((base, number)) => given(base)? > number,
                None => false,
            };
            Ok(was_later || given(&name)? > 0)
        })
        .await
}

fn generation_name(uid: &str) -> String {
    format!("generation:{uid}")
}

/// A new index of this name, under a node uid that the fleet has never used.
pub(crate) async fn new_head(
    app: &App,
    uid: &IndexUid,
    primary_key: Option<String>,
) -> Result<Head, Failure> {
    let name = generation_name(uid.as_str());
    let generation = app
        .store
        .write(move |tx| tx.sequences().next(&name))
        .await?;
    let generation = u32::try_from(generation).map_err(Failure::internal)?;
    Ok(Head {
        node_uid: match generation {
            0 => NodeUid::first(uid),
            _ => NodeUid::generation(uid, generation),
        },
        generation,
        primary_key,
        shards: app.shards,
        settings: UserSettings::default(),
        ids_case_folded: true,
    })
}

/// Everything that brings a new index into being on every node; the caller says what the client sees of it.
fn creation(app: &Arc<App>, uid: IndexUid, head: Head, defaults: &NodeDefaults) -> Operation {
    Operation {
        kind: TaskKind::IndexCreation,
        details: Map::new(),
        custom_metadata: None,
        work: Work::CreateIndex,
        touched: Touched::Nothing,
        plan: plan::write(
            &app.write_view(&head.node_uid).cluster(),
            head.shards,
            &ShardSet::full(head.shards),
        ),
        legs: everywhere(app, &head.node_uid, head.shards, |_| {
            creation_requests(&head, defaults)
        }),
        catalog: CatalogChange::Put(Box::new(new_row(&uid, &head))),
        new_fields: Vec::new(),
        index: uid,
        node_uid: head.node_uid.clone(),
        follower: None,
        next: Some(head),
    }
}

pub(crate) fn new_row(uid: &IndexUid, head: &Head) -> CatalogRow {
    let now = clock::now().to_string();
    CatalogRow {
        uid: uid.clone(),
        current_node_uid: head.node_uid.clone(),
        generation: head.generation,
        primary_key: head.primary_key.clone(),
        shards: head.shards,
        user_settings: Json::of(&head.settings),
        settings_version: 0,
        settings_fingerprint: settings_fingerprint(&head.settings),
        settings_view: None,
        ids_case_folded: head.ids_case_folded,
        frozen_reason: None,
        created_at: now.clone(),
        updated_at: now,
    }
}

/// The fingerprint of what a client set, as the catalog keeps it.
pub(crate) fn settings_fingerprint(settings: &UserSettings) -> Vec<u8> {
    fingerprint(&Value::Object(settings.as_object().clone())).into_bytes()
}

/// The twin, the index, and the overlay on it.
pub(crate) fn creation_requests(head: &Head, defaults: &NodeDefaults) -> Vec<LegRequest> {
    let create = |name: &NodeUid| {
        let body = json!({"uid": name, "primaryKey": head.primary_key});
        request(Method::POST, "/indexes".to_owned(), Some(body))
    };
    vec![
        create(&head.node_uid.twin()),
        create(&head.node_uid),
        overlay_request(head, defaults),
    ]
}

/// The twin and the index go away.
pub(crate) fn deletion_requests(node_uid: &NodeUid) -> Vec<LegRequest> {
    let remove = |name: &NodeUid| request(Method::DELETE, format!("/indexes/{name}"), None);
    vec![remove(&node_uid.twin()), remove(node_uid)]
}

/// The primary key became known: every node learns it, and the overlay is sent again, before the first document.
pub(crate) fn primary_key_requests(
    head: &Head,
    primary_key: &str,
    defaults: &NodeDefaults,
) -> Vec<LegRequest> {
    let body = json!({"primaryKey": primary_key});
    let set = request(
        Method::PATCH,
        format!("/indexes/{}", head.node_uid),
        Some(body),
    );
    vec![set, overlay_request(head, defaults)]
}

pub(crate) fn overlay_request(head: &Head, defaults: &NodeDefaults) -> LegRequest {
    let facts = Facts {
        default_ranking_rules: &defaults.ranking_rules,
        primary_key: head.primary_key.as_deref(),
        shards: head.shards,
        total_order: true,
    };
    let settings = overlay(&head.settings, &facts);
    request(
        Method::PATCH,
        format!("/indexes/{}/settings", head.node_uid),
        Some(settings),
    )
}

pub(crate) fn request(method: Method, path: String, body: Option<Value>) -> LegRequest {
    let body = body.map(|body| (ContentType::Json, body.to_string().into()));
    LegRequest {
        method,
        path,
        body,
        tagged: false,
    }
}

/// One leg for every node, with the shards that it owns of the index.
pub(crate) fn everywhere(
    app: &App,
    node_uid: &NodeUid,
    shards: ShardCount,
    requests: impl Fn(&ShardSet) -> Vec<LegRequest>,
) -> Vec<PlannedLeg> {
    let placement = app.cluster.topology().placement(shards);
    let view = app.write_view(node_uid);
    let nodes = plan::broadcast(&view.cluster());
    let owned = |node: &NodeId| {
        let mut owned = ShardSet::new();
        for group in placement.groups() {
            for (owner, shards) in group.nodes().filter(|(owner, _)| *owner == node) {
                debug_assert_eq!(owner, node);
                owned.extend(shards.iter());
            }
        }
        owned
    };
    nodes
        .into_iter()
        .map(|node| {
            let shards = owned(&node);
            PlannedLeg {
                requests: requests(&shards),
                shards,
                node,
            }
        })
        .collect()
}
