//! Where a score threshold ends a list.
//!
//! A node would judge by its own scores, which are too low where it cannot imagine as many typos as the whole fleet
//! ([`repair`](super::repair)). So the list is made without the threshold, and cut.

use super::MergeError;
use super::order::{Leg, Order};
use super::rank::{Key, Rule, number};
use super::repair::Repair;

/// How a list stands to a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// So many hits reach it, and those behind them do not.
    After(usize),
    /// All of the list reach it.
    Beyond,
    /// Something else than scores comes before scores in the order: a hit that reaches it may follow one that does not.
    Nowhere,
}

/// Where `threshold` ends the hits of an order, by the scores of one server.
///
/// # Errors
/// When a hit's details are not what a server writes.
pub fn cut(
    legs: &[Leg],
    order: &Order,
    repair: &Repair,
    threshold: f64,
) -> Result<Cut, MergeError> {
    let mut key = Key::default();
    let mut cut = Cut::Beyond;
    for (at, picked) in order.picked.iter().enumerate() {
        let answer = &legs[picked.leg].answer;
        let hit = &answer.hits[picked.hit];
        let (Some(details), Some(score)) = (&hit.details, &hit.score) else {
            return Ok(Cut::Nowhere);
        };
        key.read(answer.slice(details))?;
        let is_scored = |rule: &Rule<'_>| {
            !matches!(
                rule,
                Rule::Sort { .. } | Rule::Geo { .. } | Rule::Unknown | Rule::Vector(_)
            )
        };
        if !key
            .entries()
            .iter()
            .is_sorted_by_key(|(_, rule)| !is_scored(rule))
        {
            return Ok(Cut::Nowhere);
        }
        let score = answer.slice(score);
        let score = repair
            .score(key.entries(), score)
            .unwrap_or_else(|| number(score));
        if score < threshold && cut == Cut::Beyond {
            cut = Cut::After(at);
        }
    }
    Ok(cut)
}
