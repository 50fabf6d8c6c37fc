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
    let mut facets: BTreeMap<Cow<'_, str>, Vec<List<'_>>> = BTreeMap::new();
    for (leg, answer) in answers.iter().enumerate() {
        for (facet, values) in facets::lists(answer, view)? {
            if view.facet_order(&facet) == FacetOrder::Count {
                facets.entry(facet).or_default().push(List { leg, values });
            }
        }
    }
    let mut all = Vec::new();
    for (facet, lists) in facets {
        let mut values = vec![BTreeSet::new(); answers.len()];
        for numbers in [true, false] {
            select(
                &lists,
                numbers,
                view.max_values_per_facet,
                most,
                &mut values,
            );
        }
        if values.iter().any(|values| !values.is_empty()) {
            let facet = facet.into_owned();
            all.push(LeftOut { facet, values });
        }
    }
    Ok(all)
}

/// The values that a leg lists for a facet.
struct List<'a> {
    leg: usize,
    values: Vec<FacetValue<'a>>,
}

impl List<'_> {
    /// The last count of the numbers, or of the strings, if there may be more of them. Numbers are listed first, and the
    /// strings after a list that they have filled are all listed (`facet_values` in milli).
    fn last_if_full(&self, numbers: bool, most: usize) -> Option<u64> {
        let count = self.values.iter().filter(|value| value.is_number()).count();
        let is_full = match numbers {
            true => count >= most,
            false => count < most && self.values.len() >= most,
        };
        let own = self
            .values
            .iter()
            .filter(|value| value.is_number() == numbers);
        own.map(|value| value.count).min().filter(|_| is_full)
    }
}

/// A value in the lists.
#[derive(Default)]
struct Seen {
    sum: u64,
    /// The legs with full lists that have it, and the sum of their last counts.
    legs: BTreeSet<usize>,
    listed: u64,
}

fn select(
    lists: &[List<'_>],
    numbers: bool,
    shown: usize,
    most: usize,
    left_out: &mut [BTreeSet<DistinctValue>],
) {
    let full: BTreeMap<usize, u64> = lists
        .iter()
        .filter_map(|list| Some((list.leg, list.last_if_full(numbers, most)?)))
        .collect();
    if full.is_empty() {
        return;
    }
    let mut seen: HashMap<DistinctValue, Seen> = HashMap::new();
    for list in lists {
        let own = list
            .values
            .iter()
            .filter(|value| value.is_number() == numbers);
        for value in own {
            let seen = seen.entry(value.form()).or_default();
            seen.sum += value.count;
            if let Some(last) = full.get(&list.leg)
                && seen.legs.insert(list.leg)
            {
                seen.listed += last;
            }
        }
    }
    let mut sums: Vec<u64> = seen.values().map(|seen| seen.sum).collect();
    sums.sort_unstable_by_key(|sum| Reverse(*sum));
    let least_shown = match shown.checked_sub(1) {
        Some(last) => sums.get(last).copied().unwrap_or_default(),
        None => return,
    };
    let all: u64 = full.values().sum();
    let mut open: Vec<(u64, DistinctValue, Seen)> = seen
        .into_iter()
        .map(|(value, seen)| (seen.sum + all - seen.listed, value, seen))
        .filter(|(bound, _, seen)| *bound > least_shown && *bound > seen.sum)
        .collect();
    open.sort_unstable_by(|left, right| (right.0, &left.1).cmp(&(left.0, &right.1)));
    open.truncate(most);
    for (_, value, seen) in open {
        for leg in full.keys().filter(|leg| !seen.legs.contains(leg)) {
            left_out[*leg].insert(value.clone());
        }
    }
}
