//! The most frequent values of a facet of which nodes have more than they list.
//!
//! A node lists the values that are most frequent there, up to a limit, so a value that is frequent in all may be missing in
//! some lists. What is missing in a full list occurs there no more often than the last value in it. A value that this allows to
//! be among the most frequent ones is counted again where it was left out. So the counts of what was seen are right; a value
//! that every full list leaves out can only be missed where the last counts of the full lists come to more than the least
//! count that is shown.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::MergeError;
use super::distinct::{DistinctValue, quoted};
use super::facet_search::FacetHit;
use super::facets::{self, FacetValue};
use super::view::{FacetOrder, IndexView};
use crate::wire::answer::SearchAnswer;
use crate::wire::raw::RawError;

/// The values of a facet that have to be counted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    facet: String,
    /// By leg.
    values: Vec<BTreeSet<DistinctValue>>,
}

/// Their counts: the answers of the legs that left something out, in order.
#[derive(Debug, Clone)]
pub struct Recount {
    pub left_out: LeftOut,
    pub answers: Vec<SearchAnswer>,
}

impl LeftOut {
    pub fn facet(&self) -> &str {
        &self.facet
    }

    /// Of what a leg answered when it was asked again, the values that it had left out.
    pub fn only(&self, leg: usize, mut hits: Vec<FacetHit>) -> Vec<FacetHit> {
        hits.retain(|hit| self.values[leg].contains(&hit.form()));
        hits
    }

    /// The documents of a leg that have one of its values, as a filter expression.
    pub fn filter(&self, leg: usize) -> Option<String> {
        let values = &self.values[leg];
        let list = || {
            let values: Vec<String> = values.iter().map(DistinctValue::as_filter_value).collect();
            format!("{} IN [{}]", quoted(&self.facet), values.join(", "))
        };
        (!values.is_empty()).then(list)
    }
}

impl Recount {
    /// What the lists lack. Documents may have other values too, which are of no interest.
    pub(super) fn values(&self, view: &IndexView) -> Result<Vec<FacetValue<'_>>, RawError> {
        let mut found = Vec::new();
        let left_out = self.left_out.values.iter();
        let asked = left_out.filter(|values| !values.is_empty());
        for (answer, left_out) in self.answers.iter().zip(asked) {
            for (name, values) in facets::lists(answer, view)? {
                if name == self.left_out.facet {
                    let wanted = values
                        .into_iter()
                        .filter(|value| left_out.contains(&value.form()));
                    found.extend(wanted);
                }
            }
        }
        Ok(found)
    }
}

/// Of each facet that is listed by count, the values that nodes left out of their lists and that may be among those shown, given
/// that a node lists `most` values.
///
/// # Errors
/// When a distribution is not what a server writes.
pub fn left_out(
    answers: &[&SearchAnswer],
    view: &IndexView,
    most: usize,
) -> Result<Vec<LeftOut>, MergeError> {
    let mut facets: BTreeMap<Cow<'_, str>, Vec<(usize, Vec<FacetValue<'_>>)>> = BTreeMap::new();
    for (leg, answer) in answers.iter().enumerate() {
        for (facet, values) in facets::lists(answer, view)? {
            if view.facet_order(&facet) == FacetOrder::Count {
                facets.entry(facet).or_default().push((leg, values));
            }
        }
    }
    let mut all = Vec::new();
    for (facet, lists) in facets {
        let mut left_out = LeftOut::none(&facet, answers.len());
        for numbers in [true, false] {
            let is_full = |values: &[FacetValue<'_>]| is_full(values, numbers, most);
            if lists.iter().any(|(_, values)| is_full(values)) {
                let lists = lists.iter().map(|(leg, values)| {
                    let own = values.iter().filter(|value| value.is_number() == numbers);
                    let counts = own.map(|value| (value.form(), value.count));
                    List::new(*leg, counts.collect(), is_full(values))
                });
                left_out.add(&lists.collect::<Vec<_>>(), view.max_values_per_facet, most);
            }
        }
        all.extend(left_out.unless_empty());
    }
    Ok(all)
}

