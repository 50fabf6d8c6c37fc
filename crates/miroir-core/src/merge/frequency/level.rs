//! The lists of one level, each of the documents that have some words, into one.
//!
//! They are compared rule by rule like the hits of one list, but for what a node says otherwise because it was asked for fewer words
//! than the client wrote: how near the words are is a fraction of what the words of its list could cost, and whether a field
//! is exactly the query is asked about the words of all sets that have hits of the same rank.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::sets::Kept;
use crate::merge::MergeError;
use crate::merge::order::{Leg, Order, Picked};
use crate::merge::rank::{self, Entry, Fraction, Key, Rule, number};

/// The most that two words which stand next to each other in a query can cost (`MAX_DISTANCE` in milli).
pub(super) const FARTHEST: f64 = 3.0;

/// The documents that have some words.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    pub kept: Kept,
    pub legs: &'a [Leg],
    pub hits: &'a [Picked],
    /// It goes on behind its last hit, and could be asked for more.
    pub goes_on: bool,
}

impl<'a> List<'a> {
    /// The list that nodes made of the words in `kept`; `may_go_on` says that they could be asked for more hits.
    ///
    /// Nodes that rank by words too go on with documents that miss some. Those belong to other lists.
    ///
    /// # Errors
    /// When a hit's details are not what a server writes.
    pub fn of(
        kept: Kept,
        legs: &'a [Leg],
        order: &'a Order,
        may_go_on: bool,
    ) -> Result<Self, MergeError> {
        let mut key = Key::default();
        let mut complete = 0;
        for picked in &order.picked {
            if !has_all_words(&legs[picked.leg], picked.hit, &mut key)? {
                break;
            }
            complete += 1;
        }
        Ok(Self {
            kept,
            legs,
            hits: &order.picked[..complete],
            goes_on: may_go_on && complete == order.picked.len(),
        })
    }

    /// The most typos that a node imagined for the hits with all words.
    pub(super) fn most_typos(&self) -> Result<Option<u32>, MergeError> {
        let mut most = None;
        let mut key = Key::default();
        for leg in self.legs {
            for hit in 0..leg.answer.hits.len() {
                if !has_all_words(leg, hit, &mut key)? {
                    break;
                }
                most = most.max(key.entries().iter().find_map(|(_, rule)| match rule {
                    Rule::Typo { most, .. } => Some(*most),
                    _ => None,
                }));
            }
        }
        Ok(most)
    }
}

/// Whether a hit has all words that its node was asked for; its rank is read into `key`.
fn has_all_words<'a>(leg: &'a Leg, hit: usize, key: &mut Key<'a>) -> Result<bool, MergeError> {
    match &leg.answer.hits[hit].details {
        Some(details) => key.read(leg.answer.slice(details))?,
        None => key.clear(),
    }
    let misses =
        |(_, rule): &Entry<'_>| matches!(rule, Rule::Words { matching, most } if matching < most);
    Ok(!key.entries().iter().any(misses))
}

/// A hit of a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub list: usize,
    pub picked: Picked,
    /// Which document it is.
    pub id: String,
    /// What nearness costs.
    pub(super) distance: u32,
    /// The most pairs of neighbours that hits of as few typos have.
    pub(super) pairs: u32,
    /// Its node takes a field for the query that is not all of it.
    pub(super) forgets_exact: bool,
}

/// The beginning of a level.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Best first.
    pub hits: Vec<Told>,
    /// Lists of which more must be known before more hits can be told.
    pub refill: Vec<usize>,
    /// The lists that have documents which are in none before them.
    pub(super) claimed: Vec<usize>,
}

