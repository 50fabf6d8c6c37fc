//! A hybrid search: the list by words and the list by vectors, each of all shards, into the one list of one server.
//!
//! The lists are judged and blended here and not on nodes, because every node would decide for itself whether its words were
//! good enough (`ML/search/hybrid.rs`, function names below are those of milli).

mod fusion;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::MergeError;
use super::distinct::Seen;
use super::order::{Leg, Order, Picked};
use super::rank::{Entry, Key, Rule, number};
use super::repair::Repair;
use super::values::{self, Reader, Value};
use super::view::IndexView;
use crate::wire::raw::RawError;
use crate::wire::search::{HybridQuery, SearchQuery};
use fusion::Origin;

/// The ratio of the vector half. All hits by vector come before all others, but the words still hide what they negate, and are
/// still highlighted, which a ratio of 1 would not do.
const NEARLY_ONE: f32 = 0.999_999_9;
/// Hits are good enough by their words when each has this much of the blend (`results_good_enough`).
const GOOD_ENOUGH: f64 = 0.45;

/// A word that is in no document, nor is one that it could be a misspelling of.
pub(super) const NOBODYS_WORD: &str = "qzxjkvqzxjkvqzxjkvqzxjkv";

/// How two lists become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fusion {
    /// By the scores of the hits, as on one server; the part of the vectors, between 0 and 1.
    Convex(f32),
    /// By the ranks of the hits: each list adds the inverse of the rank plus a constant.
    Ranks(u32),
}

/// One half: answers and the order that was made of them.
#[derive(Debug, Clone, Copy)]
pub struct Half<'a> {
    pub legs: &'a [Leg],
    pub order: &'a Order,
}

/// The query of the half that searches by words.
pub fn keyword_half(query: &SearchQuery) -> SearchQuery {
    SearchQuery {
        hybrid: None,
        vector: None,
        media: None,
        show_ranking_score: true,
        ..query.clone()
    }
}

/// The query of the half that searches by a vector.
pub fn vector_half(query: &SearchQuery, vector: Vec<f32>) -> SearchQuery {
    let hybrid = query.hybrid.as_ref().map(|hybrid| HybridQuery {
        semantic_ratio: Some(NEARLY_ONE),
        ..hybrid.clone()
    });
    SearchQuery {
        hybrid,
        vector: Some(vector),
        media: None,
        show_ranking_score: true,
        ..query.clone()
    }
}

/// The same where the words rank nothing, because all of them are negated. A server puts every hit by vector first then; on nodes,
/// the rule that orders ties would put hits by words before those without a vector. A word that nobody has leaves none.
pub fn vector_half_of_unranked(query: &SearchQuery, vector: Vec<f32>) -> SearchQuery {
    let words = query.q.as_deref().unwrap_or_default();
    SearchQuery {
        q: Some(format!("{NOBODYS_WORD} {words}")),
        ..vector_half(query, vector)
    }
}

/// Whether nothing tells the hits by words apart.
///
/// # Errors
/// When a hit is not what a server writes.
pub fn is_unranked(
    query: &SearchQuery,
    view: &IndexView,
    keyword: Half<'_>,
) -> Result<bool, MergeError> {
    let Some(first) = keyword.order.picked.first() else {
        return Ok(false);
    };
    let hidden = view.hidden_rule(query).is_some();
    let mut ranks = Ranks::of(keyword, hidden)?;
    ranks.stand_at(*first)?;
    Ok(ranks.without_own_rule().is_empty())
}

