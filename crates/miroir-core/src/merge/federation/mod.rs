//! Several queries' lists into the one list of a federated search (the server's `search/federated/perform.rs`).
//!
//! Each query has been scattered and merged to a list of its own, rule by rule. [`merge`] makes one list of the lists: first of
//! those of each index, where a document is shown once, then of the indexes. Hits of different queries are compared by
//! [`standing`], which is the server's comparison of weighted scores. What is counted is in [`census`], facets are in
//! [`facets`], and [`write`] writes the answer. Whether the queries go together at all is for [`rules`].

pub mod census;
pub mod facets;
mod lists;
pub mod rules;
mod standing;
#[cfg(test)]
mod tests;
mod write;

use super::distinct::canonical_id;
use super::order::{Leg, Picked};
use super::repair::Repair;
use super::view::IndexView;
use super::{MergeError, Window};
use crate::wire::search::{Federation, SearchKind, SearchQuery};

pub use lists::{Merged, Place, merge};
pub use write::{Answer, write};

/// One query and its list.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// Its place in the client's list of queries.
    pub position: usize,
    /// What its scores are multiplied with.
    pub weight: f64,
    /// As the client asked it, the distinct attribute of the federation in the place of its own.
    pub query: &'a SearchQuery,
    /// Answers to [`asked`].
    pub legs: &'a [Leg],
    /// The first hits of the order over all legs.
    pub hits: &'a [Picked],
}

/// The queries of one index, in the order of their positions.
#[derive(Debug, Clone)]
pub struct OfIndex<'a> {
    /// As the client knows it.
    pub index: &'a str,
    pub view: &'a IndexView,
    pub lists: Vec<Listed<'a>>,
}

/// What is asked of the nodes for a query of a federation: as if the page of the federation were its own.
pub fn asked(query: &SearchQuery, federation: &Federation) -> SearchQuery {
    let mut asked = own(query, federation);
    asked.show_ranking_score = true;
    asked.show_performance_details = federation.show_performance_details;
    if federation.is_paged() {
        asked.page = federation.page.or(Some(1));
        asked.hits_per_page = federation.hits_per_page;
    } else {
        asked.offset = federation.offset;
        asked.limit = federation.limit;
    }
    asked
}

/// The query with the distinct attribute that it really has.
pub fn own(query: &SearchQuery, federation: &Federation) -> SearchQuery {
    let mut own = query.clone();
    if federation.distinct.is_some() {
        own.distinct.clone_from(&federation.distinct);
    }
    own.facets = None;
    own
}

/// The part of the federated list that is shown. It is not limited by any index's `maxTotalHits`; each index is.
fn window(federation: &Federation) -> Window {
    let everything = IndexView {
        max_total_hits: usize::MAX,
        ..IndexView::default()
    };
    Window::of(&asked(&SearchQuery::default(), federation), &everything)
}

impl Listed<'_> {
    fn bytes(&self, hit: usize) -> &[u8] {
        let picked = self.hits[hit];
        let answer = &self.legs[picked.leg].answer;
        answer.slice(&answer.hits[picked.hit].whole)
    }

    fn is_semantic(&self) -> bool {
        self.query.kind() != SearchKind::Keyword
    }

    /// What one server would have computed otherwise, when there is any.
    fn repair(&self) -> Result<Option<Repair>, MergeError> {
        if self.legs.len() < 2 {
            return Ok(None);
        }
        Ok(Some(Repair::of(self.legs)?).filter(|repair| repair.needed))
    }
}

impl OfIndex<'_> {
    /// The primary key of a hit as text, where the hit shows it.
    ///
    /// # Errors
    /// When the hit is not what a server writes.
    pub fn id(&self, list: usize, hit: usize) -> Result<Option<String>, MergeError> {
        let Some(primary_key) = &self.view.primary_key else {
            return Ok(None);
        };
        Ok(canonical_id(self.lists[list].bytes(hit), primary_key)?)
    }
}
