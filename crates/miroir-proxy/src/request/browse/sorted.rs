//! A page in the client's own order: every node sorts its documents, the heads of their lists are merged by the same rules.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use miroir_core::id::NodeId;
use miroir_core::merge::documents::{SortKey, SortRule};
use miroir_core::plan::Constraints;
use miroir_core::wire::documents::BrowseQuery;
use serde::Deserialize;

use super::{Attempt, by_ids, results, scatter_fetch, sort_by_key};
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
    // Only what the order needs is fetched first; with all fields there is nothing to save.
    let keys_only = query.fields.is_some();
    let first = BrowseQuery {
        fields: keys_only.then(|| rules.iter().map(|rule| rule.field().to_owned()).collect()),
        ..query.clone()
    };
    let constraints = Constraints {
        exclude_nodes: failed.clone(),
        ..narrow::filter(app, index, query.filter.as_ref())
    };
    let gathered = scatter_fetch(app, index, &constraints, |clause| {
        super::body(&first, clause, order.clone(), 0, end as u64)
    })
    .await?;

    let mut total = 0;
    let mut lists = Vec::with_capacity(gathered.answers.len());
    for leg in &gathered.answers {
        total += leg.answer.json::<Total>().map_err(Failure::internal)?.total;
        let documents = results(&leg.answer)?;
        let keyed: Vec<(SortKey, Vec<u8>)> = documents
            .into_iter()
            .map(|document| (SortKey::read(&document, &rules), document))
            .collect();
        lists.push(keyed.into_iter().peekable());
    }
    // Never reorders inside one node's list: what the engine does with odd values stays as it is.
    let mut merged = Vec::new();
    while merged.len() < end {
        let mut best: Option<(usize, &SortKey)> = None;
        for (position, list) in lists.iter_mut().enumerate() {
            let Some((key, _)) = list.peek() else {
                continue;
            };
            if best.is_none_or(|(_, best)| key.compare(best, &rules) == Ordering::Less) {
                best = Some((position, key));
            }
        }
        let Some((position, _)) = best else { break };
        merged.extend(lists[position].next().map(|(_, document)| document));
    }
    let picked: Vec<Vec<u8>> = merged.into_iter().skip(query.offset).collect();
    if !keys_only {
        return Ok(Attempt::Page {
            documents: picked,
            total,
            uncovered: gathered.uncovered,
        });
    }
    in_full(app, index, query, picked, total, gathered.uncovered, failed).await
}

/// The documents of which only the keys are known, with the fields that the client wants, in the order given.
async fn in_full(
    app: &Arc<App>,
    index: &Index,
    query: &BrowseQuery,
    picked: Vec<Vec<u8>>,
    total: u64,
    uncovered: miroir_core::id::ShardSet,
    failed: &BTreeSet<NodeId>,
) -> Result<Attempt, Failure> {
    let Some(key) = index.primary_key() else {
        return Ok(Attempt::Page {
            documents: Vec::new(),
            total,
            uncovered,
        });
    };
    let rule: SortRule = format!("{key}:asc").parse().map_err(Failure::internal)?;
    let rules = [rule];
    let ids: Vec<serde_json::Value> = picked
        .iter()
        .filter_map(|document| SortKey::read(document, &rules).first_value())
        .collect();
    let mut fields = query.fields.clone().unwrap_or_default();
    let adds_key = !fields.iter().any(|field| field == key || field == "*");
    if adds_key {
        fields.push(key.to_owned());
    }
    let by_id = BrowseQuery {
        offset: 0,
        limit: ids.len(),
        fields: Some(fields),
        ids: Some(ids.clone()),
        filter: None,
        sort: None,
        ..query.clone()
    };
    let documents = match by_ids(app, index, &by_id, &ids, failed).await? {
        Attempt::Page { documents, .. } => documents,
        failed => return Ok(failed),
    };
    let mut full: Vec<Option<(Option<serde_json::Value>, Vec<u8>)>> = documents
        .into_iter()
        .map(|document| Some((SortKey::read(&document, &rules).first_value(), document)))
        .collect();
    let mut ordered = Vec::with_capacity(full.len());
    for id in &ids {
        let found = full.iter_mut().find(|entry| {
            entry
                .as_ref()
                .is_some_and(|(value, _)| value.as_ref().is_some_and(|value| same_id(value, id)))
        });
        if let Some((_, document)) = found.and_then(Option::take) {
            ordered.push(if adds_key {
                without(&document, key)?
            } else {
                document
            });
        }
    }
    Ok(Attempt::Page {
        documents: ordered,
        total,
        uncovered,
    })
}

/// `1` and `"1"` are one id.
fn same_id(left: &serde_json::Value, right: &serde_json::Value) -> bool {
    use miroir_core::document::primary_key::canonical_value;
    canonical_value(left) == canonical_value(right)
}

fn without(document: &[u8], field: &str) -> Result<Vec<u8>, Failure> {
    let mut cut = Vec::with_capacity(document.len());
    miroir_core::wire::raw::cut(document, |name| name == field, &mut cut)
        .map_err(Failure::internal)?;
    Ok(cut)
}
