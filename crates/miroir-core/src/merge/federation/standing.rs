//! How a hit stands against hits of other queries (the server's `search/federated/weighted_scores.rs`).

use std::cmp::Ordering;

use super::Listed;
use crate::merge::MergeError;
use crate::merge::rank::{Key, Rule, SortValue, number};
use crate::merge::repair::Repair;
use crate::merge::values::{Reader, Value};
use crate::merge::view::IndexView;

/// What is compared of a hit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing<'a> {
    /// In the order of the rules; scores are weighted.
    pub(super) values: Vec<Value<'a>>,
    /// The weighted score of the whole hit.
    pub(super) score: f64,
    /// The hit was found by its vector.
    pub(super) by_vector: bool,
}

impl<'a> Standing<'a> {
    /// The standings of all hits of a list, in its order. The rule that Miroir ended the ranking rules with takes no part.
    pub(super) fn of_list(list: &Listed<'a>, view: &IndexView) -> Result<Vec<Self>, MergeError> {
        let repair = list.repair()?;
        let repair = repair.as_ref();
        let hides_last = view.hidden_rule(list.query).is_some();
        let mut reader = Reader::default();
        let mut standings = Vec::with_capacity(list.hits.len());
        let mut key = Key::default();
        for picked in list.hits {
            let answer = &list.legs[picked.leg].answer;
            let hit = &answer.hits[picked.hit];
            match &hit.details {
                Some(details) => key.read(answer.slice(details))?,
                None => key.clear(),
            }
            let mut rules = key.entries();
            if let (true, Some(((_, Rule::Sort { .. }), before))) = (hides_last, rules.split_last())
            {
                rules = before;
            }
            let score = hit
                .score
                .as_ref()
                .map_or(1.0, |score| number(answer.slice(score)));
            let most_typos = repair.and_then(|repair: &Repair| repair.most_typos(rules));
            let mut values = Vec::with_capacity(4);
            reader.read(rules, score, most_typos, &mut values);
            for value in &mut values {
                if let Value::Score(score) = value {
                    *score *= list.weight;
                }
            }
            standings.push(Self {
                values,
                score: reader.score(rules, score, most_typos) * list.weight,
                by_vector: rules
                    .iter()
                    .any(|(_, rule)| matches!(rule, Rule::Vector(_))),
            });
        }
        Ok(standings)
    }

    /// `Greater` when the hit goes before `other`.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        for (at, (left, right)) in self.values.iter().zip(&other.values).enumerate() {
            match compare_values(left, right) {
                Some(Ordering::Equal) => {}
                Some(order) => return order,
                None => {
                    let rest = |values: &[Value<'_>]| values.len() - at;
                    // What is left decides, and then the score of the whole.
                    return rest(&self.values)
                        .cmp(&rest(&other.values))
                        .then_with(|| self.score.total_cmp(&other.score));
                }
            }
        }
        self.values.len().cmp(&other.values.len())
    }
}

/// `None` when the two say nothing about each other.
fn compare_values(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Score(left), Value::Score(right)) => Some(compare_numbers(*left, *right)),
        (
            Value::Sort {
                ascending,
                value: left,
            },
            Value::Sort {
                ascending: other,
                value: right,
            },
        ) => (ascending == other).then(|| compare_sorted(*ascending, left, right)),
        (
            Value::Geo {
                ascending,
                distance: left,
            },
            Value::Geo {
                ascending: other,
                distance: right,
            },
        ) => (ascending == other).then(|| match (left, right) {
            // A server puts the farther place first here in both directions, and so does this.
            (Some(left), Some(right)) => compare_numbers(*left, *right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        }),
        _ => None,
    }
}

fn compare_numbers(left: f64, right: f64) -> Ordering {
    if (left - right).abs() <= f64::EPSILON {
        Ordering::Equal
    } else {
        left.total_cmp(&right)
    }
}

fn compare_sorted(ascending: bool, left: &SortValue<'_>, right: &SortValue<'_>) -> Ordering {
    crate::merge::rank::compare_values(ascending, left, right).reverse()
}
