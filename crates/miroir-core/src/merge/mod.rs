//! Many nodes' answers into the one that a single server would have given.
//!
//! [`NodeRequest`] says what to ask a node; [`search`] puts the answers together. Between the two, hits are slices of the
//! answers: only their rank is read ([`rank`]), only what Miroir added is cut out ([`hit`]). [`order`] is separate from
//! the writing, so that other callers can merge lists that are not the answer to one search.
//!
//! Where the answer still differs from that of one server:
//! - a facet value that documents spell differently is shown in the first spelling by bytes, not that of the oldest document;
//! - a facet with numbers, and with the same digits as strings, takes both for the number;
//! - ties at the cut of a facet list by count;
//! - totals, facet counts and statistics under a distinct attribute, and totals under a score threshold without pages
//!   (hits and their order are right).

mod copied;
pub mod distinct;
pub mod documents;
pub mod facet_search;
pub mod facets;
pub mod hit;
pub mod normalize;
pub mod order;
pub mod rank;
pub mod repair;
pub mod request;
#[cfg(test)]
mod tests;
pub mod view;

pub use order::{Leg, Picked};
pub use request::NodeRequest;
pub use view::{FacetOrder, IndexView, TieRule, Window};

use crate::wire::raw::{RawError, push_string};
use crate::wire::search::{DEFAULT_LIMIT, SearchQuery};
use hit::{HitWriter, List};
use order::{Order, Wanted};
use rank::{Key, Rule};
use repair::Repair;

/// A node's answer is not one that a Meilisearch server writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a node's answer cannot be merged")]
pub struct MergeError(#[from] RawError);

/// What only the caller knows of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub processing_time_ms: u64,
    pub request_uid: &'a str,
    /// Raw object, when the client asked for it.
    pub metadata: Option<&'a [u8]>,
}

/// The client's answer, and what happened on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The JSON body.
    pub body: Vec<u8>,
    /// Hits in it.
    pub hits: usize,
    /// The total in it.
    pub total: u64,
    /// Legs to ask for more, in ascending order: their lists ended before the page was full and may go on. Until then
    /// the body has only the hits whose place is certain.
    pub refill: Vec<usize>,
    /// Ids that the engine takes for equal were put in order here.
    pub ambiguous_ids: bool,
    /// A node ran out of time while ranking.
    pub skipped: bool,
}

