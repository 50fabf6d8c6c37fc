//! Facet hits of several nodes into those of one server (merge-exactness, section 5).
//!
//! Values are one if they are equal in the engine's normalised form; of several spellings the first by bytes is shown. By name they
//! are in the order of that form; by count the most frequent come first, and of equally frequent ones the larger form.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::distinct::DistinctValue;
use super::normalize;
use crate::settings::FacetOrder;

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetHit {
    pub value: String,
    pub count: u64,
}

impl FacetHit {
    /// What it is equal by. The values of a facet that is searched are strings.
    pub(super) fn form(&self) -> DistinctValue {
        DistinctValue::String(normalize::facet(&self.value).into_owned())
    }
}

/// Adds up the hits of the nodes, each of which counted other documents, and keeps the first `limit`.
pub fn merge(
    answers: impl IntoIterator<Item = Vec<FacetHit>>,
    order: FacetOrder,
    limit: usize,
) -> Vec<FacetHit> {
    let mut merged: BTreeMap<String, FacetHit> = BTreeMap::new();
    for hit in answers.into_iter().flatten() {
        let form = normalize::facet(&hit.value).into_owned();
        match merged.get_mut(&form) {
            Some(known) => {
                known.count += hit.count;
                if hit.value < known.value {
                    known.value = hit.value;
                }
            }
            None => {
                merged.insert(form, hit);
            }
        }
    }
    let mut hits: Vec<(String, FacetHit)> = merged.into_iter().collect();
    if order == FacetOrder::Count {
        hits.sort_by(|(left_form, left), (right_form, right)| {
            (Reverse(left.count), Reverse(left_form))
                .cmp(&(Reverse(right.count), Reverse(right_form)))
        });
    }
    hits.into_iter().map(|(_, hit)| hit).take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::{FacetHit, merge};
    use crate::settings::FacetOrder;

    fn hits(list: &[(&str, u64)]) -> Vec<FacetHit> {
        list.iter()
            .map(|(value, count)| FacetHit {
                value: (*value).to_owned(),
                count: *count,
            })
            .collect()
    }

    #[test]
    fn equal_values_are_added_up_whatever_their_spelling() {
        let answers = [
            hits(&[("Red", 2), ("rose", 1)]),
            hits(&[("RED ", 3), ("rust", 4)]),
        ];
        assert_eq!(
            merge(answers, FacetOrder::Alpha, 10),
            hits(&[("RED ", 5), ("rose", 1), ("rust", 4)])
        );
    }

    #[test]
    fn by_count_the_larger_of_equally_frequent_values_comes_first() {
        let answers = [
            hits(&[("a", 2), ("b", 1)]),
            hits(&[("b", 1), ("c", 2), ("d", 9)]),
        ];
        assert_eq!(
            merge(answers, FacetOrder::Count, 3),
            hits(&[("d", 9), ("c", 2), ("b", 2)])
        );
    }
}
