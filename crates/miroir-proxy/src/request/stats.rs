//! `GET /stats` and `GET /indexes/{uid}/stats`: counts of one fresh copy of each shard.

mod counts;
mod single;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;
use http::Method;
use miroir_core::document::marker;
use miroir_core::id::{NodeId, Shard, ShardSet};
use miroir_core::lexicon;
use miroir_core::plan::{self, Constraints, Leg};
use miroir_node::Call;
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::Failure;
use crate::request::documents::RESERVED;
use crate::request::scatter::{ScatterEnd, scatter};
use crate::request::translate::Names;
use crate::request::{filter_with, narrow};
use counts::Counts;
pub(crate) use single::Allowance;

/// What a server shows of one index.
#[derive(Debug, Clone, Default)]
pub(crate) struct IndexStats {
    pub(crate) number_of_documents: u64,
    pub(crate) raw_document_db_size: u64,
    pub(crate) avg_document_size: u64,
    pub(crate) is_indexing: bool,
    pub(crate) number_of_embeddings: u64,
    pub(crate) number_of_embedded_documents: u64,
    /// Bytes of the engine's databases, when they were asked for.
    pub(crate) internal_database_sizes: BTreeMap<String, u64>,
    pub(crate) field_distribution: BTreeMap<String, u64>,
}

/// A node's own numbers, which cover every copy that it holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeStats {
    raw_document_db_size: u64,
    is_indexing: bool,
    internal_database_sizes: BTreeMap<String, u64>,
    #[serde(flatten)]
    counts: Counts,
}

impl NodeStats {
    fn add(&mut self, other: Self) {
        self.raw_document_db_size += other.raw_document_db_size;
        self.is_indexing |= other.is_indexing;
        for (name, bytes) in other.internal_database_sizes {
            *self.internal_database_sizes.entry(name).or_default() += bytes;
        }
        self.counts.add(other.counts);
    }

    /// The same with other sizes.
    fn sized(&self, size: impl Fn(u64) -> u64) -> Self {
        let mut sized = self.clone();
        sized.raw_document_db_size = size(sized.raw_document_db_size);
        for bytes in sized.internal_database_sizes.values_mut() {
            *bytes = size(*bytes);
        }
        sized
    }
}