/// Merges the answers to the bodies that [`NodeRequest`] made of `query` into the body of the client's answer.
///
/// # Errors
/// When an answer is not what a server writes.
pub fn search(
    query: &SearchQuery,
    view: &IndexView,
    legs: &[Leg<'_>],
    facts: &Facts<'_>,
) -> Result<Merged, MergeError> {
    let window = Window::of(query, view);
    let wanted = Wanted {
        end: window.end,
        tie_rule: view.tie_rule,
        primary_key: view.primary_key.as_deref(),
        distinct: view.distinct_of(query),
    };
    let order = order::merge(legs, &wanted)?;
    let page = order.picked.get(window.start..).unwrap_or_default();
    let sum: u64 = legs.iter().map(|leg| leg.answer.total).sum();
    let total = sum.saturating_sub(order.dropped.len() as u64);
    let body = write(query, view, legs, page, total, facts)?;
    let Order {
        refill,
        ambiguous_ids,
        skipped,
        ..
    } = order;
    Ok(Merged {
        hits: page.len(),
        body,
        total,
        refill,
        ambiguous_ids,
        skipped,
    })
}

/// Members and their order are those of the server's `SearchResult`.
fn write(
    query: &SearchQuery,
    view: &IndexView,
    legs: &[Leg<'_>],
    page: &[Picked],
    total: u64,
    facts: &Facts<'_>,
) -> Result<Vec<u8>, RawError> {
    let answers = || legs.iter().map(|leg| &leg.answer);
    let hit_bytes: usize = page
        .iter()
        .map(|picked| legs[picked.leg].answer.hits[picked.hit].whole.len())
        .sum();
    let mut out = Vec::with_capacity(hit_bytes + 1024);
    out.extend_from_slice(b"{\"hits\":");
    write_hits(query, view, legs, page, &mut out)?;
    out.extend_from_slice(b",\"query\":");
    push_string(query.q.as_deref().unwrap_or_default(), &mut out);
    if let Some(vector) = answers().find_map(|answer| answer.query_vector) {
        out.extend_from_slice(b",\"queryVector\":");
        out.extend_from_slice(vector);
    }
    out.extend_from_slice(format!(",\"processingTimeMs\":{}", facts.processing_time_ms).as_bytes());
    out.extend_from_slice(page_members(query, total).as_bytes());
    let before = out.len();
    out.extend_from_slice(b",\"facetDistribution\":");
    if !facets::distribution(answers(), view, total, &mut out)? {
        out.truncate(before);
    }
    let before = out.len();
    out.extend_from_slice(b",\"facetStats\":");
    if !facets::stats(answers(), view, &mut out)? {
        out.truncate(before);
    }
    out.extend_from_slice(b",\"requestUid\":");
    push_string(facts.request_uid, &mut out);
    if let Some(metadata) = facts.metadata {
        out.extend_from_slice(b",\"metadata\":");
        out.extend_from_slice(metadata);
    }
    let slowest = answers().max_by_key(|answer| answer.processing_time_ms);
    if let Some(details) = slowest.and_then(|answer| answer.performance_details) {
        out.extend_from_slice(b",\"performanceDetails\":");
        out.extend_from_slice(details);
    }
    if answers().any(|answer| answer.semantic_hit_count.is_some()) {
        let count = semantic_hits(legs, page)?;
        out.extend_from_slice(format!(",\"semanticHitCount\":{count}").as_bytes());
    }
    out.push(b'}');
    Ok(out)
}

fn write_hits(
    query: &SearchQuery,
    view: &IndexView,
    legs: &[Leg<'_>],
    page: &[Picked],
    out: &mut Vec<u8>,
) -> Result<(), RawError> {
    let shows_scores = query.show_ranking_score || query.show_ranking_score_details;
    let repair = if shows_scores && legs.len() > 1 {
        Some(Repair::of(legs)?)
    } else {
        None
    };
    let writer = HitWriter::new(query, view, repair.filter(|repair| repair.needed));
    let mut list = List::open(b'[', out);
    for picked in page {
        let answer = &legs[picked.leg].answer;
        list.next(out);
        writer.write(answer, &answer.hits[picked.hit], out)?;
    }
    list.close(b']', out);
    Ok(())
}

/// The members on pages and totals, with the comma before them.
fn page_members(query: &SearchQuery, total: u64) -> String {
    if query.is_paged() {
        let hits_per_page = query.hits_per_page.unwrap_or(DEFAULT_LIMIT);
        let page = query.page.unwrap_or(1);
        let pages = if hits_per_page == 0 {
            0
        } else {
            total.div_ceil(hits_per_page as u64)
        };
        format!(
            ",\"hitsPerPage\":{hits_per_page},\"page\":{page},\"totalPages\":{pages},\"totalHits\":{total}"
        )
    } else {
        format!(
            ",\"limit\":{},\"offset\":{},\"estimatedTotalHits\":{total}",
            query.limit, query.offset
        )
    }
}

fn semantic_hits(legs: &[Leg<'_>], page: &[Picked]) -> Result<usize, RawError> {
    let mut key = Key::default();
    let mut count = 0;
    for picked in page {
        let answer = &legs[picked.leg].answer;
        if let Some(details) = &answer.hits[picked.hit].details {
            key.read(answer.slice(details))?;
            count += usize::from(
                key.entries()
                    .iter()
                    .any(|(_, rule)| matches!(rule, Rule::Vector(_))),
            );
        }
    }
    Ok(count)
}
