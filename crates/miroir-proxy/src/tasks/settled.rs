//! After a change of settings: what the next one builds on, and the nodes as they were when it failed.

use std::sync::Arc;
use std::time::Duration;

use miroir_core::id::NodeId;
use miroir_core::settings::UserSettings;
use miroir_core::wire::task::TaskStatus;
use tokio::sync::oneshot;

use crate::app::App;
use crate::catalog::Index;
use crate::cluster::lanes::{Leg, LegEnd};
use crate::cluster::sequencer::{Head, Turn};
use crate::request::indexes::overlay_request;
use crate::request::settings::twin_request;
use crate::tasks::OpenTask;

/// How long a node that could not be told is left alone.
const REST: Duration = Duration::from_millis(500);

/// The operations after the last change of settings build on what was committed, whether the change succeeded or not. What some
/// nodes have taken of one that failed is taken back, however long they are away; a proxy that is stopped meanwhile forgets it.
pub(super) async fn settle(app: &Arc<App>, task: &OpenTask, ended: TaskStatus) {
    let Some((index, mut turn)) = turn_of(app, task).await else {
        return;
    };
    // The last of several changes settles for all: it was built on those before it.
    if let Some(head) = turn.as_mut()
        && !app.open_tasks.changes_settings_of(&task.node_uid)
    {
        head.settings = index.settings.clone();
    }
    drop(turn);
    let (TaskStatus::Failed, Some(proposed)) = (ended, task.work.proposed_settings()) else {
        return;
    };
    let mut nodes = task.touched();
    while !nodes.is_empty() {
        let Some((_, turn)) = turn_of(app, task).await else {
            return;
        };
        // What changes that are under way will commit stays.
        let taken_back = |head: &Head| Head {
            settings: head
                .settings
                .in_place_of(UserSettings::from(proposed.clone())),
            ..head.clone()
        };
        let Some(head) = turn.as_ref().map(taken_back) else {
            return;
        };
        let sent = send(app, &head, &nodes).await;
        drop(turn);
        nodes.clear();
        for (node, end) in sent {
            if !matches!(end.await, Ok(LegEnd::Enqueued(_))) {
                nodes.push(node);
            }
        }
        if !nodes.is_empty() {
            tokio::time::sleep(REST).await;
        }
    }
}

/// The turn of the task's index, whatever it is called by now; `None` when it has gone.
async fn turn_of(app: &App, task: &OpenTask) -> Option<(Arc<Index>, Turn)> {
    loop {
        let index = app.catalog.of_node_uid(&task.node_uid)?;
        let turn = app.sequencers.turn(&index.row.uid, &app.catalog).await;
        let now = app.catalog.of_node_uid(&task.node_uid)?;
        // Else its name was changed meanwhile.
        if now.row.uid == index.row.uid {
            let head = turn.as_ref();
            let is_its = head.is_some_and(|head| head.node_uid == task.node_uid);
            return is_its.then_some((now, turn));
        }
    }
}

/// Sends the nodes the settings of `head`. To be called in turn.
async fn send(
    app: &Arc<App>,
    head: &Head,
    nodes: &[NodeId],
) -> Vec<(NodeId, oneshot::Receiver<LegEnd>)> {
    let defaults = app.node_defaults().await.ok();
    let leg_to = |node: &NodeId| {
        let Some(defaults) = &defaults else {
            // Nobody can be asked what an index begins with: nobody is sent anything.
            return (node.clone(), oneshot::channel().1);
        };
        let leg = Leg {
            requests: vec![twin_request(head), overlay_request(head, defaults)],
            tag: app.own_tag("taken-back"),
            task: None,
        };
        (node.clone(), app.lanes.push(node, &head.node_uid, leg))
    };
    nodes.iter().map(leg_to).collect()
}
