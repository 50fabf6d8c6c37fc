//! Searches by vectors, alone or blended with words.
//!
//! A vector is made once for a request, not once on every node, and only when the words of all shards together were not good
//! enough. The blend is made here (`miroir_core::merge::hybrid`).

use http::{Method, StatusCode};
use miroir_core::error::Code;
use miroir_core::merge::hybrid::{self, Fusion, Half};
use miroir_core::merge::{Window, totals};
use miroir_core::wire::search::{HybridQuery, SearchKind, SearchQuery};
use miroir_node::{Answer, Call};
use serde::Deserialize;
use tokio::time::Instant;

use crate::app::App;
use crate::catalog::Index;
use crate::config::MergeStrategy;
use crate::http::over_fetch::OverFetch;
use crate::http::reply::{Failure, chain};
use crate::request::found::{self, Found, Purpose};
use crate::request::ranked::Reading;
use crate::request::search::explained;
use crate::request::translate::Names;
use crate::request::twin;

/// Finds the hits of a query, from the first to the end of the window, in the way of its kind.
pub(crate) async fn find(
    app: &App,
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
    over_fetch: OverFetch,
    purpose: Purpose,
) -> Result<Found, Failure> {
    let kind = query.kind();
    if kind == SearchKind::Keyword || !app.config.vector_search.enabled {
        return found::by_words(app, reading, query, window, purpose).await;
    }
    // In a box, or every search by words would be as large.
    Box::pin(by_vectors(app, reading, query, window.end, over_fetch)).await
}

/// Finds the hits of a query that has a vector, or is to get one.
async fn by_vectors(
    app: &App,
    reading: &Reading<'_>,
    query: &SearchQuery,
    end: usize,
    OverFetch(factor): OverFetch,
) -> Result<Found, Failure> {
    let index = reading.index;
    let worded = async |list| explained(app, index, query, list).await;
    check_embedder(app, index, query).await?;
    let ratio = match query.kind() {
        SearchKind::Hybrid(ratio) => ratio,
        SearchKind::Semantic | SearchKind::Keyword => {
            let semantic = SearchQuery {
                vector: Some(vector_of(app, index, query).await?),
                media: None,
                ..query.clone()
            };
            let list = reading.ranked_over(&semantic, end, factor).await;
            return Ok(Found::from(worded(list).await?).with_vectors());
        }
    };

    let list = reading.ranked(&hybrid::keyword_half(query), end).await;
    let keyword = worded(list).await?;
    let by_words = Half {
        legs: &keyword.legs,
        order: &keyword.order,
    };
    if hybrid::is_good_enough(by_words, end, ratio).map_err(Failure::internal)? {
        return Ok(keyword.into());
    }
    let vector = match &query.vector {
        Some(vector) => vector.clone(),
        None => match embed(app, index, query).await? {
            Ok(vector) => vector,
            // A server, too, answers by the words alone then.
            Err(answer) => {
                tracing::warn!(index = %index.row.uid, code = answer.error_code(), "no vector for a hybrid search");
                return Ok(keyword.into());
            }
        },
    };
    let unranked = hybrid::is_unranked(query, &index.view, by_words).map_err(Failure::internal)?;
    let half = if unranked {
        hybrid::vector_half_of_unranked(query, vector)
    } else {
        hybrid::vector_half(query, vector)
    };
    let vectors = worded(reading.ranked_over(&half, end, factor).await).await?;
    let by_vector = Half {
        legs: &vectors.legs,
        order: &vectors.order,
    };
    let fusion = match app.config.vector_search.merge_strategy {
        MergeStrategy::Convex => Fusion::Convex(ratio),
        MergeStrategy::Rrf => Fusion::Ranks(app.config.vector_search.rrf_k),
    };
    let hits = hybrid::fuse(query, &index.view, by_words, by_vector, fusion, end)
        .map_err(Failure::internal)?;
    // Words that rank nothing match whatever is not negated: all that is near to the vector, and more under a threshold.
    let all = if unranked { &keyword } else { &vectors };
    let total = totals::of_list(&all.legs, &all.order);
    let ambiguous_ids = keyword.order.ambiguous_ids || vectors.order.ambiguous_ids;
    let mut legs = keyword.legs;
    let words_end = legs.len();
    legs.extend(vectors.legs);
    let of_node = vectors.sources.iter().map(|source| {
        let mut lists = keyword.sources.iter();
        lists.position(|list| list.node == source.node)
    });
    let word_legs = (0..words_end).map(Some).chain(of_node).collect();
    let counted = if unranked {
        0..words_end
    } else {
        words_end..legs.len()
    };
    let uncovered = keyword.uncovered.union(&vectors.uncovered);
    let found = Found::blended(hits, ambiguous_ids, total, counted, uncovered, legs);
    Ok(found.with_vectors().with_word_legs(word_legs))
}

