//! `GET /indexes/{uid}/documents` and `POST .../documents/fetch`: a stable order. A short list goes by primary key, which is what a
//! server shows where ids were counted up; a long one shard by shard and inside a shard by primary key, so that any depth costs as
//! much as the page is long.
//!
//! Counts per shard under the client's filter map the offset to shards. Each node is then asked once for the shards that lie wholly
//! in the page, and for the pieces of the one at its beginning and the one at its end.

mod sorted;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use miroir_core::document::{marker, primary_key};
use miroir_core::error::ApiError;
use miroir_core::hash::shard_of;
use miroir_core::id::{IndexUid, NodeId, Shard, ShardSet};
use miroir_core::merge::documents::{SortKey, SortRule};
use miroir_core::merge::member_order::write_document;
use miroir_core::plan::{self, Constraints, Leg, ShardClause};
use miroir_core::wire::documents::BrowseQuery;
use miroir_core::wire::raw;
use miroir_node::{Answer, Call};
use serde_json::{Map, Value, json};

use crate::app::{App, ClusterView};
use crate::catalog::Index;
use crate::http::reply::{Failure, Reply, chain};
use crate::request::filter_with;
use crate::request::scatter::{Gathered, ScatterEnd, degraded, scatter, unavailable};
use crate::request::stats;
use crate::request::translate::Names;
use crate::request::{narrow, refused, resolve, twin};

/// Lists of so many documents go by primary key alone.
const SHORT: u64 = 1000;
/// How often a page is planned anew because a node failed in the middle of it.
const ATTEMPTS: usize = 3;

/// One page of documents.
pub(crate) async fn browse(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &BrowseQuery,
) -> Result<Reply, Failure> {
    let index = resolve::index(app, uid)?;
    check_ids(query)?;
    twin::check_browse(app, &index, query).await?;
    let mut failed = BTreeSet::new();
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let page = match (&query.sort, &query.ids) {
            (Some(sort), _) if !sort.is_empty() => {
                sorted::page(app, &index, query, sort, &failed).await?
            }
            (_, Some(ids)) => by_ids(app, &index, query, ids, &failed).await?,
            _ => by_shard(app, &index, query, &failed).await?,
        };
        match page {
            Attempt::Page {
                documents,
                total,
                uncovered,
            } => {
                let added = added_key(&index, query);
                let body = write_page(&index, query, &documents, added, total)?;
                return Ok(Reply::json_bytes(StatusCode::OK, body).degraded(degraded(uncovered)));
            }
            Attempt::NodeFailed(node, shards) => {
                failed.insert(node);
                last = Some(shards);
            }
        }
    }
    Err(unavailable(&last.unwrap_or_default()))
}

/// The outcome of one try.
enum Attempt {
    Page {
        /// The documents of the page, in order, as the nodes wrote them.
        documents: Vec<Vec<u8>>,
        total: u64,
        uncovered: ShardSet,
    },
    /// A node failed after it had been counted on; its shards.
    NodeFailed(NodeId, ShardSet),
}

/// A part of the page that one node answers in one request.
struct Piece {
    node: NodeId,
    shards: ShardSet,
    offset: u64,
    limit: u64,
}

