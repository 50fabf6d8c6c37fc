//! How many hits to ask each leg for, so that little is moved and the page is still exact.
//!
//! Documents are dealt to shards by a hash, so a leg with the share `p` of the shards has about `K * p` of the best `K` hits,
//! give or take a few standard deviations of that. A leg is asked for four of them more than it is expected to have. That is
//! a guess about cost and never about the answer: [`order`](super::order) names the legs whose lists ended too early, and
//! those, and only those, are asked again.

use super::order::{Leg, Order};

/// A leg's part of the shards that a list is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub shards: usize,
    pub of: usize,
}

/// Hits to ask a leg for at first, when the best `end` of all legs are wanted.
pub fn first(end: usize, share: Share) -> usize {
    let part = share.shards as f64 / share.of.max(1) as f64;
    let expected = end as f64 * part;
    let spread = (expected * (1.0 - part)).max(0.0).sqrt();
    // Truncation is what is meant: there are no parts of hits, and two are added.
    end.min((expected + 4.0 * spread).ceil() as usize + 2)
}

/// Which legs to ask anew, and for how many hits from the first one on, given the order that their lists have led to.
///
/// `round` is the number of rounds that were made, `most` what a node can have to deliver. The first time only legs that ran
/// dry are asked. Later also those that would run dry next: what made the guess wrong for one leg (a distinct attribute
/// that drops most hits) makes it wrong for all, and each round costs the time of a search.
pub fn refill(
    legs: &[Leg],
    shares: &[Share],
    order: &Order,
    end: usize,
    most: usize,
    round: usize,
) -> Vec<(usize, usize)> {
    let mut used = vec![0; legs.len()];
    for hit in order.picked.iter().chain(&order.dropped) {
        used[hit.leg] += 1;
    }
    let consumed = order.picked.len() + order.dropped.len();
    let missing = end.saturating_sub(order.picked.len());
    // As many hits are dropped among those to come as among those seen.
    let needed = missing.saturating_mul(consumed.max(1)) / order.picked.len().max(1);
    let mut asked = Vec::new();
    for (at, leg) in legs.iter().enumerate() {
        let ran_dry = order.refill.contains(&at);
        let more = first(needed, shares[at]).max(1);
        let goes_on = leg.answer.hits.len() >= leg.asked && leg.asked < most;
        let runs_dry_next = round > 1 && goes_on && leg.answer.hits.len() - used[at] < more;
        if ran_dry || runs_dry_next {
            let growth = if round > 1 { more.max(leg.asked) } else { more };
            asked.push((at, leg.asked.saturating_add(growth).min(most)));
        }
    }
    asked
}