/// Refuses what a server refuses before it searches, and what nodes might not notice: the half by words knows no embedder.
async fn check_embedder(app: &App, index: &Index, query: &SearchQuery) -> Result<(), Failure> {
    let embedder = query.hybrid.as_ref().map(|hybrid| hybrid.embedder.as_str());
    let embedder = embedder.unwrap_or_default();
    let fits = query
        .vector
        .as_ref()
        .is_none_or(|vector| index.settings.embedder_dimensions(embedder) == Some(vector.len()));
    if index.settings.has_embedder(embedder) && fits && query.media.is_none() {
        return Ok(());
    }
    let body = query.without_embedding().to_json();
    twin::refusal(app, index, "search", body)
        .await
        .map_or(Ok(()), Err)
}

/// The vector to search by: the client's, or the embedder's. Anything else that is wrong with the query is said first, as on a
/// server.
async fn vector_of(app: &App, index: &Index, query: &SearchQuery) -> Result<Vec<f32>, Failure> {
    if let Some(vector) = &query.vector {
        return Ok(vector.clone());
    }
    let answer = match embed(app, index, query).await? {
        Ok(vector) => return Ok(vector),
        Err(answer) => answer,
    };
    let body = query.without_embedding().to_json();
    let refusal = twin::refusal(app, index, "search", body).await;
    Err(refusal.unwrap_or_else(|| Names::of(index).relay(answer)))
}

/// Has one node make the vector of a query. Where its embedder fails another node is asked, once; its refusal is returned.
async fn embed(
    app: &App,
    index: &Index,
    query: &SearchQuery,
) -> Result<Result<Vec<f32>, Answer>, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Embedded {
        query_vector: Vec<f32>,
    }
    let body = SearchQuery {
        q: query.q.clone(),
        media: query.media.clone(),
        hybrid: query.hybrid.as_ref().map(|hybrid| HybridQuery {
            semantic_ratio: Some(1.0),
            ..hybrid.clone()
        }),
        limit: 0,
        retrieve_vectors: true,
        ..SearchQuery::default()
    }
    .to_json();
    let path = format!("/indexes/{}/search", index.node_uid());
    let deadline = Instant::now() + app.config.server.request_timeout_ms.duration();
    let mut nodes = app.cluster.reachable();
    if !nodes.is_empty() {
        let turn = usize::try_from(app.next_rotation()).unwrap_or_default() % nodes.len();
        nodes.rotate_left(turn);
    }
    let mut refused = None;
    for node in nodes {
        let call = Call::read(Method::POST, path.as_str(), deadline).json(body.clone());
        match app.cluster.call(&node, call).await {
            Ok(answer) if answer.is_success() => {
                let embedded: Embedded = answer.json().map_err(Failure::internal)?;
                return Ok(Ok(embedded.query_vector));
            }
            Ok(answer) if answer.status == StatusCode::BAD_REQUEST => match refused {
                None => refused = Some(answer),
                Some(first) => return Ok(Err(first)),
            },
            Ok(answer) => {
                tracing::warn!(node_id = %node, status = answer.status.as_u16(), "no vector from a node");
            }
            Err(error) => {
                tracing::warn!(node_id = %node, error = %chain(&error), "no vector from a node");
            }
        }
    }
    match refused {
        Some(answer) => Ok(Err(answer)),
        None => Err(Failure::new(
            Code::MiroirShardUnavailable,
            "No node can be reached that makes the vector of the query. Retry when the nodes are back.",
        )),
    }
}
