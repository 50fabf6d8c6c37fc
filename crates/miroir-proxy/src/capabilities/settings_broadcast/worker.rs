//! Drift: nodes are looked at again and again, and those that do not have the committed settings are told them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use miroir_core::id::{NodeId, NodeUid, ShardSet};
use miroir_core::topology::{Health, Membership};
use miroir_store::table::{SettingsCopyRow, SettingsState, StaleReason};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::covers;
use super::look::{Place, Sight, Trouble};
use crate::app::App;
use crate::catalog::Index;
use crate::clock;
use crate::cluster::worker::{Pace, Pass, Trouble as Failed, Worker};
use crate::http::reply::chain;
use crate::request::indexes::settings_fingerprint;

const FIRST_REST: Duration = Duration::from_secs(1);
/// A node that is not in line is told again at least this often.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// The worker.
pub(crate) struct Drift {
    app: Arc<App>,
    /// When a node is to be looked at next, and how often it was told in vain.
    due: BTreeMap<(NodeUid, NodeId), Due>,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    at: Instant,
    failures: u32,
}

/// What a look at a node came to.
enum Outcome {
    InLine,
    /// It serves no reads; the next attempt comes sooner than the next look at others.
    Barred,
    /// Nothing is known.
    Unknown,
}

impl Drift {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            due: BTreeMap::new(),
        }
    }

    fn interval(&self) -> Duration {
        self.app.config.settings_drift_check.interval_s.duration()
    }

    /// The nodes to be looked at now.
    fn due(&mut self, index: &Index, hurries: bool) -> Vec<NodeId> {
        let now = Instant::now();
        let interval = self.interval();
        let app = Arc::clone(&self.app);
        let health = app.cluster.health();
        let nodes = app.cluster.topology().nodes().iter();
        nodes
            .filter(|node| node.membership != Membership::Removed)
            .filter(|node| health.get(&node.id) == Health::Healthy)
            .filter(|node| {
                let barred = app
                    .settings
                    .copy(index.node_uid(), &node.id)
                    .is_some_and(|copy| copy.state != SettingsState::InLine);
                let key = (index.node_uid().clone(), node.id.clone());
                let due = self.due.entry(key).or_insert(Due {
                    at: if barred { now } else { now + interval },
                    failures: 0,
                });
                // Whoever has just been barred is not waited for.
                hurries || due.at <= now || (barred && due.failures == 0)
            })
            .map(|node| node.id.clone())
            .collect()
    }

    fn plan_next(&mut self, index: &NodeUid, node: &NodeId, outcome: &Outcome) {
        let key = (index.clone(), node.clone());
        let failures = self.due.get(&key).map_or(0, |due| due.failures);
        let due = match outcome {
            Outcome::InLine => Due {
                at: Instant::now() + self.interval(),
                failures: 0,
            },
            Outcome::Barred => Due {
                at: Instant::now() + (FIRST_REST * 2_u32.pow(failures.min(6))).min(LONGEST_REST),
                failures: failures + 1,
            },
            Outcome::Unknown => Due {
                at: Instant::now() + FIRST_REST,
                failures,
            },
        };
        self.due.insert(key, due);
    }
}

impl Worker for Drift {
    const NAME: &'static str = "settings";

    fn cadence(&self) -> Duration {
        let next = self.due.values().map(|due| due.at).min();
        let until = next.map(|at| at.saturating_duration_since(Instant::now()));
        // A node that has failed is looked at when it has returned, of which nobody tells.
        until.map_or(FIRST_REST, |until| until.clamp(FIRST_REST / 4, FIRST_REST))
    }

    fn poke(&self) -> Arc<Notify> {
        Arc::clone(&self.app.settings.bell)
    }

    async fn pass(&mut self, _pace: &Pace) -> Result<Pass, Failed> {
        let app = Arc::clone(&self.app);
        let indexes = app.catalog.all();
        let is_known = |index: &NodeUid| indexes.values().any(|known| known.node_uid() == index);
        self.due.retain(|(index, _), _| is_known(index));
        for index in indexes.values().filter(|index| index.is_ready()) {
            if app.open_tasks.changes_settings_of(index.node_uid()) {
                // Its end looks at the nodes itself.
                continue;
            }
            let suspect = app.settings.take_suspect(index.node_uid());
            let nodes = self.due(index, suspect.is_some());
            if nodes.is_empty() {
                continue;
            }
            let repairs = app.config.settings_drift_check.auto_repair || suspect == Some(true);
            let outcomes =
                join_all(nodes.iter().map(|node| check(&app, index, node, repairs))).await;
            for (node, outcome) in nodes.iter().zip(outcomes) {
                let outcome = outcome.unwrap_or_else(|trouble| {
                    tracing::info!(node_id = %node, index = %index.row.uid, reason = chain(&*trouble), "settings of a node are looked at later");
                    Outcome::Unknown
                });
                self.plan_next(index.node_uid(), node, &outcome);
            }
            freeze(&app, index).await?;
        }
        Ok(Pass::Idle)
    }
}