async fn by_shard(
    app: &Arc<App>,
    index: &Index,
    query: &BrowseQuery,
    failed: &BTreeSet<NodeId>,
) -> Result<Attempt, Failure> {
    let counted = stats::count_by_shard(app, index, query.filter.as_ref(), failed).await;
    let counted = match counted {
        Ok(counted) => counted,
        Err(ScatterEnd::Failed(failure)) => return Err(failure),
        // Counting is a search, whose errors are worded in another way.
        Err(ScatterEnd::Rejected(answer)) => {
            let body = query.to_json();
            return Err(refused::as_asked(app, index, "documents/fetch", &body, answer).await);
        }
    };
    let total = counted.total();
    if total <= SHORT && index.primary_key().is_some() {
        return sorted::by_key(app, index, query, failed).await;
    }
    let pieces = pieces(&counted.shards, query.offset as u64, query.limit as u64);
    let mut shards: BTreeMap<Shard, Vec<Vec<u8>>> = BTreeMap::new();
    let order = sort_by_key(index);
    let requests = pieces.iter().map(|piece| {
        let clause = ShardClause::new(&piece.shards, &index.shards().all()).to_string();
        let body = body(
            index,
            query,
            &[clause],
            order.clone(),
            piece.offset,
            piece.limit,
        );
        async move { (piece, fetch(app, index, &piece.node, body).await) }
    });
    for (piece, answer) in join_all(requests).await {
        let answer = match answer {
            Ok(answer) => answer,
            Err(Some(answer)) => return Err(relay(index, answer)),
            Err(None) => {
                return Ok(Attempt::NodeFailed(
                    piece.node.clone(),
                    piece.shards.clone(),
                ));
            }
        };
        for document in results(&answer)? {
            let shard = shard_in(&document).unwrap_or(Shard(0));
            shards.entry(shard).or_default().push(document);
        }
    }
    let documents = shards.into_values();
    let documents = documents.flat_map(|documents| in_order(index, documents));
    Ok(Attempt::Page {
        documents: documents.collect(),
        total,
        uncovered: counted.uncovered,
    })
}

/// Cuts `offset..offset + limit` of the shards in their order into as few requests as possible.
fn pieces(counts: &BTreeMap<Shard, (u64, NodeId)>, offset: u64, limit: u64) -> Vec<Piece> {
    let end = offset.saturating_add(limit);
    let mut whole: BTreeMap<&NodeId, Piece> = BTreeMap::new();
    let mut pieces = Vec::new();
    let mut before = 0;
    for (shard, (count, node)) in counts {
        let (first, last) = (offset.max(before), end.min(before + count));
        if first < last {
            let piece = Piece {
                node: node.clone(),
                shards: [*shard].into_iter().collect(),
                offset: first - before,
                limit: last - first,
            };
            if piece.limit < *count {
                pieces.push(piece);
            } else {
                let joined = whole.entry(node).or_insert(Piece {
                    node: node.clone(),
                    shards: ShardSet::new(),
                    offset: 0,
                    limit: 0,
                });
                joined.shards.insert(*shard);
                joined.limit += count;
            }
        }
        before += count;
    }
    pieces.extend(whole.into_values());
    pieces
}

/// Documents by id: their shards are known, so each node is asked once and the page is cut here.
async fn by_ids(
    app: &Arc<App>,
    index: &Index,
    query: &BrowseQuery,
    ids: &[Value],
    failed: &BTreeSet<NodeId>,
) -> Result<Attempt, Failure> {
    let wanted: ShardSet = ids
        .iter()
        .filter_map(primary_key::canonical_value)
        .map(|id| shard_of(&id, index.shards()))
        .collect();
    if wanted.is_empty() {
        return Ok(Attempt::Page {
            documents: Vec::new(),
            total: 0,
            uncovered: ShardSet::new(),
        });
    }
    let filtered = narrow::filter(app, index, query.filter.as_ref());
    let constraints = Constraints {
        narrowed: Some(match &filtered.narrowed {
            Some(narrowed) => wanted.intersection(narrowed),
            None => wanted,
        }),
        exclude_nodes: failed.clone(),
        ..filtered
    };
    let order = sort_by_key(index);
    let gathered = scatter_fetch(app, index, &constraints, |clause| {
        body(index, query, clause, order.clone(), 0, ids.len() as u64)
    })
    .await?;
    let mut found = Vec::new();
    for leg in &gathered.answers {
        found.extend(results(&leg.answer)?);
    }
    let total = found.len() as u64;
    let documents = in_order(index, found).into_iter();
    Ok(Attempt::Page {
        documents: documents.skip(query.offset).take(query.limit).collect(),
        total,
        uncovered: gathered.uncovered,
    })
}

