//! A plan as explain shows it. Everything is read off the planner's own plan and its trace; what no capability of this version decides
//! has the value that says so.

use std::collections::BTreeMap;
use std::time::Duration;

use miroir_core::id::{GroupId, NodeId, Shard, ShardSet};
use miroir_core::merge::Window;
use miroir_core::plan::{Constraints, ReadPlan, Reason, Scores};
use miroir_core::settings::UserSettings;
use miroir_core::wire::search::SearchQuery;
use serde::Serialize;
use serde_json::Value;

use super::exactness::Exactness;
use crate::app::{App, ClusterView};
use crate::capabilities::replica_selection::Class;
use crate::catalog::Index;
use crate::request::indexes::settings_fingerprint;
use crate::request::ranked::first_limits;

/// What is so at the moment, whatever is searched for.
pub(super) struct Situation {
    pub(super) epoch: u64,
    /// The index's documents lie on more than one node, each with words of its own.
    pub(super) is_spread: bool,
    /// Of the settings that are on their way to the nodes.
    pub(super) proposed_fingerprint: Option<String>,
    nodes: BTreeMap<NodeId, Standing>,
}

/// How a node does at searches.
#[derive(Default)]
struct Standing {
    score: Option<f64>,
    p95: Option<Duration>,
    /// When a leg to it is late.
    trigger: Option<Duration>,
}

impl Standing {
    fn of(app: &App, scores: &Scores, node: &NodeId) -> Self {
        let p95 = app.cluster.selection().p95(node, Class::Search);
        let score = scores.iter().find(|(known, _)| *known == node);
        Self {
            score: score
                .map(|(_, score)| score)
                .filter(|score| score.is_finite()),
            p95,
            trigger: app.hedging.trigger(p95),
        }
    }
}

impl Situation {
    pub(super) fn of(app: &App, index: &Index, view: &ClusterView<'_>) -> Self {
        let topology = view.cluster().topology;
        let placement = topology.placement(index.shards());
        let proposed = app.open_tasks.proposed_settings_of(index.node_uid());
        let fingerprint = |settings| {
            let fingerprint = settings_fingerprint(&UserSettings::from(settings));
            String::from_utf8_lossy(&fingerprint).into_owned()
        };
        let scores = app.scores(Class::Search);
        let nodes = app.cluster.node_ids();
        Self {
            nodes: nodes
                .map(|node| (node.clone(), Standing::of(app, &scores, node)))
                .collect(),
            epoch: topology.epoch(),
            is_spread: placement
                .groups()
                .iter()
                .any(|group| group.nodes().len() > 1),
            proposed_fingerprint: proposed.map(fingerprint),
        }
    }
}

#[derive(Serialize)]
pub(super) struct PlanView {
    alias_resolution: Option<Value>,
    narrowed: bool,
    narrowing_reason: Option<String>,
    target_shards: ShardSet,
    chosen_group: Option<ChosenGroup>,
    target_nodes: BTreeMap<Shard, NodeId>,
    legs: Vec<LegView>,
    hedging_armed: bool,
    hedge_trigger_ms: Option<u64>,
    coalescing_eligible: bool,
    cache_candidate: bool,
    session_pin: Option<Value>,
    tenant_affinity_pinned: Option<Value>,
    estimated_p95_ms: Option<u64>,
    settings_version: u64,
    pub(super) broadcast_pending: bool,
    proposed_fingerprint: Option<String>,
    epoch: u64,
    exactness: Exactness,
    trace: Vec<String>,
}

#[derive(Serialize)]
struct ChosenGroup {
    id: GroupId,
    reason: String,
}

#[derive(Serialize)]
struct LegView {
    node: NodeId,
    shards: ShardSet,
    /// Hits asked for at first.
    limit: usize,
    shard_clause: bool,
    /// How its node does; lower is better, null where nothing is known.
    score: Option<f64>,
}

impl PlanView {
    pub(super) fn new(
        query: &SearchQuery,
        index: &Index,
        constraints: &Constraints,
        plan: &ReadPlan,
        situation: &Situation,
    ) -> Self {
        let end = Window::of(query, &index.view).end;
        let limits = first_limits(plan, end);
        let legs = plan.legs.iter().zip(limits).map(|(leg, limit)| LegView {
            node: leg.node.clone(),
            shards: leg.shards.clone(),
            limit,
            shard_clause: leg.clause.is_some(),
            score: situation.nodes.get(&leg.node).and_then(|node| node.score),
        });
        let target_nodes = plan
            .legs
            .iter()
            .flat_map(|leg| leg.shards.iter().map(|shard| (shard, leg.node.clone())))
            .collect::<BTreeMap<_, _>>();
        let standings = || {
            plan.legs
                .iter()
                .filter_map(|leg| situation.nodes.get(&leg.node))
        };
        let milliseconds =
            |time: Duration| u64::try_from(time.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
        let trigger = standings().filter_map(|node| node.trigger).max();
        let p95 = standings().filter_map(|node| node.p95).max();
        Self {
            alias_resolution: None,
            narrowed: constraints.narrowed.is_some(),
            narrowing_reason: constraints.reasons.first().map(ToString::to_string),
            target_shards: target_nodes.keys().copied().collect(),
            chosen_group: chosen_group(plan),
            target_nodes,
            legs: legs.collect(),
            hedging_armed: trigger.is_some(),
            hedge_trigger_ms: trigger.map(milliseconds),
            coalescing_eligible: false,
            cache_candidate: false,
            session_pin: None,
            tenant_affinity_pinned: None,
            estimated_p95_ms: p95.map(milliseconds),
            settings_version: index.row.settings_version,
            broadcast_pending: situation.proposed_fingerprint.is_some(),
            proposed_fingerprint: situation.proposed_fingerprint.clone(),
            epoch: situation.epoch,
            exactness: Exactness::of(query, index, situation),
            trace: plan
                .trace
                .reasons()
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}

/// The group of the first leg, and why it was that one.
fn chosen_group(plan: &ReadPlan) -> Option<ChosenGroup> {
    let id = plan.group?;
    let reason = plan.trace.reasons().iter().find_map(|reason| match reason {
        Reason::GroupInTurn { group, .. } if *group == id => Some("round robin"),
        Reason::GroupRequired(group) if *group == id => Some("required"),
        Reason::GroupPreferred(group) if *group == id => Some("preferred"),
        _ => None,
    });
    Some(ChosenGroup {
        id,
        reason: reason
            .unwrap_or("the groups before it cannot cover every shard")
            .to_owned(),
    })
}
