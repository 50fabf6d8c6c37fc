//! `POST` and `PUT /indexes/{uid}/documents`: route by key, then the common second half of every write.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use miroir_core::document::batch::{Batch, Format, KeyName, Routes, Target};
use miroir_core::document::reserved::Reserved;
use miroir_core::error::ApiError;
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::plan;
use miroir_core::wire::task::TaskKind;
use miroir_node::ContentType;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::cluster::lanes::LegRequest;
use crate::cluster::sequencer::Head;
use crate::cluster::touches::Touched;
use crate::http::reply::Failure;
use crate::request::dispatch::{
    Accepted, CatalogChange, Operation, PlannedLeg, conclude, dispatch,
};
use crate::request::indexes::{
    creation_requests, everywhere, new_head, new_row, primary_key_requests, take_turn,
};
use crate::tasks::Work;

/// What the client said about the documents it sends.
pub(crate) struct Parameters {
    pub(crate) method: Method,
    pub(crate) primary_key: Option<String>,
    pub(crate) custom_metadata: Option<String>,
    pub(crate) skip_creation: bool,
    /// Whether the client's key may bring a missing index into being.
    pub(crate) may_create: bool,
}

/// Names under `_miroir_` that belong to Miroir in this version: versions and expiry come with their capabilities.
pub(crate) const RESERVED: Reserved = Reserved {
    versions: false,
    expiry: false,
};

/// Details of a task that took none of the documents.
fn rejected(received: usize) -> Map<String, Value> {
    Map::from_iter([
        ("receivedDocuments".to_owned(), json!(received)),
        ("indexedDocuments".to_owned(), json!(0)),
    ])
}

/// Adds or replaces documents.
pub(crate) async fn write(
    app: &Arc<App>,
    uid: IndexUid,
    parameters: Parameters,
    format: Format,
    body: Bytes,
) -> Result<Accepted, Failure> {
    let (batch, _) =
        tokio::task::block_in_place(|| Batch::read(body, format, Some(RESERVED), None))?;
    let batch = Arc::new(batch);
    let turn = take_turn(app, &uid).await?;
    let received = batch.len();
    let kind = TaskKind::DocumentAdditionOrUpdate;
    let details = Map::from_iter([
        ("receivedDocuments".to_owned(), json!(received)),
        ("indexedDocuments".to_owned(), Value::Null),
    ]);

    let (head, exists) = match turn.clone() {
        Some(head) => (head, true),
        None if !parameters.may_create => {
            let error = ApiError::index_not_found(&uid);
            let details = rejected(received);
            let metadata = parameters.custom_metadata;
            return conclude(app, Some(uid), kind, details, metadata, Some(error)).await;
        }
        None => (new_head(app, &uid, None).await?, false),
    };
    let routed =
        tokio::task::block_in_place(|| route(&batch, &head, parameters.primary_key.as_deref()));
    let (routes, error) = match routed {
        Ok(routes) => (Some(Arc::new(routes)), None),
        Err(error) => (None, Some(error)),
    };
    if exists && (error.is_some() || received == 0) {
        let details = rejected(received);
        return conclude(
            app,
            Some(uid),
            kind,
            details,
            parameters.custom_metadata,
            error,
        )
        .await;
    }

    let learnt = routes
        .as_ref()
        .and_then(|routes| routes.primary_key().map(str::to_owned));
    let folded = routes
        .as_ref()
        .is_none_or(|routes| routes.ids_case_folded());
    let new_fields = match &routes {
        Some(_) => {
            let key = head
                .primary_key
                .as_ref()
                .or(parameters.primary_key.as_ref());
            let known = app.catalog.fields(&head.node_uid);
            let missing = known.missing(key.map(String::as_str), batch.field_names());
            missing.into_iter().map(str::to_owned).collect()
        }
        // A payload that fails as a whole leaves no trace.
        None => Vec::new(),
    };
    let next = Head {
        primary_key: head.primary_key.clone().or(learnt),
        ids_case_folded: head.ids_case_folded && folded,
        ..head.clone()
    };
    let news = News {
        index: !exists || app.unannounced.contains(&head.node_uid),
        primary_key: exists && next.primary_key != head.primary_key,
    };
    let announcement = news.requests(app, &next).await?;
    let touched = routes
        .as_ref()
        .map(|routes| routes.touched())
        .unwrap_or_default();
    // A new index concerns every shard: a node that owns none of these documents must not lack it unnoticed.
    let wanted = if touched.is_empty() || news.index {
        ShardSet::full(next.shards)
    } else {
        touched
    };
    let legs = legs(
        app,
        &batch,
        routes.as_ref(),
        &parameters,
        &next,
        &announcement,
        &wanted,
    );
    if error.is_none() {
        app.dictionary
            .learn(&app.store, &uid, &next, !exists, &batch)
            .await?;
    }
    let operation = Operation {
        kind,
        details,
        custom_metadata: parameters.custom_metadata,
        work: match error {
            Some(error) => Work::FailWith {
                error: json!(error),
            },
            None => Work::Documents {
                indexed: routes
                    .as_ref()
                    .map_or(0, |routes| keys(&batch, routes).len() as u64),
            },
        },
        plan: plan::write(
            &app.write_view(&next.node_uid).cluster(),
            next.shards,
            &wanted,
        ),
        legs,
        new_fields,
        touched: routes
            .as_ref()
            .filter(|_| app.touches.is_watched(&next.node_uid))
            .map_or(Touched::Nothing, |routes| {
                Touched::Documents(
                    keys(&batch, routes)
                        .into_iter()
                        .map(Cow::into_owned)
                        .collect(),
                )
            }),
        catalog: if !exists {
            CatalogChange::Put(Box::new(new_row(&uid, &next)))
        } else if let Some(primary_key) = next
            .primary_key
            .clone()
            .filter(|_| head.primary_key.is_none())
        {
            CatalogChange::LearnKey {
                primary_key,
                ids_case_folded: next.ids_case_folded,
            }
        } else if next.ids_case_folded != head.ids_case_folded {
            CatalogChange::UnfoldIds
        } else {
            CatalogChange::None
        },
        index: uid,
        node_uid: next.node_uid.clone(),
        follower: None,
        next: Some(next),
    };
    dispatch(app, turn, operation).await
}

