//! Hits in which one server would mark more words than their node did.
//!
//! A node looks for the typos of a word when it has documents with all words before it, and not earlier (the derivations of a
//! query term are lazy in milli, and a path through the query ends where no document is left). One server has more
//! documents, so it may know typos of the last words that some nodes never looked for, and mark them in hits that miss words in
//! between. Asked for documents with all of some words, a node looks for the typos of each of them; so such hits are asked for
//! again, by every set of words that they may have. What a hybrid search found by vectors may have any.

use std::collections::HashMap;

use serde_json::Value;

use super::MergeError;
use super::distinct::canonical_id;
use super::frequency::{Kept, Words};
use super::order::{Leg, Picked};
use super::phases::Documents;
use super::rank::{Key, Rule};
use super::totals::id_filter;
use crate::wire::search::{MatchingStrategy, SearchQuery};

/// Longer queries have too many sets of words.
const MOST_WORDS: usize = 5;

/// The hits of a page that may lack marks.
#[derive(Debug, Clone)]
pub struct Unmarked {
    /// Their positions on the page, by id.
    positions: HashMap<String, usize>,
    queries: Vec<SearchQuery>,
}

/// What was found of a query: its hits from the first one on, out of `legs`, and those of them that are shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub legs: &'a [Leg],
    pub hits: &'a [Picked],
    pub page: &'a [Picked],
    pub looked: Looked<'a>,
}

/// What the nodes looked at by the words of the query before they marked them.
#[derive(Debug, Clone, Copy)]
pub enum Looked<'a> {
    /// The hits of their own leg.
    Legs,
    /// Nothing but the hits that are shown: their documents were fetched apart from their ranks.
    Page,
    /// Of a hybrid search: for each leg the one with the list by words of the same node, for such a list itself; `None` where the
    /// node made none.
    WordLegs(&'a [Option<usize>]),
}

impl Unmarked {
    /// `None` when every node has looked for the typos that one server knows, or when the server does not know them either.
    ///
    /// # Errors
    /// When a hit is not what a server writes.
    pub fn of(
        query: &SearchQuery,
        words: &Words<'_>,
        primary_key: &str,
        shown: Shown<'_>,
    ) -> Result<Option<Self>, MergeError> {
        let is_marked = query.attributes_to_highlight.is_some()
            || query.attributes_to_crop.is_some()
            || query.show_matches_position;
        let count = words.len();
        if !is_marked
            || query.matching_strategy != MatchingStrategy::Last
            || !(3..=MOST_WORDS).contains(&count)
        {
            return Ok(None);
        }
        let Shown { legs, page, .. } = shown;
        let all_of = |leg: usize| {
            let hits = 0..legs[leg].answer.hits.len();
            hits.map(move |hit| Picked { leg, hit })
        };
        let most = match shown.looked {
            Looked::WordLegs(lists) => {
                let by_words = (0..legs.len()).filter(|leg| lists[*leg] == Some(*leg));
                most_words(legs, by_words.flat_map(all_of))?
            }
            Looked::Legs | Looked::Page => most_words(legs, shown.hits.iter().copied())?,
        };
        if most + 1 < count {
            return Ok(None);
        }
        let mut fewest = count;
        let mut may_have_any = false;
        let mut positions = HashMap::new();
        for leg in 0..legs.len() {
            let of_page = page.iter().enumerate().filter(|(_, hit)| hit.leg == leg);
            let list = match shown.looked {
                Looked::WordLegs(lists) => lists[leg],
                Looked::Legs | Looked::Page => Some(leg),
            };
            let is_by_vector = list != Some(leg);
            let looked_at = match shown.looked {
                Looked::Page => most_words(legs, of_page.clone().map(|(_, hit)| *hit))?,
                Looked::Legs | Looked::WordLegs(_) => {
                    most_words(legs, list.into_iter().flat_map(all_of))?
                }
            };
            if looked_at == 0 && !is_by_vector || looked_at + 1 >= count {
                continue;
            }
            for (position, hit) in of_page {
                if let Some(id) = canonical_id(hit.bytes(legs), primary_key)? {
                    positions.insert(id, position);
                    fewest = fewest.min(looked_at);
                    may_have_any |= is_by_vector;
                }
            }
        }
        if positions.is_empty() {
            return Ok(None);
        }
        let mut ids: Vec<String> = positions.keys().cloned().collect();
        ids.sort_unstable();
        let filter = Value::String(id_filter(primary_key, &ids));
        let text = query.q.as_deref().unwrap_or_default();
        let sets = match may_have_any {
            true => words.sets(),
            false => words.sets_with_first_and_after(fewest),
        };
        let of_set = |kept: Kept| SearchQuery {
            q: Some(words.query(text, kept)),
            filter: Some(filter.clone()),
            matching_strategy: MatchingStrategy::All,
            hybrid: None,
            vector: None,
            sort: None,
            facets: None,
            ranking_score_threshold: None,
            ..query.clone()
        };
        Ok(Some(Self {
            positions,
            queries: sets.into_iter().map(of_set).collect(),
        }))
    }

    /// How many hits these are.
    pub fn hits(&self) -> usize {
        self.positions.len()
    }

    /// What to ask all nodes, those with most words first.
    pub fn queries(&self) -> &[SearchQuery] {
        &self.queries
    }

    /// The documents of the page with what the answers to [`Self::queries`], in their order, have of them.
    ///
    /// # Errors
    /// When a hit is not what a server writes.
    pub fn marked(
        mut self,
        answers: Vec<Vec<Leg>>,
        primary_key: &str,
        documents: Option<Documents>,
        page: usize,
    ) -> Result<Documents, MergeError> {
        let mut documents = documents.unwrap_or_else(|| Documents::none(page));
        for leg in answers.into_iter().flatten() {
            let mut places = Vec::new();
            for (at, hit) in leg.answer.hits.iter().enumerate() {
                let id = canonical_id(leg.answer.slice(&hit.whole), primary_key)?;
                // The first set that a document is in has all words that it has.
                if let Some(position) = id.and_then(|id| self.positions.remove(&id)) {
                    places.push((position, at));
                }
            }
            documents.replace(leg.answer, &places);
        }
        Ok(documents)
    }
}

/// The most words that any of some hits has; 0 if none was ranked by words.
fn most_words(legs: &[Leg], hits: impl Iterator<Item = Picked>) -> Result<usize, MergeError> {
    let mut key = Key::default();
    let mut most = 0;
    for picked in hits {
        let answer = &legs[picked.leg].answer;
        let Some(details) = &answer.hits[picked.hit].details else {
            continue;
        };
        key.read(answer.slice(details))?;
        let words = key.entries().iter().find_map(|(_, rule)| match rule {
            Rule::Words { matching, .. } => usize::try_from(*matching).ok(),
            _ => None,
        });
        most = most.max(words.unwrap_or_default());
    }
    Ok(most)
}
