//! How many hits to ask each leg for, so that little is moved and the page is still exact.
//!
//! Documents are dealt to shards by a hash, so what a leg with the share `p` of the shards has of the best `K` hits is
//! distributed binomially around `K * p`. A leg is asked for so many that [one search in a hundred](ASKED_AGAIN) needs a
//! second round. That is a guess about cost and never about the answer: [`order`](super::order) names the legs whose lists
//! ended too early, and those, and only those, are asked again.

use super::order::{Leg, Order};

/// How often any leg of a list may have to be asked again. A node takes the time of 15 to 25 hits for a query that it finds
/// nothing for, and 30 to 150 microseconds for each hit (measured on servers of version 1.50), so that a hit less for every
/// leg is worth as much as a second round in about 40 searches; but a second round is what the slowest searches are made of.
const ASKED_AGAIN: f64 = 0.01;
/// Weights below this are no longer summed up.
const NEGLIGIBLE: f64 = 1e-12;

/// A leg's part of the shards that a list is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub shards: usize,
    pub of: usize,
}

/// Hits to ask a leg for at first, when the best `end` of all legs are wanted.
///
/// A leg is asked again when its list ends before the page does, so when it has this many of the best `end - 1`. Each leg may
/// do so as often as its share of [`ASKED_AGAIN`], which all of them have used up together.
pub fn first(end: usize, share: Share) -> usize {
    let part = share.shards as f64 / share.of.max(1) as f64;
    if end == 0 || part >= 1.0 {
        return end;
    }
    end.min(seldom_reached(end - 1, part, ASKED_AGAIN * part))
}

/// The smallest count that a binomially distributed one reaches with at most the probability `allowed`, which is far below
/// one half: up to `trials + 1`, which it never reaches.
fn seldom_reached(trials: usize, part: f64, allowed: f64) -> usize {
    let odds = part / (1.0 - part);
    let likeliest = ((trials + 1) as f64 * part) as usize;
    let upwards = |count| odds * (trials - count) as f64 / (count + 1) as f64;
    let downwards = |count| count as f64 / ((trials - count + 1) as f64 * odds);
    let above = || std::iter::once(1.0).chain(weights(likeliest..trials, upwards));
    let below = weights((1..=likeliest).rev(), downwards);
    let mut left: f64 = above().sum();
    let most = allowed * (left + below.sum::<f64>());
    let mut count = likeliest;
    for weight in above() {
        if left <= most {
            break;
        }
        left -= weight;
        count += 1;
    }
    count
}

/// How likely counts are, one after the other, as multiples of how likely the one before the first is, until that is negligible.
/// Multiples, because among many trials the probability of a single count can be too small for a float.
fn weights(
    counts: impl Iterator<Item = usize>,
    ratio: impl Fn(usize) -> f64,
) -> impl Iterator<Item = f64> {
    counts.scan(1.0, move |weight, count| {
        *weight *= ratio(count);
        (*weight >= NEGLIGIBLE).then_some(*weight)
    })
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
