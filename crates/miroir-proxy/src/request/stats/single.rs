//! Numbers of one copy of each shard where no group has all of its copies: what a node tells of all that it holds, less what is in the
//! shards that another node answers for. The documents of those are read, or those of the others if they are fewer.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use miroir_core::id::{NodeId, ShardSet};
use miroir_core::plan::ShardClause;
use serde_json::json;

use super::counts::Counts;
use super::{Counted, NodeStats, marker_counts, node_stats, scaled};
use crate::app::App;
use crate::catalog::Index;
use crate::request::browse;

/// Documents that are read for one answer: with more, it would come in seconds, and an estimate at once is worth more.
const READABLE: u64 = 20_000;
/// Documents that are read in one request.
const PAGE: u64 = 1_000;

/// How many documents may still be read for the answer to one request.
#[derive(Debug)]
pub(crate) struct Allowance(u64);

impl Default for Allowance {
    fn default() -> Self {
        Self(READABLE)
    }
}

impl Allowance {
    /// `None` when that many are too many.
    fn take(&mut self, documents: u64) -> Option<()> {
        self.0 = self.0.checked_sub(documents)?;
        Some(())
    }
}

/// The sum over the shards that were counted. `None` when too many documents would have to be read, or a node does not answer.
pub(super) async fn sum(
    app: &App,
    index: &Index,
    counted: &Counted,
    with_internal_sizes: bool,
    allowance: &mut Allowance,
) -> Option<NodeStats> {
    let mut own: BTreeMap<&NodeId, ShardSet> = BTreeMap::new();
    for (shard, (_, node)) in &counted.shards {
        own.entry(node).or_default().insert(*shard);
    }
    let holdings = own
        .into_iter()
        .map(|(node, own)| Holding::ask(app, index, node, own, with_internal_sizes));
    let holdings: Option<Vec<Holding<'_>>> = join_all(holdings).await.into_iter().collect();
    let holdings = holdings?;
    allowance.take(holdings.iter().map(Holding::to_read).sum())?;
    let mut sum = NodeStats::default();
    for part in join_all(holdings.iter().map(|holding| holding.own(app, index))).await {
        sum.add(part?);
    }
    Some(sum)
}

/// What one node holds, and which of it counts.
struct Holding<'a> {
    node: &'a NodeId,
    stats: NodeStats,
    own: Part,
    /// What another node answers for.
    other: Part,
}

#[derive(Default)]
struct Part {
    shards: ShardSet,
    documents: u64,
}

impl<'a> Holding<'a> {
    async fn ask(
        app: &App,
        index: &Index,
        node: &'a NodeId,
        own: ShardSet,
        with_internal_sizes: bool,
    ) -> Option<Self> {
        let held = marker_counts(app, index, node).await?;
        let stats = node_stats(app, index, node, with_internal_sizes).await?;
        let (mut counting, mut other) = (Part::default(), Part::default());
        for (shard, documents) in held {
            let part = match own.contains(shard) {
                true => &mut counting,
                false => &mut other,
            };
            part.shards.insert(shard);
            part.documents += documents;
        }
        Some(Self {
            node,
            stats,
            own: counting,
            other,
        })
    }

    fn to_read(&self) -> u64 {
        self.own.documents.min(self.other.documents)
    }

    /// The numbers of the documents that count. Sizes are in proportion to these.
    async fn own(&self, app: &App, index: &Index) -> Option<NodeStats> {
        let all = self.own.documents + self.other.documents;
        if self.other.documents == 0 {
            return Some(self.stats.clone());
        }
        let mut stats = self
            .stats
            .sized(|bytes| scaled(bytes, self.own.documents, all));
        if self.other.documents <= self.own.documents {
            stats
                .counts
                .subtract(&self.read(app, index, &self.other).await?);
        } else {
            stats.counts = self.read(app, index, &self.own).await?;
        }
        Some(stats)
    }

    async fn read(&self, app: &App, index: &Index, part: &Part) -> Option<Counts> {
        let with_vectors = self.stats.counts.number_of_embeddings > 0;
        let clause = ShardClause::In(part.shards.clone()).to_string();
        let mut counts = Counts::default();
        for offset in (0..part.documents).step_by(PAGE as usize) {
            let body = json!({
                "filter": clause, "offset": offset, "limit": PAGE, "retrieveVectors": with_vectors,
            });
            let body = body.to_string().into_bytes();
            let answer = browse::fetch(app, index, self.node, body).await.ok()?;
            for document in browse::results(&answer).ok()? {
                counts.count(&document).ok()?;
            }
        }
        Some(counts)
    }
}
