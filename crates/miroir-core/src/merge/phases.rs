//! When to fetch documents apart from their ranks, and how they come together again.
//!
//! A leg delivers more hits than are shown of it: all before the page, and some after. In two phases the first request brings
//! ranks and keys only, and the second the documents of the page, by key, from the nodes that ranked them.

use std::collections::{BTreeSet, HashMap};

use super::MergeError;
use super::distinct::canonical_id;
use super::hit::Hit;
use super::order::{Leg, Picked};
use super::view::{IndexView, Window};
use crate::wire::answer::SearchAnswer;
use crate::wire::search::SearchQuery;

/// What a second request costs, in bytes of documents that a node could write and send in the same time: a search of one
/// or two milliseconds.
const ROUND: usize = 256 * 1024;
/// What is taken for the size of the key and rank of a hit.
const RANK: usize = 512;
/// What is taken for the size of a document, and of its formatted copy.
const DOCUMENT: usize = 1024;
/// What is taken for the size of one attribute where the client lists them.
const ATTRIBUTE: usize = 128;
/// What is taken for the size of the vectors of a document.
const VECTORS: usize = 8 * 1024;

/// Whether two phases are cheaper than one, given how many hits the legs are asked for in all.
///
/// One phase moves `asked` documents; two move as many as the page has, their ranks twice, and cost a round. Sizes are guessed from what the query
/// retrieves; the answer is the same either way. Documents must be found by their keys, so a nested primary key, which
/// hits need not have, makes it one phase.
pub fn are_two(query: &SearchQuery, view: &IndexView, window: Window, asked: usize) -> bool {
    let has_key = view
        .primary_key
        .as_deref()
        .is_some_and(|key| !key.contains('.'));
    let is_formatted = query.attributes_to_highlight.is_some()
        || query.attributes_to_crop.is_some()
        || query.show_matches_position;
    let retrieved = match &query.attributes_to_retrieve {
        Some(names) if !names.contains("*") => (names.len() * ATTRIBUTE).min(DOCUMENT),
        _ => DOCUMENT,
    };
    let formatted = if is_formatted { DOCUMENT } else { 0 };
    let vectors = if query.retrieve_vectors { VECTORS } else { 0 };
    let shown = window.end - window.start;
    has_key
        && query.hybrid.is_none()
        && asked.saturating_sub(shown) * (retrieved + formatted + vectors) > ROUND + shown * RANK
}

/// The query of the first phase: the same hits in the same order with the same counts, and of each document only its key.
pub fn ranks(query: &SearchQuery) -> SearchQuery {
    SearchQuery {
        attributes_to_retrieve: Some(BTreeSet::new()),
        attributes_to_highlight: None,
        attributes_to_crop: None,
        show_matches_position: false,
        retrieve_vectors: false,
        ..query.clone()
    }
}

/// The query of the second phase, to be sent with a filter on keys: documents as the client wants to see them. Scores among
/// a few documents are not those among all, so they are not asked for.
pub fn documents(query: &SearchQuery) -> SearchQuery {
    SearchQuery {
        facets: None,
        ranking_score_threshold: None,
        show_performance_details: false,
        ..query.clone()
    }
}

/// Documents that were fetched by their keys.
#[derive(Debug)]
pub struct Documents {
    answers: Vec<SearchAnswer>,
    /// For each hit of the page: answer, and hit in it. `None` where the hit itself has it.
    places: Vec<Option<(usize, usize)>>,
}

impl Documents {
    /// Finds the documents of `page`, hits of `legs`, in the answers of the second phase. `None` when one is not there: it was
    /// deleted meanwhile, or keys that the engine takes for equal filled the answer.
    ///
    /// # Errors
    /// When a hit is not what a server writes.
    pub fn locate(
        legs: &[Leg],
        page: &[Picked],
        primary_key: &str,
        answers: Vec<SearchAnswer>,
    ) -> Result<Option<Self>, MergeError> {
        let mut by_id = HashMap::new();
        for (at, answer) in answers.iter().enumerate() {
            for (position, hit) in answer.hits.iter().enumerate() {
                let id = canonical_id(answer.slice(&hit.whole), primary_key)?;
                by_id.insert(id, (at, position));
            }
        }
        let mut places = Vec::with_capacity(page.len());
        for picked in page {
            let id = canonical_id(picked.bytes(legs), primary_key)?;
            match by_id.get(&id) {
                Some(place) if id.is_some() => places.push(Some(*place)),
                _ => return Ok(None),
            }
        }
        Ok(Some(Self { answers, places }))
    }

    /// A page whose hits all have their documents.
    pub(super) fn none(page: usize) -> Self {
        Self {
            answers: Vec::new(),
            places: vec![None; page],
        }
    }

    /// Takes the documents at these positions, on the page and in the answer, from another answer.
    pub(super) fn replace(&mut self, answer: SearchAnswer, places: &[(usize, usize)]) {
        for (position, hit) in places {
            self.places[*position] = Some((self.answers.len(), *hit));
        }
        self.answers.push(answer);
    }

    /// The document of a hit, by its position on the page.
    pub(super) fn get(&self, position: usize) -> Option<Hit<'_>> {
        let (answer, hit) = self.places[position]?;
        Some(Hit::of(&self.answers[answer], hit))
    }
}
