//! Fields that a function has brought into documents: no request has named them, so the nodes are asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miroir_core::document::marker;
use miroir_core::id::{NodeId, NodeUid};
use serde::Deserialize;

use crate::app::App;
use crate::http::reply::chain;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    field_distribution: BTreeMap<String, u64>,
}

/// Adds the names that only the nodes know to the order of the index's fields, those of one edition by name: an engine meets them in
/// that order. What a silent node knows alone is shown after all others until the next edition.
pub(super) async fn learn_fields(app: Arc<App>, node_uid: NodeUid, nodes: Vec<NodeId>) {
    let mut names = BTreeSet::new();
    for node in &nodes {
        let path = format!("/indexes/{node_uid}/stats");
        let answer = app.cluster.read(node, &path).await;
        let stats = answer.ok().and_then(|answer| answer.json::<Stats>().ok());
        names.extend(
            stats
                .into_iter()
                .flat_map(|stats| stats.field_distribution.into_keys()),
        );
    }
    names.retain(|name| !name.starts_with(marker::PREFIX));
    let Some(index) = app.catalog.of_node_uid(&node_uid) else {
        return;
    };
    let turn = app.sequencers.turn(&index.row.uid, &app.catalog).await;
    if turn.as_ref().is_none_or(|head| head.node_uid != node_uid) {
        return;
    }
    let known = app.catalog.fields(&node_uid);
    names.retain(|name| known.place(name).is_none());
    let missing: Vec<String> = names.into_iter().collect();
    if missing.is_empty() {
        return;
    }
    let (appended, uid) = (missing.clone(), node_uid.clone());
    let stored = app
        .store
        .write(move |tx| tx.index_fields().append(&uid, &appended));
    match stored.await {
        Ok(()) => app.catalog.extend_fields(&node_uid, &missing),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "the order of new fields is not kept")
        }
    }
}