async fn check(
    app: &Arc<App>,
    index: &Index,
    node: &NodeId,
    repairs: bool,
) -> Result<Outcome, Failed> {
    let limit = app.config.settings_broadcast.verify_timeout_s.duration();
    let place = Place {
        app,
        uid: &index.row.uid,
        index: index.node_uid(),
        node,
    };
    let sight = timeout(limit, place.look()).await??;
    if place.head()?.settings != index.settings {
        // It was compared with what is not committed.
        return Ok(Outcome::Unknown);
    }
    let is_barred = app
        .settings
        .copy(index.node_uid(), node)
        .is_some_and(|copy| copy.state != SettingsState::InLine);
    match sight {
        Sight::InLine => {
            put(app, index, node, SettingsState::InLine).await?;
            Ok(Outcome::InLine)
        }
        Sight::NoIndex => {
            missing(app, index, node).await?;
            Ok(Outcome::Unknown)
        }
        Sight::Different => {
            if !is_barred {
                tracing::warn!(node_id = %node, index = %index.row.uid, "a node has other settings than it was given, and serves no reads");
                app.settings.counts.mismatch();
                put(app, index, node, SettingsState::Drifted).await?;
            }
            if !repairs {
                return Ok(Outcome::Barred);
            }
            match timeout(limit, told(&place, index)).await {
                Ok(Ok(true)) => {
                    app.settings.counts.repair();
                    tracing::info!(node_id = %node, index = %index.row.uid, "a node has been brought in line and serves again");
                    put(app, index, node, SettingsState::InLine).await?;
                    Ok(Outcome::InLine)
                }
                Ok(Ok(false)) | Err(_) => Ok(Outcome::Barred),
                Ok(Err(Trouble::Overtaken)) => Ok(Outcome::Unknown),
                Ok(Err(trouble)) => {
                    tracing::warn!(node_id = %node, index = %index.row.uid, reason = chain(&trouble), "a node cannot be brought in line");
                    Ok(Outcome::Barred)
                }
            }
        }
    }
}

/// Tells a node the committed settings; whether it has them now.
async fn told(place: &Place<'_>, index: &Index) -> Result<bool, Trouble> {
    place.send(&index.settings).await?;
    Ok(place.look().await? == Sight::InLine)
}

/// Remembers how a node is, unless the settings have been changed since it was looked at.
async fn put(
    app: &App,
    index: &Index,
    node: &NodeId,
    state: SettingsState,
) -> Result<(), miroir_store::StoreError> {
    let version = index.row.settings_version;
    let known = app.settings.copy(index.node_uid(), node);
    let is_new = known
        .as_ref()
        .is_none_or(|known| known.state != state || known.version != version);
    if !is_new && state != SettingsState::InLine {
        return Ok(());
    }
    let row = match (state, known) {
        (SettingsState::InLine, _) | (_, None) => SettingsCopyRow {
            node_uid: index.node_uid().clone(),
            node_id: node.clone(),
            version,
            fingerprint: String::from_utf8_lossy(&settings_fingerprint(&index.settings))
                .into_owned(),
            state,
            verified_at: clock::now_ms(),
        },
        (_, Some(known)) => SettingsCopyRow { state, ..known },
    };
    if is_new && state != SettingsState::InLine {
        // Before it is durable: no read is planned on the node from now on.
        app.settings.record([row.clone()]);
    }
    let uid = index.row.uid.clone();
    let stored = row.clone();
    let current = app
        .store
        .write(move |tx| {
            let committed = tx.catalog().get(&uid)?;
            let current = committed.is_some_and(|committed| {
                committed.current_node_uid == stored.node_uid
                    && committed.settings_version == version
            });
            if current {
                tx.settings_copies().put(&stored)?;
            }
            Ok(current)
        })
        .await?;
    if current {
        app.settings.record([row]);
    }
    Ok(())
}

/// The node has lost the index: its copies are repaired from others.
async fn missing(app: &App, index: &Index, node: &NodeId) -> Result<(), miroir_store::StoreError> {
    let placement = app.cluster.topology().placement(index.shards());
    let mut owned = ShardSet::new();
    for group in placement.groups() {
        for (_, shards) in group.nodes().filter(|(owner, _)| *owner == node) {
            owned.extend(shards);
        }
    }
    let stale = app.staleness.of(index.node_uid());
    if stale.of(node).is_some_and(|stale| owned.is_subset(stale)) {
        return Ok(());
    }
    tracing::warn!(node_id = %node, index = %index.row.uid, "a node has lost an index");
    let rows = {
        let _nobody_else = app.staleness.judge();
        let copies = [(node.clone(), owned)];
        app.staleness
            .mark(index.node_uid(), &copies, StaleReason::NodeReset, None)
    };
    app.store
        .write(move |tx| rows.iter().try_for_each(|row| tx.staleness().mark(row)))
        .await
}

/// Writes to an index stop while no covering set of nodes can be brought in line, and go on by themselves.
async fn freeze(app: &App, index: &Index) -> Result<(), miroir_store::StoreError> {
    let barred = app.settings.barred(index.node_uid());
    let covered = barred.is_empty()
        || covers(
            app.cluster.topology(),
            index.shards(),
            &Default::default(),
            |node| !barred.contains(node),
        );
    let freezes = app.config.settings_broadcast.freeze_writes_on_unrepairable && !covered;
    let node_uid = index.node_uid().clone();
    let uid = &index.row.uid;
    let is_frozen = app
        .catalog
        .of_node_uid(&node_uid)
        .is_some_and(|index| index.row.frozen_reason.is_some());
    if freezes == is_frozen {
        return Ok(());
    }
    let reason = freezes.then(|| {
        let nodes: Vec<String> = barred.iter().map(ToString::to_string).collect();
        format!("nodes {} do not have its settings", nodes.join(", "))
    });
    match &reason {
        Some(reason) => tracing::error!(index = %uid, reason, "writes to an index are refused"),
        None => tracing::info!(index = %uid, "writes to an index are accepted again"),
    }
    app.catalog.freeze(&node_uid, reason.clone());
    app.store
        .write(move |tx| tx.catalog().freeze(&node_uid, reason.as_deref()))
        .await
}
