//! Lists into one, head by head.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::standing::Standing;
use super::{Federation, OfIndex, window};
use crate::merge::MergeError;
use crate::merge::distinct::Seen;

/// A hit by its index, the list of that index, and its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub index: usize,
    pub list: usize,
    pub hit: usize,
}

/// The federated list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    /// The hits of the page with their weighted scores, best first.
    pub shown: Vec<(Place, f64)>,
    /// Hits left out because of their distinct value. They do not count.
    pub rejected: Vec<Place>,
    /// How many of the hits shown were found by their vectors, if any query asks for vectors at all.
    pub semantic_hits: Option<usize>,
}

/// Makes one list of all lists. Each must be complete or go as far as the page does.
///
/// # Errors
/// When a hit is not what a server writes.
pub fn merge(indexes: &[OfIndex<'_>], federation: &Federation) -> Result<Merged, MergeError> {
    let window = window(federation);
    let mut merged = Merged::default();
    let mut of_indexes = Vec::with_capacity(indexes.len());
    for (at, index) in indexes.iter().enumerate() {
        let end = window.end.min(index.view.max_total_hits);
        of_indexes.push(of_index(index, at, federation, end, &mut merged.rejected)?);
    }
    let mut heads = Heads::new(of_indexes);
    let mut seen = Seen::default();
    let mut page = Vec::new();
    let mut accepted = 0;
    while let Some(hit) = heads.next() {
        if let Some(distinct) = &federation.distinct
            && !seen.is_new(bytes(indexes, hit.place), distinct)?
        {
            merged.rejected.push(hit.place);
            continue;
        }
        if (window.start..window.end).contains(&accepted) {
            page.push(hit);
        }
        accepted += 1;
        // With a distinct attribute all that follows is looked at, to know what does not count.
        if accepted >= window.end && federation.distinct.is_none() {
            break;
        }
    }
    let asks_vectors = indexes
        .iter()
        .flat_map(|index| &index.lists)
        .any(|list| list.is_semantic());
    merged.semantic_hits =
        asks_vectors.then(|| page.iter().filter(|hit| hit.standing.by_vector).count());
    merged.shown = page
        .into_iter()
        .map(|hit| (hit.place, hit.standing.score))
        .collect();
    Ok(merged)
}

/// A hit on its way.
struct Candidate<'a> {
    place: Place,
    /// Of its query: decides between equals.
    position: usize,
    standing: Standing<'a>,
}

fn bytes<'a>(indexes: &'a [OfIndex<'_>], place: Place) -> &'a [u8] {
    indexes[place.index].lists[place.list].bytes(place.hit)
}

/// The first `end` hits of one index: each document at its best place.
fn of_index<'a>(
    index: &OfIndex<'a>,
    at: usize,
    federation: &Federation,
    end: usize,
    rejected: &mut Vec<Place>,
) -> Result<Vec<Candidate<'a>>, MergeError> {
    let mut lists = Vec::with_capacity(index.lists.len());
    for (number, list) in index.lists.iter().enumerate() {
        let standings = Standing::of_list(list, index.view)?.into_iter();
        let candidates = standings.enumerate().map(|(hit, standing)| Candidate {
            place: Place {
                index: at,
                list: number,
                hit,
            },
            position: list.position,
            standing,
        });
        lists.push(candidates.collect::<Vec<_>>());
    }
    if let [only] = &mut lists[..] {
        only.truncate(end);
        return Ok(lists.remove(0));
    }
    let mut heads = Heads::new(lists);
    let mut shown = HashSet::new();
    let mut seen = Seen::default();
    let mut taken = Vec::new();
    while taken.len() < end
        && let Some(hit) = heads.next()
    {
        let Place {
            list, hit: number, ..
        } = hit.place;
        if let Some(id) = index.id(list, number)?
            && !shown.insert(id)
        {
            continue;
        }
        if let Some(distinct) = &federation.distinct
            && !seen.is_new(index.lists[list].bytes(number), distinct)?
        {
            rejected.push(hit.place);
            continue;
        }
        taken.push(hit);
    }
    Ok(taken)
}

/// Lists that are taken from, the best head first.
struct Heads<'a> {
    /// In reverse, so that the next is the last.
    lists: Vec<Vec<Candidate<'a>>>,
}

impl<'a> Heads<'a> {
    fn new(mut lists: Vec<Vec<Candidate<'a>>>) -> Self {
        lists.iter_mut().for_each(|list| list.reverse());
        Self { lists }
    }

    fn next(&mut self) -> Option<Candidate<'a>> {
        let mut best: Option<usize> = None;
        for (at, list) in self.lists.iter().enumerate() {
            let Some(head) = list.last() else {
                continue;
            };
            let is_better = best
                .and_then(|best| self.lists[best].last())
                .is_none_or(|best| match head.standing.compare(&best.standing) {
                    Ordering::Greater => true,
                    Ordering::Equal => head.position < best.position,
                    Ordering::Less => false,
                });
            if is_better {
                best = Some(at);
            }
        }
        self.lists[best?].pop()
    }
}