/// The first `wanted` hits of a level without the documents in `seen`, which have more of the words. Of lists in the order of
/// [`levels`](super::levels).
///
/// # Errors
/// When a hit is not what a server writes.
pub fn merge(
    lists: &[List<'_>],
    seen: &HashSet<String>,
    primary_key: &str,
    wanted: usize,
) -> Result<Merged, MergeError> {
    let mut hits = Vec::new();
    for at in 0..lists.len() {
        read(lists, at, primary_key, &mut hits)?;
    }
    let all_claimed = claims(&hits, |id| seen.contains(id));
    hits.sort_by(Hit::by_rank);
    for alike in hits.chunk_by_mut(|one, other| one.before_distance(other).is_eq()) {
        let claimed = claims(alike, |id| seen.contains(id)).into_iter();
        let pairs = claimed.map(|list| lists[list].kept.pairs()).max();
        alike
            .iter_mut()
            .for_each(|hit| hit.pairs = pairs.unwrap_or_default());
    }
    let is_only = matches!(lists, [list] if !list.kept.has_hole());
    let mut order: Vec<Hit<'_>> = Vec::with_capacity(hits.len());
    let mut told: HashSet<String> = HashSet::new();
    // How many hits are certain, and the lists that end there.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut rest = hits.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut group = vec![first];
        while let Some(next) = rest.next_if(|next| next.by_words(&group[0]).is_eq()) {
            group.push(next);
        }
        let start = order.len();
        let is_fluid = !is_only && group.iter().any(Hit::is_exact);
        let claimed = claims(&group, |id| seen.contains(id) || told.contains(id));
        if !is_only && !matches!(claimed[..], [list] if !lists[list].kept.has_hole()) {
            group.iter_mut().for_each(Hit::forget_exact);
        }
        group.sort_by(Hit::by_rank_and_exactness);
        for hit in group {
            let (list, ends_here) = (hit.list, hit.is_last && lists[hit.list].goes_on);
            if !seen.contains(&hit.id) && told.insert(hit.id.clone()) {
                order.push(hit);
            }
            if ends_here {
                ends.push((if is_fluid { start } else { order.len() }, list));
            }
        }
    }
    let certain = ends
        .iter()
        .map(|(certain, _)| *certain)
        .min()
        .unwrap_or(order.len());
    let refill = ends
        .into_iter()
        .filter(|(end, _)| certain < wanted && *end == certain);
    let refill = refill.map(|(_, list)| list).collect();
    order.truncate(certain.min(wanted));
    let hits = order.into_iter().map(|hit| Told {
        list: hit.list,
        picked: hit.picked,
        id: hit.id,
        distance: hit.distance,
        pairs: hit.pairs,
        forgets_exact: hit.forgets_exact,
    });
    Ok(Merged {
        hits: hits.collect(),
        refill,
        claimed: all_claimed,
    })
}

/// The lists by which a server would have come to these hits: it goes through them in order, and finds each document once.
fn claims(group: &[Hit<'_>], is_known: impl Fn(&str) -> bool) -> Vec<usize> {
    let mut by_list: Vec<&Hit<'_>> = group.iter().filter(|hit| !is_known(&hit.id)).collect();
    by_list.sort_by_key(|hit| hit.list);
    let mut found = HashSet::new();
    by_list.retain(|hit| found.insert(&hit.id));
    let mut lists: Vec<usize> = by_list.into_iter().map(|hit| hit.list).collect();
    lists.dedup();
    lists
}

/// A hit with its rank.
struct Hit<'a> {
    list: usize,
    picked: Picked,
    id: String,
    /// Nothing of its list is known behind it.
    is_last: bool,
    entries: Vec<Entry<'a>>,
    /// What nearness costs, where it is asked.
    distance: u32,
    words: u32,
    pairs: u32,
    forgets_exact: bool,
    /// Where in `entries` nearness is, or exactness; where exactness is, and the end of the last rule before it that is about words.
    nearness: usize,
    exactness: usize,
    words_end: usize,
}

