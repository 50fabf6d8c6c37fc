//! The body of the answer to a federated search. Members and their order are those of the server's `FederatedSearchResult`.

use std::time::Duration;

use super::facets::IndexFacets;
use super::lists::{Merged, Place};
use super::{OfIndex, asked};
use crate::merge::MergeError;
use crate::merge::hit::{HitWriter, List};
use crate::merge::page::{Facts, page_members};
use crate::wire::answer::SearchAnswer;
use crate::wire::raw::{self, RawError, push_string};
use crate::wire::search::{Federation, SearchQuery};

/// What an answer shows.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub federation: &'a Federation,
    pub indexes: &'a [OfIndex<'a>],
    pub merged: &'a Merged,
    /// Documents that match, what was rejected taken off.
    pub total: u64,
    /// The facets of the indexes for which some were asked, in the order of `indexes`.
    pub facets: &'a [(usize, IndexFacets)],
}

/// Writes the body.
///
/// # Errors
/// When a hit is not what a server writes.
pub fn write(answer: &Answer<'_>, facts: &Facts<'_>) -> Result<Vec<u8>, MergeError> {
    let lists = || answer.indexes.iter().flat_map(|index| &index.lists);
    let answers = || lists().flat_map(|list| list.legs.iter().map(|leg| &leg.answer));
    let mut out = Vec::with_capacity(4096);
    out.extend_from_slice(b"{\"hits\":");
    write_hits(answer, &mut out)?;
    if lists().any(|list| list.query.retrieve_vectors) {
        write_query_vectors(answer.indexes, &mut out);
    }
    out.extend_from_slice(format!(",\"processingTimeMs\":{}", facts.processing_time_ms).as_bytes());
    let page = asked(&SearchQuery::default(), answer.federation);
    out.extend_from_slice(page_members(&page, answer.total).as_bytes());
    write_facets(answer, &mut out);
    out.extend_from_slice(b",\"requestUid\":");
    push_string(facts.request_uid, &mut out);
    if let Some(metadata) = facts.metadata {
        out.extend_from_slice(b",\"metadata\":");
        out.extend_from_slice(metadata);
    }
    if let Some(count) = answer.merged.semantic_hits {
        out.extend_from_slice(format!(",\"semanticHitCount\":{count}").as_bytes());
    }
    if answer.federation.show_performance_details {
        out.extend_from_slice(b",\"performanceDetails\":");
        let slowest = answers().max_by_key(|answer| answer.processing_time_ms);
        match slowest.and_then(SearchAnswer::performance_details) {
            Some(details) => out.extend_from_slice(details),
            // No node told, as when none was asked; a server always tells how long it took.
            None => {
                let took = Duration::from_millis(facts.processing_time_ms);
                out.extend_from_slice(format!("{{\"search\":\"{took:.2?}\"}}").as_bytes());
            }
        }
    }
    out.push(b'}');
    Ok(out)
}

fn write_hits(answer: &Answer<'_>, out: &mut Vec<u8>) -> Result<(), MergeError> {
    let mut writers = Vec::with_capacity(answer.indexes.len());
    for index in answer.indexes {
        let mut of_index = Vec::with_capacity(index.lists.len());
        for list in &index.lists {
            let shows_scores =
                list.query.show_ranking_score || list.query.show_ranking_score_details;
            let repair = if shows_scores { list.repair()? } else { None };
            of_index.push(HitWriter::new(list.query, index.view, repair));
        }
        writers.push(of_index);
    }
    let mut hits = List::open(b'[', out);
    let mut bytes = Vec::new();
    for (place, score) in &answer.merged.shown {
        let Place { index, list, hit } = *place;
        let listed = &answer.indexes[index].lists[list];
        let picked = listed.hits[hit];
        let node = &listed.legs[picked.leg].answer;
        bytes.clear();
        writers[index][list].write(node, &node.hits[picked.hit], &mut bytes)?;
        hits.next(out);
        let mut federation = b"{\"indexUid\":".to_vec();
        push_string(answer.indexes[index].index, &mut federation);
        let position = listed.position;
        federation.extend_from_slice(format!(",\"queriesPosition\":{position}").as_bytes());
        federation.extend_from_slice(b",\"weightedRankingScore\":");
        federation
            .extend_from_slice(&serde_json::to_vec(score).expect("a number always serialises"));
        federation.push(b'}');
        insert(&bytes, &federation, out)?;
    }
    hits.close(b']', out);
    Ok(())
}