/// `value * part / all`, rounded.
fn scaled(value: u64, part: u64, all: u64) -> u64 {
    let all = u128::from(all.max(1));
    let scaled = (u128::from(value) * u128::from(part) + all / 2) / all;
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FacetAnswer {
    #[serde(default)]
    facet_distribution: BTreeMap<String, BTreeMap<String, u64>>,
}

/// The statistics of one index, and the shards of which they lack something.
pub(crate) async fn index(
    app: &Arc<App>,
    index: &Index,
    with_internal_sizes: bool,
    allowance: &mut Allowance,
) -> Result<(IndexStats, ShardSet), Failure> {
    let counted = count_all(app, index).await?;
    let number_of_documents = counted.total();
    let mut copies = copies(app, index, with_internal_sizes).await;
    if !copies.missing.is_empty()
        && let Some(sum) = single::sum(app, index, &counted, with_internal_sizes, allowance).await
    {
        copies = Copies {
            sum,
            missing: ShardSet::new(),
        };
    }
    let NodeStats {
        raw_document_db_size,
        is_indexing,
        internal_database_sizes,
        counts,
    } = copies.sum;
    // What nodes count covers every copy that they hold: of each thing as many times too much as of documents, which are what
    // carries the marker.
    let mut distribution = counts.field_distribution;
    lexicon::uncount(&mut distribution, index.primary_key());
    let held = distribution.get(marker::SHARD_FIELD).copied();
    let share = |value: u64| scaled(value, number_of_documents, held.unwrap_or(0));
    let raw_document_db_size = share(raw_document_db_size);
    let stats = IndexStats {
        number_of_documents,
        raw_document_db_size,
        avg_document_size: raw_document_db_size
            .checked_div(number_of_documents)
            .unwrap_or(0),
        is_indexing: is_indexing || app.open_tasks.any_on(index.node_uid()),
        number_of_embeddings: share(counts.number_of_embeddings),
        number_of_embedded_documents: share(counts.number_of_embedded_documents),
        internal_database_sizes: internal_database_sizes
            .into_iter()
            .map(|(name, bytes)| (name, share(bytes)))
            .collect(),
        field_distribution: distribution
            .into_iter()
            .filter(|(name, _)| !RESERVED.is_injected(name))
            .map(|(name, count)| (name, share(count)))
            .filter(|(_, count)| *count > 0)
            .collect(),
    };
    Ok((stats, counted.uncovered.union(&copies.missing)))
}

/// The exact number of documents, and the shards that could not be counted.
pub(crate) async fn count(app: &Arc<App>, index: &Index) -> Result<(u64, ShardSet), Failure> {
    let counted = count_all(app, index).await?;
    Ok((counted.total(), counted.uncovered))
}

/// The marker's facet counts of one fresh copy of each shard.
async fn count_all(app: &Arc<App>, index: &Index) -> Result<Counted, Failure> {
    let counted = count_by_shard(app, index, None, &BTreeSet::new()).await;
    counted.map_err(|end| match end {
        ScatterEnd::Failed(failure) => failure,
        ScatterEnd::Rejected(answer) => Names::of(index).relay(answer),
    })
}

/// The documents of each shard, and which node counted them.
pub(crate) struct Counted {
    pub(crate) shards: BTreeMap<Shard, (u64, NodeId)>,
    pub(crate) uncovered: ShardSet,
}

impl Counted {
    pub(crate) fn total(&self) -> u64 {
        self.shards.values().map(|(count, _)| count).sum()
    }
}

/// Counts the documents that pass a client's filter in one fresh copy of each shard.
pub(crate) async fn count_by_shard(
    app: &Arc<App>,
    index: &Index,
    filter: Option<&Value>,
    without: &BTreeSet<NodeId>,
) -> Result<Counted, ScatterEnd> {
    let view = app.view(index.node_uid());
    let constraints = Constraints {
        exclude_nodes: without.clone(),
        ..narrow::filter(app, index, filter)
    };
    let rotation = app.next_rotation();
    let plan = plan::search(&view.cluster(), index.shards(), &constraints, rotation);
    let path = format!("/indexes/{}/search", index.node_uid());
    let call = |leg: &Leg, deadline| {
        let clause = leg.clause.as_ref().map(ToString::to_string);
        Call::read(Method::POST, path.as_str(), deadline)
            .json(marker_request(filter, clause.as_deref()))
    };
    let gathered = scatter(
        app,
        &view,
        index.shards(),
        &constraints,
        plan,
        rotation,
        call,
    )
    .await?;
    let mut shards = BTreeMap::new();
    for leg in &gathered.answers {
        let counts = read_counts(&leg.answer.body)
            .map_err(|error| ScatterEnd::Failed(Failure::internal(error)))?;
        let own = counts
            .into_iter()
            .filter(|(shard, _)| leg.leg.shards.contains(*shard));
        shards.extend(own.map(|(shard, count)| (shard, (count, leg.leg.node.clone()))));
    }
    Ok(Counted {
        shards,
        uncovered: gathered.uncovered,
    })
}

/// The documents of each shard that a node holds, whether it owns the shard or not.
pub(crate) async fn marker_counts(
    app: &App,
    index: &Index,
    node: &NodeId,
) -> Option<BTreeMap<Shard, u64>> {
    let path = format!("/indexes/{}/search", index.node_uid());
    let call = Call::read(Method::POST, path, app.cluster.read_deadline())
        .json(marker_request(None, None));
    let answer = app.cluster.call(node, call).await.ok()?;
    read_counts(&answer.body).ok()
}

pub(crate) fn marker_request(filter: Option<&Value>, clause: Option<&str>) -> Vec<u8> {
    let mut request = serde_json::json!({"q": "", "limit": 0, "facets": [marker::SHARD_FIELD]});
    if let Some(filter) = filter_with(filter, clause.map(Value::from)) {
        request["filter"] = filter;
    }
    request.to_string().into_bytes()
}

pub(crate) fn read_counts(body: &[u8]) -> Result<BTreeMap<Shard, u64>, serde_json::Error> {
    let mut counted: FacetAnswer = serde_json::from_slice(body)?;
    let counts = counted
        .facet_distribution
        .remove(marker::SHARD_FIELD)
        .unwrap_or_default();
    Ok(counts
        .into_iter()
        .filter_map(|(text, count)| Some((marker::parse_shard(&text)?, count)))
        .collect())
}

struct Copies {
    sum: NodeStats,
    /// Shards of which the sum lacks a copy or has one that missed a write: what is shown is then an estimate for all.
    missing: ShardSet,
}

/// The sum over the nodes of a group all of whose copies are fresh; failing that, over those of the group that lacks least.
async fn copies(app: &App, index: &Index, with_internal_sizes: bool) -> Copies {
    let view = app.view(index.node_uid());
    let placement = app.cluster.topology().placement(index.shards());
    let mut best: Option<Copies> = None;
    for group in placement.groups() {
        let nodes: Vec<(&NodeId, &ShardSet)> = group.nodes().collect();
        let answers = nodes
            .iter()
            .map(|(node, _)| node_stats(app, index, node, with_internal_sizes));
        let mut sum = NodeStats::default();
        let mut missing = ShardSet::new();
        for ((node, owned), answer) in nodes.iter().zip(join_all(answers).await) {
            let Some(stats) = answer else {
                missing = missing.union(owned);
                continue;
            };
            if let Some(stale) = view.stale().of(node) {
                missing = missing.union(&stale.intersection(owned));
            }
            sum.add(stats);
        }
        let copies = Copies { sum, missing };
        if copies.missing.is_empty() {
            return copies;
        }
        if best
            .as_ref()
            .is_none_or(|best| copies.missing.len() < best.missing.len())
        {
            best = Some(copies);
        }
    }
    best.unwrap_or(Copies {
        sum: NodeStats::default(),
        missing: ShardSet::new(),
    })
}

async fn node_stats(
    app: &App,
    index: &Index,
    node: &NodeId,
    with_internal_sizes: bool,
) -> Option<NodeStats> {
    let uid = index.node_uid();
    let path = format!("/indexes/{uid}/stats?showInternalDatabaseSizes={with_internal_sizes}");
    app.cluster.read(node, &path).await.ok()?.json().ok()
}
