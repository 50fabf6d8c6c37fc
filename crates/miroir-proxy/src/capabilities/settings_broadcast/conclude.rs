//! The second half of a change: the nodes that have applied it are asked what they have now, and those that have not are told
//! again, until it is known whether it can be committed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use miroir_core::id::{NodeId, NodeUid};
use miroir_core::settings::UserSettings;
use miroir_store::table::{NodeTaskState, SettingsCopyRow, SettingsState};
use tokio::time::timeout;

use super::covers;
use super::look::{Place, Sight};
use crate::app::App;
use crate::catalog::Index;
use crate::clock;
use crate::config::SettingsStrategy;
use crate::fault::{self, Fault};
use crate::http::reply::chain;
use crate::tasks::{Broadcast, OpenTask, Work};

const FIRST_REST: Duration = Duration::from_secs(1);

/// What has become of a proposal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// The nodes that have it, by their own word.
    pub(crate) in_line: BTreeSet<NodeId>,
    /// The nodes that it was sent to and that may have it.
    pub(crate) touched: BTreeSet<NodeId>,
    /// Whether it becomes the committed version.
    pub(crate) commits: bool,
}

impl Verified {
    /// What is remembered of every node once the change has ended. `version` is the committed one then.
    pub(crate) fn rows(
        &self,
        app: &App,
        index: &NodeUid,
        version: u64,
        fingerprint: &[u8],
    ) -> Vec<SettingsCopyRow> {
        let fingerprint = String::from_utf8_lossy(fingerprint);
        let row = |node: &NodeId| {
            let state = match (self.commits, self.in_line.contains(node)) {
                (true, true) => SettingsState::InLine,
                (true, false) => SettingsState::Behind,
                // It has what is not committed.
                (false, _) if self.touched.contains(node) => SettingsState::Drifted,
                (false, _) => return None,
            };
            let known = app.settings.copy(index, node);
            let before = version.saturating_sub(u64::from(self.commits));
            Some(match state {
                SettingsState::InLine => SettingsCopyRow {
                    node_uid: index.clone(),
                    node_id: node.clone(),
                    version,
                    fingerprint: fingerprint.clone().into_owned(),
                    state,
                    verified_at: clock::now_ms(),
                },
                _ => SettingsCopyRow {
                    node_uid: index.clone(),
                    node_id: node.clone(),
                    version: known.as_ref().map_or(before, |known| known.version),
                    fingerprint: known
                        .as_ref()
                        .map(|known| known.fingerprint.clone())
                        .unwrap_or_default(),
                    state,
                    verified_at: known.map_or(0, |known| known.verified_at),
                },
            })
        };
        app.cluster.node_ids().filter_map(row).collect()
    }
}

/// Verifies a change all of whose legs have ended; the task's poller goes on from what it notes.
pub(crate) async fn conclude(app: Arc<App>, task: OpenTask) {
    let verified = verify(&app, &task).await;
    fault::point(Fault::SettingsReadBack);
    app.open_tasks.update(task.uid, |open| {
        open.broadcast = Some(Broadcast::Verified(verified));
    });
}

/// `None` for an index that is only coming into being: nobody has read it yet, and its copies follow the rules of all writes.
async fn verify(app: &Arc<App>, task: &OpenTask) -> Option<Verified> {
    let index = app.catalog.of_node_uid(&task.node_uid);
    let index = index.filter(|index| index.is_ready())?;
    let Work::Settings { settings } = &task.work else {
        // It was refused.
        return Some(Verified {
            touched: touched(task),
            ..Verified::default()
        });
    };
    let settings = UserSettings::from(settings.clone());
    let mut applied: BTreeSet<NodeId> = task.applied_on().into_iter().collect();
    let mut touched = touched(task);
    let retries = match app.config.settings_broadcast.strategy {
        SettingsStrategy::TwoPhase => app.config.settings_broadcast.max_repair_retries,
        SettingsStrategy::Sequential => 0,
    };
    let mut rest = FIRST_REST;
    let mut attempt = 0;
    loop {
        let in_line = in_line(app, task, &settings, &applied).await;
        let commits = may_commit(app, &index, task, &in_line);
        // Where no node at all can apply it, no other attempt will.
        if commits || applied.is_empty() || attempt == retries {
            return Some(Verified {
                in_line,
                touched,
                commits,
            });
        }
        attempt += 1;
        tokio::time::sleep(rest).await;
        rest *= 2;
        let others: Vec<NodeId> = app
            .cluster
            .node_ids()
            .filter(|node| !in_line.contains(*node))
            .cloned()
            .collect();
        let sent = join_all(others.iter().map(async |node| {
            let place = place(app, task, node);
            let sent = timeout(limit(app), place.send(&settings)).await;
            matches!(sent, Ok(Ok(())))
        }));
        for (node, sent) in others.iter().zip(sent.await) {
            touched.insert(node.clone());
            if sent {
                applied.insert(node.clone());
            }
        }
    }
}

/// Whether the change is in force where it has to be.
fn may_commit(app: &App, index: &Index, task: &OpenTask, in_line: &BTreeSet<NodeId>) -> bool {
    match app.config.settings_broadcast.strategy {
        SettingsStrategy::TwoPhase => covers(
            app.cluster.topology(),
            index.shards(),
            &app.staleness.of(&task.node_uid),
            |node| in_line.contains(node),
        ),
        SettingsStrategy::Sequential => app.cluster.node_ids().all(|node| in_line.contains(node)),
    }
}

/// The nodes that have taken the settings themselves, and not only those of the twin.
fn touched(task: &OpenTask) -> BTreeSet<NodeId> {
    let last = |node: &NodeId| {
        let legs = task.legs.iter().filter(|leg| leg.key.node_id == *node);
        legs.max_by_key(|leg| leg.key.leg)
    };
    let nodes: BTreeSet<&NodeId> = task.legs.iter().map(|leg| &leg.key.node_id).collect();
    nodes
        .into_iter()
        .filter(|node| last(node).is_some_and(|leg| may_have_applied(leg.state, leg.node_task)))
        .cloned()
        .collect()
}

/// A leg that was given up may still be applied.
fn may_have_applied(state: NodeTaskState, node_task: Option<u32>) -> bool {
    state == NodeTaskState::Succeeded || (state != NodeTaskState::Failed && node_task.is_some())
}

/// Which of these nodes show the settings.
async fn in_line(
    app: &Arc<App>,
    task: &OpenTask,
    settings: &UserSettings,
    nodes: &BTreeSet<NodeId>,
) -> BTreeSet<NodeId> {
    let looks = nodes.iter().map(async |node| {
        let place = place(app, task, node);
        // What comes next in the sequence will be verified instead; that the node has applied this has to be enough.
        match place.head() {
            Ok(head) if head.settings != *settings => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
        match timeout(limit(app), place.look()).await {
            Ok(Ok(sight)) => sight == Sight::InLine,
            Ok(Err(trouble)) => {
                tracing::warn!(node_id = %node, task_uid = task.uid.0, reason = chain(&trouble), "settings cannot be verified");
                false
            }
            Err(_) => false,
        }
    });
    let seen = join_all(looks).await;
    nodes
        .iter()
        .zip(seen)
        .filter(|(_, is_in_line)| *is_in_line)
        .map(|(node, _)| node.clone())
        .collect()
}

fn place<'a>(app: &'a Arc<App>, task: &'a OpenTask, node: &'a NodeId) -> Place<'a> {
    Place {
        app,
        uid: &task.index,
        index: &task.node_uid,
        node,
    }
}

fn limit(app: &App) -> Duration {
    app.config.settings_broadcast.verify_timeout_s.duration()
}