/// The server's own members of a hit, in its order. They follow those of the document.
const TRAILING: [&str; 4] = [
    "_formatted",
    "_matchesPosition",
    "_rankingScore",
    "_rankingScoreDetails",
];
const FEDERATION: &str = "_federation";

/// Appends the hit with `_federation` as the last member of the document, or in the place of one that it has.
pub(super) fn insert(hit: &[u8], federation: &[u8], out: &mut Vec<u8>) -> Result<(), RawError> {
    let members: Vec<raw::Member<'_>> = raw::members(hit).collect::<Result<_, _>>()?;
    let mut end = members.len();
    let mut trailing = TRAILING.len();
    while let Some(last) = end.checked_sub(1)
        && let Some(at) = TRAILING[..trailing]
            .iter()
            .position(|name| members[last].key.is(name))
    {
        (end, trailing) = (last, at);
    }
    let mut object = List::open(b'{', out);
    let mut inserted = false;
    for (at, member) in members.iter().enumerate() {
        if at == end && !inserted {
            push_federation(&mut object, federation, out);
            inserted = true;
        }
        if at < end && member.key.is(FEDERATION) {
            push_federation(&mut object, federation, out);
            inserted = true;
        } else {
            object.next(out);
            out.extend_from_slice(&hit[member.span.clone()]);
        }
    }
    if !inserted {
        push_federation(&mut object, federation, out);
    }
    object.close(b'}', out);
    Ok(())
}

fn push_federation(object: &mut List, federation: &[u8], out: &mut Vec<u8>) {
    object.next(out);
    push_string(FEDERATION, out);
    out.push(b':');
    out.extend_from_slice(federation);
}

/// The vectors of the queries that ask for them, by position.
fn write_query_vectors(indexes: &[OfIndex<'_>], out: &mut Vec<u8>) {
    let mut vectors: Vec<(usize, &[u8])> = indexes
        .iter()
        .flat_map(|index| &index.lists)
        .filter(|list| list.query.retrieve_vectors)
        .filter_map(|list| {
            let vector = list.legs.iter().find_map(|leg| leg.answer.query_vector())?;
            Some((list.position, vector))
        })
        .collect();
    vectors.sort_by_key(|(position, _)| *position);
    out.extend_from_slice(b",\"queryVectors\":");
    let mut list = List::open(b'{', out);
    for (position, vector) in vectors {
        list.next(out);
        out.extend_from_slice(format!("\"{position}\":").as_bytes());
        out.extend_from_slice(vector);
    }
    list.close(b'}', out);
}

fn write_facets(answer: &Answer<'_>, out: &mut Vec<u8>) {
    if answer.facets.is_empty() {
        return;
    }
    if let Some(options) = answer.federation.merge_facets {
        let of_indexes: Vec<_> = answer
            .facets
            .iter()
            .map(|(index, facets)| (answer.indexes[*index].view, facets))
            .collect();
        let merged = IndexFacets::merge(&of_indexes, options);
        out.extend_from_slice(b",\"facetDistribution\":");
        merged.write_distribution(out);
        out.extend_from_slice(b",\"facetStats\":");
        merged.write_stats(out);
        return;
    }
    out.extend_from_slice(b",\"facetsByIndex\":");
    let mut list = List::open(b'{', out);
    for (index, facets) in answer.facets {
        list.next(out);
        push_string(answer.indexes[*index].index, out);
        out.extend_from_slice(b":{\"distribution\":");
        facets.write_distribution(out);
        out.extend_from_slice(b",\"stats\":");
        facets.write_stats(out);
        out.push(b'}');
    }
    list.close(b'}', out);
}