/// The shard of every document, or the error that the client's task fails with.
fn route(batch: &Batch, head: &Head, wanted_key: Option<&str>) -> Result<Routes, ApiError> {
    if let (Some(existing), Some(wanted)) = (&head.primary_key, wanted_key)
        && existing != wanted
    {
        return Err(ApiError::primary_key_exists(existing));
    }
    let key = match head.primary_key.as_deref().or(wanted_key) {
        Some(name) => KeyName::Known(name),
        None => KeyName::Inferred,
    };
    batch.route(Target {
        key,
        shards: head.shards,
    })
}

/// The different documents of a batch; their number is what a server reports as indexed.
fn keys<'b>(batch: &'b Batch, routes: &Routes) -> HashSet<Cow<'b, str>> {
    let Some(name) = routes.primary_key() else {
        return HashSet::new();
    };
    batch
        .documents()
        .filter_map(|document| batch.key_of(document, name).ok())
        .collect()
}

/// What every node learns before the documents, whether it receives any or not.
struct News {
    index: bool,
    primary_key: bool,
}

impl News {
    async fn requests(&self, app: &App, next: &Head) -> Result<Vec<LegRequest>, Failure> {
        let mut requests = Vec::new();
        if self.index {
            requests.extend(creation_requests(next, &app.node_defaults().await?));
        }
        if let Some(key) = next.primary_key.as_deref().filter(|_| self.primary_key) {
            requests.extend(primary_key_requests(next, key, &app.node_defaults().await?));
        }
        Ok(requests)
    }
}

/// What each node is sent: the announcement, and the documents of its shards.
fn legs(
    app: &Arc<App>,
    batch: &Arc<Batch>,
    routes: Option<&Arc<Routes>>,
    parameters: &Parameters,
    next: &Head,
    announcement: &[LegRequest],
    concerned: &ShardSet,
) -> Vec<PlannedLeg> {
    let touched = routes.map(|routes| routes.touched()).unwrap_or_default();
    let path = documents_path(next, parameters);
    let max_bytes = app.config.scatter.node_max_body_bytes.length();
    let mut legs = everywhere(app, &next.node_uid, next.shards, |owned| {
        let mut requests = announcement.to_vec();
        let wanted = owned.intersection(&touched);
        if let Some(routes) = routes.filter(|_| !wanted.is_empty()) {
            requests.extend(
                batch
                    .leg_bodies(routes, wanted, None, max_bytes)
                    .map(|body| LegRequest {
                        method: parameters.method.clone(),
                        path: path.clone(),
                        body: Some((ContentType::of(&body), body.into())),
                        tagged: true,
                    }),
            );
        }
        requests
    });
    for leg in &mut legs {
        leg.shards = leg.shards.intersection(concerned);
    }
    legs.retain(|leg| !leg.requests.is_empty());
    legs
}

fn documents_path(head: &Head, parameters: &Parameters) -> String {
    let mut path = format!("/indexes/{}/documents", head.node_uid);
    let mut query = Vec::new();
    if let Some(key) = &head.primary_key {
        query.push(("primaryKey", key.as_str()));
    }
    if parameters.skip_creation {
        query.push(("skipCreation", "true"));
    }
    if !query.is_empty() {
        path.push('?');
        path.push_str(&serde_urlencoded::to_string(query).expect("pairs of text always encode"));
    }
    path
}
