//! What a score threshold leaves of a list.
//!
//! A node would judge by its own scores, which are too low where it cannot imagine as many typos as the whole fleet
//! ([`repair`](super::repair)). So the list is made without the threshold, and cut ([`cut`]) or, where something else than scores
//! comes first, sieved ([`sieve`]).

use super::MergeError;
use super::order::{Leg, Order, Picked};
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
        let Some(judged) = Judged::of(legs, *picked, repair, &mut key)? else {
            return Ok(Cut::Nowhere);
        };
        if !judged.is_by_scores {
            return Ok(Cut::Nowhere);
        }
        if judged.score < threshold && cut == Cut::Beyond {
            cut = Cut::After(at);
        }
    }
    Ok(cut)
}

/// What a threshold leaves of the beginning of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sieved {
    /// As many hits as are enough. One server took out `dropped` on the way to the last of them, and counts what follows unseen.
    Full {
        kept: Vec<Picked>,
        dropped: Vec<Picked>,
    },
    /// All that there is.
    All { kept: Vec<Picked> },
    /// The list has to be longer.
    Unknown,
}

/// Takes what does not reach `threshold` by the scores of one server out of an order, which is that of all hits if `is_complete`,
/// until there are `enough`.
///
/// # Errors
/// When a hit's details are not what a server writes.
pub fn sieve(
    legs: &[Leg],
    order: &Order,
    is_complete: bool,
    repair: &Repair,
    threshold: f64,
    enough: usize,
) -> Result<Sieved, MergeError> {
    let mut key = Key::default();
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for picked in &order.picked {
        if kept.len() >= enough {
            break;
        }
        let Some(judged) = Judged::of(legs, *picked, repair, &mut key)? else {
            return Ok(Sieved::Unknown);
        };
        if judged.score >= threshold {
            kept.push(*picked);
        } else if judged.is_by_scores {
            // Nothing that follows has a better one.
            return Ok(Sieved::All { kept });
        } else {
            dropped.push(*picked);
        }
    }
    Ok(if kept.len() >= enough {
        Sieved::Full { kept, dropped }
    } else if is_complete {
        Sieved::All { kept }
    } else {
        Sieved::Unknown
    })
}

/// A hit as one server would judge it.
struct Judged {
    score: f64,
    /// No rule before the last one that scores is of another kind, so that hits are in the order of their scores.
    is_by_scores: bool,
}

impl Judged {
    /// `None` when the hit does not say how it ranks.
    fn of<'a>(
        legs: &'a [Leg],
        picked: Picked,
        repair: &Repair,
        key: &mut Key<'a>,
    ) -> Result<Option<Self>, MergeError> {
        let answer = &legs[picked.leg].answer;
        let hit = &answer.hits[picked.hit];
        let (Some(details), Some(score)) = (&hit.details, &hit.score) else {
            return Ok(None);
        };
        key.read(answer.slice(details))?;
        let is_scored = |rule: &Rule<'_>| {
            !matches!(
                rule,
                Rule::Sort { .. } | Rule::Geo { .. } | Rule::Unknown | Rule::Vector(_)
            )
        };
        let entries = key.entries();
        let score = answer.slice(score);
        Ok(Some(Self {
            score: repair
                .score(entries, score)
                .unwrap_or_else(|| number(score)),
            is_by_scores: entries
                .iter()
                .is_sorted_by_key(|(_, rule)| !is_scored(rule)),
        }))
    }
}