fn read<'a>(
    lists: &[List<'a>],
    at: usize,
    primary_key: &str,
    hits: &mut Vec<Hit<'a>>,
) -> Result<(), MergeError> {
    let List {
        kept,
        legs,
        hits: picks,
        ..
    } = lists[at];
    let mut key = Key::default();
    for (place, picked) in picks.iter().enumerate() {
        let answer = &legs[picked.leg].answer;
        match &answer.hits[picked.hit].details {
            Some(details) => key.read(answer.slice(details))?,
            None => key.clear(),
        }
        let entries = key.entries().to_vec();
        let exactness = entries
            .iter()
            .position(|(_, rule)| matches!(rule, Rule::Exactness { .. }))
            .unwrap_or(entries.len());
        let nearness = entries[..exactness]
            .iter()
            .position(|(_, rule)| matches!(rule, Rule::Score(Fraction::Proximity, _)))
            .unwrap_or(exactness);
        let about_words = |(_, rule): &Entry<'_>| {
            matches!(
                rule,
                Rule::Typo { .. } | Rule::Score(..) | Rule::Attribute { .. }
            )
        };
        let words_end = entries[..exactness]
            .iter()
            .rposition(about_words)
            .map_or(0, |last| last + 1);
        let distance = entries.iter().find_map(|(_, rule)| match rule {
            Rule::Score(Fraction::Proximity, score) => Some(distance(score, kept)),
            _ => None,
        });
        hits.push(Hit {
            list: at,
            picked: *picked,
            id: picked.id(legs, Some(primary_key))?,
            is_last: place + 1 == picks.len(),
            entries,
            distance: distance.unwrap_or_default(),
            words: u32::try_from(kept.len()).unwrap_or(u32::MAX),
            pairs: 0,
            forgets_exact: false,
            nearness,
            exactness,
            words_end,
        });
    }
    Ok(())
}

/// A score is what was not spent of the most that the pairs of a list can cost, and one.
fn distance(score: &[u8], kept: Kept) -> u32 {
    let most = FARTHEST * f64::from(kept.pairs()) + 1.0;
    ((1.0 - number(score)) * most).round() as u32 // small and not negative: a score is at most 1
}

impl Hit<'_> {
    /// By the rules before the one for nearness.
    fn before_distance(&self, other: &Self) -> Ordering {
        self.compare(other, 0..self.nearness)
    }

    /// By everything before exactness.
    fn by_rank(&self, other: &Self) -> Ordering {
        self.compare(other, 0..self.exactness)
    }

    /// By the rules whose words a server has in mind when it looks for exact fields.
    fn by_words(&self, other: &Self) -> Ordering {
        self.compare(other, 0..self.words_end)
    }

    fn by_rank_and_exactness(&self, other: &Self) -> Ordering {
        self.compare(other, 0..self.entries.len())
    }

    fn compare(&self, other: &Self, mut rules: std::ops::Range<usize>) -> Ordering {
        let rule = |at: usize| match (&self.entries.get(at), &other.entries.get(at)) {
            (
                Some((_, Rule::Score(Fraction::Proximity, _))),
                Some((_, Rule::Score(Fraction::Proximity, _))),
            ) => self.distance.cmp(&other.distance),
            (Some((_, left)), Some((_, right))) => rank::compare_rule(left, right),
            (left, right) => left.is_none().cmp(&right.is_none()),
        };
        rules
            .find_map(|at| Some(rule(at)).filter(|order| order.is_ne()))
            .unwrap_or(Ordering::Equal)
    }

    /// Whether a field is, or begins with, the words of its list.
    fn is_exact(&self) -> bool {
        matches!(self.entries.get(self.exactness), Some((_, Rule::Exactness { kind, .. })) if *kind > 1)
    }

    /// No field is the query: only how many words are exact counts, and where a field is all of them they all are.
    fn forget_exact(&mut self) {
        if self.is_exact() {
            let (kind, matching, most) = (1, self.words, self.words);
            self.forgets_exact = true;
            self.entries[self.exactness].1 = Rule::Exactness {
                kind,
                matching,
                most,
            };
        }
    }
}
