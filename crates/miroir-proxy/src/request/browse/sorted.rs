//! A page in the client's own order: every node sorts its documents, the heads of their lists are merged by the same rules.
//!
//! Depth costs keys, not documents: first only what the order needs is fetched, then the documents of the page by their ids.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use miroir_core::document::primary_key::canonical_value;
use miroir_core::id::NodeId;
use miroir_core::merge::documents::{SortKey, SortRule};
use miroir_core::plan::Constraints;
use miroir_core::wire::documents::BrowseQuery;
use serde::Deserialize;

use super::{Attempt, SHORT, by_ids, in_order, results, scatter_fetch, sort_by_key};
use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::Failure;
use crate::request::narrow;

#[derive(Deserialize)]
struct Total {
    total: u64,
}

pub(super) async fn page(
    app: &Arc<App>,
    index: &Index,
    query: &BrowseQuery,
    sort: &[String],
    failed: &BTreeSet<NodeId>,
) -> Result<Attempt, Failure> {
    let mut order = sort.to_vec();
    order.extend(sort_by_key(index));
    // A node has refused what cannot be read as a rule before this is used.
    let rules: Vec<SortRule> = order.iter().filter_map(|rule| rule.parse().ok()).collect();
    let end = query.offset.saturating_add(query.limit);
    let keys_only = BrowseQuery {
        fields: Some(rules.iter().map(|rule| rule.field().to_owned()).collect()),
        retrieve_vectors: false,
        ..query.clone()
    };
    let constraints = Constraints {
        exclude_nodes: failed.clone(),
        ..narrow::filter(app, index, query.filter.as_ref())
    };
    let gathered = scatter_fetch(app, index, &constraints, |clause| {
        super::body(index, &keys_only, clause, order.clone(), 0, end as u64)
    })
    .await?;

    let mut total = 0;
    let mut lists = Vec::with_capacity(gathered.answers.len());
    for leg in &gathered.answers {
        total += leg.answer.json::<Total>().map_err(Failure::internal)?.total;
        let keys: Vec<SortKey> = results(&leg.answer)?
            .iter()
            .map(|document| SortKey::read(document, &rules))
            .collect();
        lists.push(keys.into_iter().peekable());
    }
    // Never reorders inside one node's list: what the engine does with odd values stays as it is.
    let mut merged = Vec::new();
    while merged.len() < end {
        let mut best: Option<(usize, &SortKey)> = None;
        for (position, list) in lists.iter_mut().enumerate() {
            let Some(key) = list.peek() else {
                continue;
            };
            if best.is_none_or(|(_, best)| key.compare(best, &rules) == Ordering::Less) {
                best = Some((position, key));
            }
        }
        let Some((position, _)) = best else { break };
        merged.extend(lists[position].next());
    }
    let ids = merged
        .iter()
        .skip(query.offset)
        .filter_map(SortKey::last_value)
        .collect();
    let documents = match in_full(app, index, query, ids, failed).await? {
        Ok(documents) => documents,
        Err(attempt) => return Ok(attempt),
    };
    Ok(Attempt::Page {
        documents,
        total,
        uncovered: gathered.uncovered,
    })
}

/// A page of a short list in the order of primary keys. The keys of all are compared, so that those that the engine takes for equal
/// have one order too.
pub(super) async fn by_key(
    app: &Arc<App>,
    index: &Index,
    query: &BrowseQuery,
    failed: &BTreeSet<NodeId>,
) -> Result<Attempt, Failure> {
    let order = sort_by_key(index);
    let keys_only = BrowseQuery {
        fields: index.primary_key().map(|key| vec![key.to_owned()]),
        retrieve_vectors: false,
        ..query.clone()
    };
    let constraints = Constraints {
        exclude_nodes: failed.clone(),
        ..narrow::filter(app, index, query.filter.as_ref())
    };
    let gathered = scatter_fetch(app, index, &constraints, |clause| {
        super::body(index, &keys_only, clause, order.clone(), 0, SHORT)
    })
    .await?;
    let mut total = 0;
    let mut keys = Vec::new();
    for leg in &gathered.answers {
        total += leg.answer.json::<Total>().map_err(Failure::internal)?.total;
        keys.extend(results(&leg.answer)?);
    }
    let rules: Vec<SortRule> = order.iter().filter_map(|rule| rule.parse().ok()).collect();
    let ids = in_order(index, keys)
        .iter()
        .skip(query.offset)
        .take(query.limit)
        .filter_map(|key| SortKey::read(key, &rules).last_value())
        .collect();
    match in_full(app, index, query, ids, failed).await? {
        Ok(documents) => Ok(Attempt::Page {
            documents,
            total,
            uncovered: gathered.uncovered,
        }),
        Err(attempt) => Ok(attempt),
    }
}

/// The documents with these ids, in this order, as the client wants them. A server may name one twice.
async fn in_full(
    app: &Arc<App>,
    index: &Index,
    query: &BrowseQuery,
    ids: Vec<serde_json::Value>,
    failed: &BTreeSet<NodeId>,
) -> Result<Result<Vec<Vec<u8>>, Attempt>, Failure> {
    let by_id = BrowseQuery {
        offset: 0,
        limit: ids.len(),
        ids: Some(ids.clone()),
        filter: None,
        sort: None,
        ..query.clone()
    };
    let documents = match by_ids(app, index, &by_id, &ids, failed).await? {
        Attempt::Page { documents, .. } => documents,
        failed => return Ok(Err(failed)),
    };
    let rules: Vec<SortRule> = sort_by_key(index)
        .iter()
        .filter_map(|rule| rule.parse().ok())
        .collect();
    let mut by_id: HashMap<String, Vec<u8>> = HashMap::with_capacity(documents.len());
    for document in documents {
        let id = SortKey::read(&document, &rules).last_value();
        if let Some(id) = id.as_ref().and_then(canonical_value) {
            by_id.insert(id, document);
        }
    }
    let wanted = ids.iter().filter_map(canonical_value);
    Ok(Ok(wanted
        .filter_map(|id| by_id.get(&id).cloned())
        .collect()))
}
