//! Documents like one: what nodes are asked, and the answer of one server.
//!
//! Only the node that has the document can search by it. All others, and so it too, are asked for what is close to the
//! document's vector. A server (`milli/src/search/similar.rs`) looks at nothing but similarity, leaves out the document and
//! what has no vector, and counts all that passes the filter, up to `maxTotalHits`, unless the threshold ends the list.

use std::cmp::Ordering;

use super::MergeError;
use super::distinct::canonical_id;
use super::hit::{HitWriter, List};
use super::order::{Leg, Order, Picked};
use super::rank::{Key, Rule, number};
use super::view::IndexView;
use crate::wire::answer::SearchAnswer;
use crate::wire::raw::{RawError, push_string};
use crate::wire::search::{HybridQuery, SearchQuery};
use crate::wire::similar::SimilarQuery;

/// The document that others are to be like.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Canonical.
    pub id: &'a str,
    /// Whether it passes the filter itself.
    pub is_counted: bool,
}

/// The search for what is close to a vector; without one, for all that the filter lets through.
pub fn search(query: &SimilarQuery, vector: Option<Vec<f32>>) -> SearchQuery {
    SearchQuery {
        hybrid: vector.is_some().then(|| HybridQuery {
            semantic_ratio: Some(1.0),
            embedder: query.embedder.clone(),
        }),
        vector,
        filter: query.filter.clone(),
        attributes_to_retrieve: query.attributes_to_retrieve.clone(),
        retrieve_vectors: query.retrieve_vectors,
        show_ranking_score: true,
        show_performance_details: query.show_performance_details,
        ..SearchQuery::default()
    }
}

/// How many hits of [`search`] are needed: one may be the document.
pub fn wanted(query: &SimilarQuery) -> usize {
    query.offset.saturating_add(query.limit).saturating_add(1)
}

/// A hit of the list, worth showing.
struct Near<'a> {
    picked: Picked,
    similarity: &'a [u8],
}

/// The body of the answer, out of the answers to [`search`] and their order. A node's order may put other rules before the
/// similarity; then it must have all hits.
///
/// # Errors
/// When an answer is not what a server writes.
pub fn write(
    query: &SimilarQuery,
    view: &IndexView,
    legs: &[Leg],
    order: &Order,
    target: Target<'_>,
    processing_time_ms: u64,
) -> Result<Vec<u8>, MergeError> {
    let near = near(view, legs, order, target)?;
    let skipped = near.len().min(query.offset);
    let page: Vec<&Near<'_>> = near
        .iter()
        .skip(skipped)
        .take(query.limit)
        .take_while(|hit| {
            query
                .ranking_score_threshold
                .is_none_or(|threshold| number(hit.similarity) >= threshold)
        })
        .collect();
    let ended_early = page.len() < (near.len() - skipped).min(query.limit);
    let sum: u64 = legs.iter().map(|leg| leg.answer.total).sum();
    let all = sum.saturating_sub(target.is_counted.into());
    let total = if ended_early {
        (skipped + page.len()) as u64
    } else {
        all
    };

    let shown = SearchQuery {
        show_ranking_score: query.show_ranking_score,
        ..search(query, None)
    };
    let writer = HitWriter::new(&shown, view, None);
    let mut out = b"{\"hits\":".to_vec();
    let mut list = List::open(b'[', &mut out);
    for hit in page {
        list.next(&mut out);
        let answer = &legs[hit.picked.leg].answer;
        writer.write(answer, &answer.hits[hit.picked.hit], &mut out)?;
        if query.show_ranking_score_details {
            push_details(hit.similarity, &mut out);
        }
    }
    list.close(b']', &mut out);
    out.extend_from_slice(b",\"id\":");
    push_string(target.id, &mut out);
    out.extend_from_slice(
        format!(
            ",\"processingTimeMs\":{processing_time_ms},\"limit\":{},\"offset\":{},\"estimatedTotalHits\":{}",
            query.limit,
            query.offset,
            total.min(view.max_total_hits as u64)
        )
        .as_bytes(),
    );
    let slowest = legs
        .iter()
        .map(|leg| &leg.answer)
        .max_by_key(|answer| answer.processing_time_ms);
    if let Some(details) = slowest.and_then(SearchAnswer::performance_details) {
        out.extend_from_slice(b",\"performanceDetails\":");
        out.extend_from_slice(details);
    }
    out.push(b'}');
    Ok(out)
}

/// The hits that have a vector, but for the document itself, most similar first.
fn near<'a>(
    view: &IndexView,
    legs: &'a [Leg],
    order: &Order,
    target: Target<'_>,
) -> Result<Vec<Near<'a>>, RawError> {
    let mut near = Vec::with_capacity(order.picked.len());
    let mut key = Key::default();
    for picked in &order.picked {
        let answer = &legs[picked.leg].answer;
        let hit = &answer.hits[picked.hit];
        let Some(details) = &hit.details else {
            continue;
        };
        key.read(answer.slice(details))?;
        let similarity = key.entries().iter().find_map(|(_, rule)| match rule {
            Rule::Vector(similarity) => *similarity,
            _ => None,
        });
        let Some(similarity) = similarity else {
            continue;
        };
        let is_target = match &view.primary_key {
            Some(primary_key) => {
                let id = canonical_id(answer.slice(&hit.whole), primary_key)?;
                id.as_deref() == Some(target.id)
            }
            None => false,
        };
        if !is_target {
            near.push(Near {
                picked: *picked,
                similarity,
            });
        }
    }
    near.sort_by(|left, right| more_similar(left, right));
    Ok(near)
}

fn more_similar(left: &Near<'_>, right: &Near<'_>) -> Ordering {
    number(right.similarity).total_cmp(&number(left.similarity))
}

/// Adds the details of a server to a hit that is written: similarity is the only rule.
fn push_details(similarity: &[u8], out: &mut Vec<u8>) {
    out.pop();
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.extend_from_slice(b"\"_rankingScoreDetails\":{\"vectorSort\":{\"order\":0,\"similarity\":");
    out.extend_from_slice(similarity);
    out.extend_from_slice(b"}}}");
}
