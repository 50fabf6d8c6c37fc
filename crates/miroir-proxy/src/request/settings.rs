//! Settings: validated by a twin, sequenced, sent as twin settings and overlay to every node, committed when all have applied them.

use std::sync::Arc;

use http::Method;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::plan;
use miroir_core::settings::{UserSettings, refuse_reserved, reset_details, task_details};
use miroir_core::wire::task::TaskKind;
use serde_json::{Map, Value};

use crate::app::App;
use crate::cluster::lanes::{Leg, LegRequest};
use crate::cluster::sequencer::Head;
use crate::cluster::touches::Touched;
use crate::http::reply::Failure;
use crate::request::dispatch::{
    Accepted, CatalogChange, Operation, PlannedLeg, conclude, dispatch,
};
use crate::request::documents::RESERVED;
use crate::request::indexes::{
    creation_requests, everywhere, new_head, new_row, overlay_request, request, take_turn,
};
use crate::request::translate::Names;
use crate::request::twin;
use crate::tasks::Work;

/// A change of settings as one PATCH-like object; `null` resets.
pub(crate) struct Change {
    pub(crate) patch: Map<String, Value>,
    /// What the client wrote: method, path below `/settings`, body. A twin judges exactly that.
    pub(crate) method: Method,
    pub(crate) sub_route: String,
    pub(crate) body: Vec<u8>,
    /// Whether the client's key may bring a missing index into being.
    pub(crate) may_create: bool,
}

impl Change {
    fn resets_all(&self) -> bool {
        self.method == Method::DELETE && self.sub_route.is_empty()
    }
}

/// Any settings write.
pub(crate) async fn change(
    app: &Arc<App>,
    uid: IndexUid,
    change: Change,
) -> Result<Accepted, Failure> {
    refuse_reserved(&change.patch, RESERVED)?;
    let turn = take_turn(app, &uid).await?;
    let deletes = change.method == Method::DELETE;
    let (head, exists) = match turn.clone() {
        Some(head) => (head, true),
        None if deletes || !change.may_create => {
            let error = ApiError::index_not_found(&uid);
            return conclude(
                app,
                Some(uid),
                TaskKind::SettingsUpdate,
                details(&change),
                None,
                Some(error),
            )
            .await;
        }
        None => (new_head(app, &uid, None).await?, false),
    };
    validate(app, &uid, &head, &change).await?;

    let mut settings = head.settings.clone();
    if change.resets_all() {
        settings.reset();
    }
    settings.apply_patch(&change.patch);
    let before = head.clone();
    let next = Head { settings, ..head };
    let defaults = app.node_defaults().await?;
    let before = exists.then_some(&before);
    let mut legs: Vec<PlannedLeg> = everywhere(app, &next.node_uid, next.shards, |_| {
        let mut requests = Vec::new();
        if !exists || app.unannounced.contains(&next.node_uid) {
            requests.extend(creation_requests(&next, &defaults));
        }
        requests.push(twin_request(&next));
        requests.push(overlay_request(&next, &defaults));
        requests
    });
    if let Some(before) = before {
        for leg in &mut legs {
            let opt_out = app
                .dictionary
                .opt_out(app.cluster_id(), &leg.node, before, &next);
            leg.requests.splice(0..0, opt_out);
        }
    }
    let operation = Operation {
        kind: TaskKind::SettingsUpdate,
        details: details(&change),
        custom_metadata: None,
        work: Work::Settings {
            settings: next.settings.as_object().clone(),
        },
        plan: plan::write(
            &app.write_view(&next.node_uid).cluster(),
            next.shards,
            &ShardSet::full(next.shards),
        ),
        legs,
        new_fields: Vec::new(),
        touched: Touched::Nothing,
        catalog: if exists {
            CatalogChange::None
        } else {
            let created = Head {
                settings: UserSettings::default(),
                ..next.clone()
            };
            CatalogChange::Put(Box::new(new_row(&uid, &created)))
        },
        node_uid: next.node_uid.clone(),
        index: uid.clone(),
        follower: None,
        next: Some(next),
    };
    let changed = dispatch(app, turn, operation).await;
    if changed.is_err() {
        withdraw(app, &uid, &change.patch).await;
    }
    changed
}

/// A twin has taken a change to judge it, and then it could not be made: what clients read back must not show it later.
async fn withdraw(app: &App, uid: &IndexUid, patch: &Map<String, Value>) {
    let turn = app.sequencers.turn(uid, &app.catalog).await;
    let Some(head) = turn.as_ref() else { return };
    let mut proposed = head.settings.clone();
    proposed.apply_patch(patch);
    let head = Head {
        settings: head.settings.in_place_of(proposed),
        ..head.clone()
    };
    for node in app.cluster.node_ids() {
        let leg = Leg::of_process(vec![twin_request(&head)], app.own_tag("withdrawn"));
        // Nobody waits for it: a node that is away does not show its twin either.
        drop(app.lanes.push(node, &head.node_uid, leg));
    }
}

/// What the task shows of the change.
fn details(change: &Change) -> Map<String, Value> {
    if change.resets_all() {
        reset_details(&change.patch)
    } else {
        task_details(&change.patch)
    }
}

/// The twin gets exactly what the client set.
pub(crate) fn twin_request(head: &Head) -> LegRequest {
    let path = format!("/indexes/{}/settings", head.node_uid.twin());
    request(
        Method::PATCH,
        path,
        Some(Value::Object(head.settings.as_object().clone())),
    )
}

/// One twin receives the client's own request first: its refusal is the answer. Where there is no index yet, there is no twin yet
/// either, and sending it settings creates it.
async fn validate(app: &App, uid: &IndexUid, head: &Head, change: &Change) -> Result<(), Failure> {
    let path = format!(
        "/indexes/{}/settings{}",
        head.node_uid.twin(),
        change.sub_route
    );
    let body = (change.method != Method::DELETE).then(|| change.body.clone());
    let Some(answer) = twin::ask(app, change.method.clone(), &path, body).await else {
        return Err(Failure::new(
            Code::MiroirNoQuorum,
            "No node can be reached to check the settings; nothing was changed. Retry when the nodes are back.",
        ));
    };
    if answer.is_success() {
        Ok(())
    } else {
        Err(Names::new(&head.node_uid, uid).relay_twin(answer))
    }
}