/// The same of a search in the values of one facet that are listed by count, of which a client sees `shown`.
pub fn left_out_of_search(
    facet: &str,
    answers: &[Vec<FacetHit>],
    shown: usize,
    most: usize,
) -> Option<LeftOut> {
    let mut left_out = LeftOut::none(facet, answers.len());
    if answers.iter().any(|hits| hits.len() >= most) {
        let lists = answers.iter().enumerate().map(|(leg, hits)| {
            let counts = hits.iter().map(|hit| (hit.form(), hit.count));
            List::new(leg, counts.collect(), hits.len() >= most)
        });
        left_out.add(&lists.collect::<Vec<_>>(), shown, most);
    }
    left_out.unless_empty()
}

/// Whether there may be more numbers, or more strings. Numbers are listed first, and the strings after a list that they have
/// filled are all listed (`facet_values` in milli).
fn is_full(values: &[FacetValue<'_>], numbers: bool, most: usize) -> bool {
    let count = values.iter().filter(|value| value.is_number()).count();
    match numbers {
        true => count >= most,
        false => count < most && values.len() >= most,
    }
}

/// The values of one kind that a leg lists.
struct List {
    leg: usize,
    counts: Vec<(DistinctValue, u64)>,
    /// What a full list lacks occurs no more often than this.
    last: Option<u64>,
}

impl List {
    fn new(leg: usize, counts: Vec<(DistinctValue, u64)>, is_full: bool) -> Self {
        let last = counts.iter().map(|(_, count)| *count).min();
        Self {
            leg,
            counts,
            last: last.filter(|_| is_full),
        }
    }
}

/// A value in the lists.
#[derive(Default)]
struct Seen {
    sum: u64,
    /// The legs whose full lists have it, and the sum of their last counts.
    full: BTreeSet<usize>,
    last: u64,
}

impl LeftOut {
    fn none(facet: &str, legs: usize) -> Self {
        Self {
            facet: facet.to_owned(),
            values: vec![BTreeSet::new(); legs],
        }
    }

    fn unless_empty(self) -> Option<Self> {
        let is_empty = self.values.iter().all(BTreeSet::is_empty);
        (!is_empty).then_some(self)
    }

    /// Adds what `lists` left out and what may be among the first `shown`; of very many, those that may be most frequent.
    fn add(&mut self, lists: &[List], shown: usize, most: usize) {
        let mut seen: HashMap<&DistinctValue, Seen> = HashMap::new();
        for list in lists {
            for (value, count) in &list.counts {
                let seen = seen.entry(value).or_default();
                seen.sum += count;
                if let Some(last) = list.last
                    && seen.full.insert(list.leg)
                {
                    seen.last += last;
                }
            }
        }
        let mut sums: Vec<u64> = seen.values().map(|seen| seen.sum).collect();
        sums.sort_unstable_by_key(|sum| Reverse(*sum));
        let least_shown = match shown.checked_sub(1) {
            Some(place) => sums.get(place).copied().unwrap_or_default(),
            None => return,
        };
        let full = || lists.iter().filter(|list| list.last.is_some());
        let all: u64 = full().filter_map(|list| list.last).sum();
        let mut open: Vec<(u64, &DistinctValue, Seen)> = seen
            .into_iter()
            .map(|(value, seen)| (seen.sum + all - seen.last, value, seen))
            .filter(|(bound, _, seen)| *bound > seen.sum && *bound > least_shown)
            .collect();
        open.sort_unstable_by(|left, right| (right.0, left.1).cmp(&(left.0, right.1)));
        open.truncate(most);
        for (_, value, seen) in open {
            for list in full().filter(|list| !seen.full.contains(&list.leg)) {
                self.values[list.leg].insert(value.clone());
            }
        }
    }
}
