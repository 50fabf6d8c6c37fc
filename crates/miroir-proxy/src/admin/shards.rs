//! `GET /_miroir/shards?index=`: which node holds which shard, whether fresh, and how many documents of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{GroupId, NodeId, NodeUid, Shard};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::{Failure, Reply};
use crate::request::{resolve, stats};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    index: Option<String>,
}

#[derive(Serialize)]
struct ShardTable {
    index: Option<String>,
    /// What the nodes call the index.
    node_uid: Option<NodeUid>,
    shards: u16,
    epoch: u64,
    table: Vec<ShardView>,
}

#[derive(Serialize)]
struct ShardView {
    shard: Shard,
    groups: Vec<GroupView>,
}

#[derive(Serialize)]
struct GroupView {
    group: GroupId,
    owners: Vec<OwnerView>,
    /// Moves come with the operations that make them.
    moving_to: Option<NodeId>,
}

#[derive(Serialize)]
struct OwnerView {
    node: NodeId,
    fresh: Option<bool>,
    documents: Option<u64>,
}

pub(crate) async fn shards(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: Parameters = serde_urlencoded::from_str(query.as_deref().unwrap_or_default())
        .map_err(|error| {
        Failure::new(
            Code::BadRequest,
            format!("Query deserialize error: {error}"),
        )
    })?;
    let index = match &parameters.index {
        Some(name) => {
            let uid = resolve::uid(name)?;
            Some(
                app.catalog
                    .find(&uid)
                    .ok_or_else(|| ApiError::index_not_found(&uid))?,
            )
        }
        None => None,
    };
    let counts = match &index {
        Some(index) => counts(&app, index).await,
        None => BTreeMap::new(),
    };
    let shards = index.as_ref().map_or(app.shards, |index| index.shards());
    let placement = app.cluster.topology().placement(shards);
    let stale = index
        .as_ref()
        .map(|index| app.staleness.of(index.node_uid()));
    let owner = |node: &NodeId, shard: Shard| OwnerView {
        node: node.clone(),
        fresh: stale.as_ref().map(|stale| !stale.contains(node, shard)),
        documents: counts
            .get(node)
            .map(|counts| counts.get(&shard).copied().unwrap_or(0)),
    };
    let table = shards
        .all()
        .iter()
        .map(|shard| ShardView {
            shard,
            groups: placement
                .groups()
                .iter()
                .map(|group| GroupView {
                    group: group.id,
                    owners: group.owners(shard).map(|node| owner(node, shard)).collect(),
                    moving_to: None,
                })
                .collect(),
        })
        .collect();
    let node_uid = index.as_ref().map(|index| index.node_uid().clone());
    let index = index.map(|index| index.row.uid.to_string());
    Ok(Reply::ok(&ShardTable {
        index,
        node_uid,
        shards: shards.get(),
        epoch: app.cluster.topology().epoch(),
        table,
    }))
}

/// The documents of every shard on every node that answers.
async fn counts(app: &App, index: &Index) -> BTreeMap<NodeId, BTreeMap<Shard, u64>> {
    let mut counts = BTreeMap::new();
    for node in app.cluster.reachable() {
        if let Some(counted) = stats::marker_counts(app, index, &node).await {
            counts.insert(node, counted);
        }
    }
    counts
}