/// Whether the list by words is the answer: it is as long as was wanted, `end` hits, and each hit is worth enough of the blend.
///
/// # Errors
/// When a hit is not what a server writes.
pub fn is_good_enough(keyword: Half<'_>, end: usize, ratio: f32) -> Result<bool, MergeError> {
    if keyword.order.picked.len() < end {
        return Ok(false);
    }
    let mut ranks = Ranks::of(keyword, false)?;
    let part = f64::from(1.0 - ratio);
    for picked in &keyword.order.picked {
        if ranks.score(*picked)? * part < GOOD_ENOUGH {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The first `end` hits of both lists together, each document once, each distinct value once. Legs are counted through, those
/// of the list by words first.
///
/// # Errors
/// When a hit is not what a server writes.
pub fn fuse(
    query: &SearchQuery,
    view: &IndexView,
    keyword: Half<'_>,
    vector: Half<'_>,
    fusion: Fusion,
    end: usize,
) -> Result<Vec<Picked>, MergeError> {
    let hidden = view.hidden_rule(query).is_some();
    let (by_words, _) = Ranks::of(keyword, hidden)?.read_all()?;
    let (by_vector, is_semantic) = Ranks::of(vector, hidden)?.read_all()?;
    let semantic: Vec<usize> = (0..by_vector.len()).filter(|at| is_semantic[*at]).collect();
    let primary_key = view.primary_key.as_deref();
    let ids = |half: Half<'_>| -> Result<Vec<String>, RawError> {
        let mut ids = Vec::with_capacity(half.order.picked.len());
        for picked in &half.order.picked {
            ids.push(picked.id(half.legs, primary_key)?);
        }
        Ok(ids)
    };
    let (keyword_ids, all_vector_ids) = (ids(keyword)?, ids(vector)?);
    let order = match fusion {
        Fusion::Convex(ratio) => {
            fusion::convex(semantic.len(), by_words.len(), |semantic_at, words_at| {
                let left = &by_vector[semantic[semantic_at]];
                values::compare(left, ratio, &by_words[words_at], 1.0 - ratio).is_ge()
            })
        }
        Fusion::Ranks(constant) => {
            let vector_ids: Vec<&str> = semantic
                .iter()
                .map(|at| all_vector_ids[*at].as_str())
                .collect();
            let keyword_ids: Vec<&str> = keyword_ids.iter().map(String::as_str).collect();
            fusion::by_ranks(&vector_ids, &keyword_ids, constant)
        }
    };
    let mut shown: HashSet<&str> = HashSet::new();
    let mut seen = Seen::default();
    let mut picked = Vec::with_capacity(end.min(order.len()));
    for origin in order {
        if picked.len() == end {
            break;
        }
        let (half, hit, id, legs_before) = match origin {
            Origin::Vector(at) => {
                let at = semantic[at];
                (
                    vector,
                    vector.order.picked[at],
                    &all_vector_ids[at],
                    keyword.legs.len(),
                )
            }
            Origin::Words(at) => (keyword, keyword.order.picked[at], &keyword_ids[at], 0),
        };
        if !shown.insert(id) {
            continue;
        }
        if let Some(attribute) = view.distinct_of(query) {
            let answer = &half.legs[hit.leg].answer;
            if !seen.is_new(answer.slice(&answer.hits[hit.hit].whole), attribute)? {
                continue;
            }
        }
        picked.push(Picked {
            leg: hit.leg + legs_before,
            ..hit
        });
    }
    Ok(picked)
}

/// The ranks of the hits of one half, as one server has them.
struct Ranks<'a> {
    half: Half<'a>,
    repair: Repair,
    /// Whether the last rule is Miroir's own and says nothing about the order of one server.
    hides_last: bool,
    key: Key<'a>,
    reader: Reader,
}

impl<'a> Ranks<'a> {
    fn of(half: Half<'a>, hides_last: bool) -> Result<Self, RawError> {
        Ok(Self {
            half,
            repair: Repair::of(half.legs)?,
            hides_last,
            key: Key::default(),
            reader: Reader::default(),
        })
    }

    /// Reads a hit's details, and returns its score as written.
    fn stand_at(&mut self, picked: Picked) -> Result<f64, RawError> {
        let answer = &self.half.legs[picked.leg].answer;
        let hit = &answer.hits[picked.hit];
        match &hit.details {
            Some(details) => self.key.read(answer.slice(details))?,
            None => self.key.clear(),
        }
        Ok(hit
            .score
            .as_ref()
            .map_or(0.0, |score| number(answer.slice(score))))
    }

    fn score(&mut self, picked: Picked) -> Result<f64, RawError> {
        let score = self.stand_at(picked)?;
        let entries = self.key.entries();
        Ok(match self.repair.most_typos(entries) {
            Some(most) => self.reader.score(entries, score, Some(most)),
            None => score,
        })
    }

    /// The values of every hit, and whether it was found by its vector.
    fn read_all(mut self) -> Result<(Vec<Vec<Value<'a>>>, Vec<bool>), RawError> {
        let order: &'a Order = self.half.order;
        let mut all = Vec::with_capacity(order.picked.len());
        let mut is_semantic = Vec::with_capacity(order.picked.len());
        for picked in &order.picked {
            let score = self.stand_at(*picked)?;
            let most_typos = self.repair.most_typos(self.key.entries());
            let entries = self.without_own_rule();
            let mut values = Vec::with_capacity(entries.len());
            self.reader.read(&entries, score, most_typos, &mut values);
            is_semantic.push(
                entries
                    .iter()
                    .any(|(_, rule)| matches!(rule, Rule::Vector(_))),
            );
            all.push(values);
        }
        Ok((all, is_semantic))
    }

    fn without_own_rule(&self) -> Vec<Entry<'a>> {
        let mut entries = self.key.entries().to_vec();
        if self.hides_last && matches!(entries.last(), Some((_, Rule::Sort { .. }))) {
            entries.pop();
        }
        entries
    }
}
