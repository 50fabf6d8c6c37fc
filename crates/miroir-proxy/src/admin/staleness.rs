//! `GET /_miroir/antientropy/status`: the copies that serve no reads, why, and how far their repair is.

use std::sync::Arc;

use axum::extract::State;
use miroir_core::id::{IndexUid, NodeId, NodeUid, Shard};
use serde::Serialize;

use crate::app::App;
use crate::http::reply::{Failure, Reply};

#[derive(Serialize)]
struct View<'a> {
    results: Vec<IndexView<'a>>,
}

#[derive(Serialize)]
struct IndexView<'a> {
    index: &'a IndexUid,
    stale: Vec<CopyView>,
}

#[derive(Serialize)]
struct CopyView {
    node: NodeId,
    shard: Shard,
    /// Milliseconds since 1970.
    since: i64,
    reason: &'static str,
    state: &'static str,
}

pub(crate) async fn staleness(State(app): State<Arc<App>>) -> Result<Reply, Failure> {
    let rows = app.store.read(|tx| tx.staleness().all()).await?;
    let indexes = app.catalog.all();
    let stale_of = |node_uid: &NodeUid| {
        let rows = rows.iter().filter(|row| row.key.node_uid == *node_uid);
        rows.map(|row| CopyView {
            node: row.key.node_id.clone(),
            shard: row.key.shard,
            since: row.created_at,
            reason: row.reason.as_str(),
            state: row.state.as_str(),
        })
        .collect()
    };
    let results = indexes
        .iter()
        .map(|(uid, index)| IndexView {
            index: uid,
            stale: stale_of(index.node_uid()),
        })
        .collect();
    Ok(Reply::ok(&View { results }))
}