/// Documents by primary key. Those that the engine takes for equal are in the order of their ids, as far as they are here: nodes
/// have them in any order.
fn in_order(index: &Index, documents: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let rules: Vec<SortRule> = sort_by_key(index)
        .iter()
        .filter_map(|rule| rule.parse().ok())
        .collect();
    let mut keyed: Vec<(SortKey, Vec<u8>)> = documents
        .into_iter()
        .map(|document| (SortKey::read(&document, &rules), document))
        .collect();
    keyed.sort_by(|left, right| left.0.compare(&right.0, &rules));
    let same = |left: &(SortKey, _), right: &(SortKey, _)| {
        left.0.compare(&right.0, &rules) == Ordering::Equal
    };
    for equal in keyed.chunk_by_mut(same).filter(|equal| equal.len() > 1) {
        equal.sort_by_cached_key(|(key, _)| {
            let id = key.last_value();
            id.as_ref().and_then(primary_key::canonical_value)
        });
    }
    keyed.into_iter().map(|(_, document)| document).collect()
}

/// Sends `documents/fetch` to every leg of a plan.
pub(super) async fn scatter_fetch(
    app: &Arc<App>,
    index: &Index,
    constraints: &Constraints,
    body: impl Fn(&[String]) -> Vec<u8>,
) -> Result<Gathered, Failure> {
    let view: ClusterView<'_> = app.view(index.node_uid());
    let rotation = app.next_rotation();
    let plan = plan::search(&view.cluster(), index.shards(), constraints, rotation);
    let path = fetch_path(index);
    let call = |leg: &Leg, deadline| {
        let clause: Vec<String> = leg.clause.iter().map(ToString::to_string).collect();
        Call::read(Method::POST, path.as_str(), deadline).json(body(&clause))
    };
    let gathered = scatter(
        app,
        &view,
        index.shards(),
        constraints,
        plan,
        rotation,
        call,
    )
    .await;
    gathered.map_err(|end| failure(index, end))
}

fn fetch_path(index: &Index) -> String {
    format!("/indexes/{}/documents/fetch", index.node_uid())
}

/// Asks one node. `Err(None)`: it does not answer; `Err(Some)`: it refuses.
pub(super) async fn fetch(
    app: &App,
    index: &Index,
    node: &NodeId,
    body: Vec<u8>,
) -> Result<Answer, Option<Answer>> {
    let call = Call::read(Method::POST, fetch_path(index), app.cluster.read_deadline()).json(body);
    match app.cluster.call(node, call).await {
        Ok(answer) if answer.is_success() => Ok(answer),
        Ok(answer) if answer.status.is_client_error() => Err(Some(answer)),
        Ok(answer) => {
            tracing::warn!(node_id = %node, status = answer.status.as_u16(), "documents could not be read");
            Err(None)
        }
        Err(error) => {
            tracing::warn!(node_id = %node, error = %chain(&error), "documents could not be read");
            Err(None)
        }
    }
}

/// A node's body: the client's, with the clauses next to its filter, in Miroir's order, with the marker and the primary key in the
/// documents.
pub(super) fn body(
    index: &Index,
    query: &BrowseQuery,
    clauses: &[String],
    sort: Vec<String>,
    offset: u64,
    limit: u64,
) -> Vec<u8> {
    let mut body = Map::new();
    let clause = clauses.first().map(|clause| json!(clause));
    if let Some(filter) = filter_with(query.filter.as_ref(), clause) {
        body.insert("filter".to_owned(), filter);
    }
    if let Some(fields) = &query.fields {
        let mut fields = fields.clone();
        fields.push(marker::SHARD_FIELD.to_owned());
        fields.extend(added_key(index, query).map(str::to_owned));
        body.insert("fields".to_owned(), json!(fields));
    }
    if let Some(ids) = &query.ids {
        body.insert("ids".to_owned(), json!(ids));
    }
    if !sort.is_empty() {
        body.insert("sort".to_owned(), json!(sort));
    }
    body.insert("offset".to_owned(), json!(offset));
    body.insert("limit".to_owned(), json!(limit));
    body.insert("retrieveVectors".to_owned(), json!(query.retrieve_vectors));
    Value::Object(body).to_string().into_bytes()
}

