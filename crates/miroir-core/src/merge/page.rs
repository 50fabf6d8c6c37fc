//! The body of the client's answer, written from the order of the hits and from counts.

use super::MergeError;
use super::facets;
use super::hit::{Hit, HitWriter, List};
use super::order::{Leg, Picked};
use super::phases::Documents;
use super::rank::{Key, Rule};
use super::recount::Recount;
use super::repair::Repair;
use super::view::IndexView;
use crate::wire::answer::SearchAnswer;
use crate::wire::raw::{RawError, push_string};
use crate::wire::search::{DEFAULT_LIMIT, SearchQuery};

/// What only the caller knows of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub processing_time_ms: u64,
    pub request_uid: &'a str,
    /// Raw object, when the client asked for it.
    pub metadata: Option<&'a [u8]>,
}

/// What an answer shows.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The answers that have the hits. Scores are repaired over all of their hits, shown or not.
    pub legs: &'a [Leg],
    /// The hits shown, out of `legs`.
    pub hits: &'a [Picked],
    /// Documents that match.
    pub total: u64,
    /// The documents of `hits`, where those or some of them were fetched apart from their ranks.
    pub documents: Option<&'a Documents>,
    /// The answers whose facet counts add up to those shown: each document was counted in one of them.
    pub counted: &'a [&'a SearchAnswer],
    /// What their lists lack.
    pub recounts: &'a [Recount],
    /// The search is one that counts its hits by vector, even if none was looked for.
    pub is_semantic: bool,
}

/// Members and their order are those of the server's `SearchResult`.
///
/// # Errors
/// When an answer is not what a server writes.
pub fn write(
    query: &SearchQuery,
    view: &IndexView,
    page: &Page<'_>,
    facts: &Facts<'_>,
) -> Result<Vec<u8>, MergeError> {
    let answers = || page.legs.iter().map(|leg| &leg.answer);
    let counted = || page.counted.iter().copied();
    let total = page.total;
    let hit_bytes: usize = page
        .hits
        .iter()
        .map(|picked| page.legs[picked.leg].answer.hits[picked.hit].whole.len())
        .sum();
    let mut out = Vec::with_capacity(hit_bytes + 1024);
    out.extend_from_slice(b"{\"hits\":");
    write_hits(query, view, page, &mut out)?;
    out.extend_from_slice(b",\"query\":");
    push_string(query.q.as_deref().unwrap_or_default(), &mut out);
    if let Some(vector) = answers().find_map(|answer| answer.query_vector()) {
        out.extend_from_slice(b",\"queryVector\":");
        out.extend_from_slice(vector);
    }
    out.extend_from_slice(format!(",\"processingTimeMs\":{}", facts.processing_time_ms).as_bytes());
    out.extend_from_slice(page_members(query, total).as_bytes());
    let asked = query.facets.as_deref().unwrap_or_default();
    let before = out.len();
    out.extend_from_slice(b",\"facetDistribution\":");
    if !facets::distribution(counted(), page.recounts, view, total, asked, &mut out)? {
        out.truncate(before);
    }
    let before = out.len();
    out.extend_from_slice(b",\"facetStats\":");
    if !facets::stats(counted(), view, &mut out)? {
        out.truncate(before);
    }
    out.extend_from_slice(b",\"requestUid\":");
    push_string(facts.request_uid, &mut out);
    if let Some(metadata) = facts.metadata {
        out.extend_from_slice(b",\"metadata\":");
        out.extend_from_slice(metadata);
    }
    let slowest = answers().max_by_key(|answer| answer.processing_time_ms);
    if let Some(details) = slowest.and_then(SearchAnswer::performance_details) {
        out.extend_from_slice(b",\"performanceDetails\":");
        out.extend_from_slice(details);
    }
    if page.is_semantic {
        let count = semantic_hits(page.legs, page.hits)?;
        out.extend_from_slice(format!(",\"semanticHitCount\":{count}").as_bytes());
    }
    out.push(b'}');
    Ok(out)
}

fn write_hits(
    query: &SearchQuery,
    view: &IndexView,
    page: &Page<'_>,
    out: &mut Vec<u8>,
) -> Result<(), RawError> {
    let legs = page.legs;
    let shows_scores = query.show_ranking_score || query.show_ranking_score_details;
    let repair = if shows_scores && legs.len() > 1 {
        Some(Repair::of(legs)?)
    } else {
        None
    };
    let writer = HitWriter::new(query, view, repair.filter(|repair| repair.needed));
    let mut list = List::open(b'[', out);
    for (position, picked) in page.hits.iter().enumerate() {
        let rank = Hit::of(&legs[picked.leg].answer, picked.hit);
        let document = page
            .documents
            .and_then(|documents| documents.get(position))
            .unwrap_or(rank);
        list.next(out);
        writer.write_ranked(document, rank, out)?;
    }
    list.close(b']', out);
    Ok(())
}

/// The members on pages and totals, with the comma before them.
pub(super) fn page_members(query: &SearchQuery, total: u64) -> String {
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

fn semantic_hits(legs: &[Leg], page: &[Picked]) -> Result<usize, RawError> {
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