/// The primary key, when the client does not want to see it but its documents are put in order by it.
fn added_key<'i>(index: &'i Index, query: &BrowseQuery) -> Option<&'i str> {
    let fields = query.fields.as_ref()?;
    let key = index.primary_key().filter(|key| !key.contains('.'))?;
    (!fields.iter().any(|field| field == key)).then_some(key)
}

pub(super) fn sort_by_key(index: &Index) -> Vec<String> {
    index
        .primary_key()
        .map(|key| format!("{key}:asc"))
        .into_iter()
        .collect()
}

/// The documents of a node's answer.
pub(super) fn results(answer: &Answer) -> Result<Vec<Vec<u8>>, Failure> {
    for member in raw::members(&answer.body) {
        let member = member.map_err(Failure::internal)?;
        if member.key.is("results") {
            let elements = raw::elements(member.value);
            return elements
                .map(|element| element.map(<[u8]>::to_vec))
                .collect::<Result<_, _>>()
                .map_err(Failure::internal);
        }
    }
    Err(Failure::internal(
        "a node's list of documents has no results",
    ))
}

fn shard_in(document: &[u8]) -> Option<Shard> {
    let member = raw::members(document)
        .flatten()
        .find(|member| member.key.is(marker::SHARD_FIELD))?;
    marker::parse_shard(&raw::text(member.value)?.decode())
}

fn write_page(
    index: &Index,
    query: &BrowseQuery,
    documents: &[Vec<u8>],
    added: Option<&str>,
    total: u64,
) -> Result<Vec<u8>, Failure> {
    debug_assert!(index.is_ready());
    let mut body = b"{\"results\":[".to_vec();
    for (position, document) in documents.iter().enumerate() {
        if position > 0 {
            body.push(b',');
        }
        write_document(document, &index.view, |name| Some(name) == added, &mut body)
            .map_err(Failure::internal)?;
    }
    let tail = format!(
        "],\"offset\":{},\"limit\":{},\"total\":{total}}}",
        query.offset, query.limit
    );
    body.extend_from_slice(tail.as_bytes());
    Ok(body)
}

fn check_ids(query: &BrowseQuery) -> Result<(), ApiError> {
    for (position, id) in query.ids.iter().flatten().enumerate() {
        if primary_key::canonical_value(id).is_none() {
            return Err(ApiError::invalid_document_ids(position, &id.to_string()));
        }
    }
    Ok(())
}

fn failure(index: &Index, end: ScatterEnd) -> Failure {
    match end {
        ScatterEnd::Failed(failure) => failure,
        ScatterEnd::Rejected(answer) => relay(index, answer),
    }
}

fn relay(index: &Index, answer: Answer) -> Failure {
    Names::of(index).relay(answer)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use miroir_core::id::{NodeId, Shard};

    use super::pieces;

    fn counts(list: &[(u16, u64, &str)]) -> BTreeMap<Shard, (u64, NodeId)> {
        list.iter()
            .map(|(shard, count, node)| (Shard(*shard), (*count, node.parse().unwrap())))
            .collect()
    }

    #[test]
    fn page_is_cut_into_one_request_per_node_and_its_two_ends() {
        let counts = counts(&[
            (0, 5, "a"),
            (1, 0, "b"),
            (2, 4, "a"),
            (3, 6, "b"),
            (4, 3, "a"),
            (5, 9, "b"),
        ]);
        let cut: Vec<(String, String, u64, u64)> = pieces(&counts, 3, 17)
            .into_iter()
            .map(|piece| {
                (
                    piece.node.to_string(),
                    piece.shards.to_string(),
                    piece.offset,
                    piece.limit,
                )
            })
            .collect();
        let piece = |node: &str, shards: &str, offset, limit| {
            (node.to_owned(), shards.to_owned(), offset, limit)
        };
        assert_eq!(
            cut,
            [
                piece("a", "0", 3, 2),
                piece("b", "5", 0, 2),
                piece("a", "2,4", 0, 7),
                piece("b", "3", 0, 6)
            ]
        );
        assert!(pieces(&counts, 27, 10).is_empty());
        assert!(pieces(&counts, 0, 0).is_empty());
    }
}
