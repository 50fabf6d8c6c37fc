//! One order out of many ordered lists, as far as the window needs it.

use std::cmp::Ordering;

use super::MergeError;
use super::distinct::{Seen, canonical_id};
use super::geo;
use super::rank::{self, Key, Rule, SortValue};
use super::view::{IndexView, TieRule};
use crate::wire::answer::SearchAnswer;
use crate::wire::raw::RawError;
use crate::wire::search::SearchQuery;

/// What a leg answered, and how many hits it was asked for: a list as long as that may have a continuation. `usize::MAX`
/// says that it has none that could be had.
#[derive(Debug, Clone)]
pub struct Leg {
    pub answer: SearchAnswer,
    pub asked: usize,
}

/// A hit by its leg and its place in the leg's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picked {
    pub leg: usize,
    pub hit: usize,
}

impl Picked {
    /// The hit, as its node wrote it.
    pub fn bytes(self, legs: &[Leg]) -> &[u8] {
        let answer = &legs[self.leg].answer;
        answer.slice(&answer.hits[self.hit].whole)
    }

    /// Which document it is. A primary key inside an object may not be in the hit; the rule that orders ties by it has it.
    pub(super) fn id(self, legs: &[Leg], primary_key: Option<&str>) -> Result<String, RawError> {
        if let Some(primary_key) = primary_key
            && let Some(id) = canonical_id(self.bytes(legs), primary_key)?
        {
            return Ok(id);
        }
        let answer = &legs[self.leg].answer;
        let mut key = Key::default();
        if let Some(details) = &answer.hits[self.hit].details {
            key.read(answer.slice(details))?;
        }
        Ok(match key.entries().last() {
            Some((_, Rule::Sort { value, .. })) => match value {
                SortValue::Number(number) => number.to_string(),
                SortValue::String(text) => text.decode().into_owned(),
                SortValue::Nothing => String::new(),
            },
            _ => format!("{}/{}", self.leg, self.hit),
        })
    }
}

/// The first hits of the merged order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// Best first, at most as many as were wanted.
    pub picked: Vec<Picked>,
    /// Hits left out because one with the same distinct value came before.
    pub dropped: Vec<Picked>,
    /// Legs whose lists ended while more was wanted of them: what follows `picked` is unknown until they are asked for more.
    pub refill: Vec<usize>,
    /// Some ids were equal to the engine, and have been put in the order of their canonical form.
    pub ambiguous_ids: bool,
    /// A node ran out of time while ranking some of these hits.
    pub skipped: bool,
}

/// What the order depends on besides the lists.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// How many hits to order.
    pub end: usize,
    /// How many more may be needed to be sure of the last one.
    pub ahead: usize,
    pub tie_rule: TieRule,
    pub primary_key: Option<&'a str>,
    pub distinct: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// What a query wants of its own list, the first `end` hits of it.
    pub fn of(query: &'a SearchQuery, view: &'a IndexView, end: usize) -> Self {
        Self {
            end,
            ahead: usize::from(end > 0 && query.sorts_by_distance()),
            tie_rule: view.tie_rule,
            primary_key: view.primary_key.as_deref(),
            distinct: view.distinct_of(query),
        }
    }
}

/// Merges the lists of the legs.
///
/// Each list must be in the order of its own details. Equal hits go by leg and place, or, where the primary key is a
/// ranking rule, by canonical id.
///
/// # Errors
/// When a hit's details are not what a server writes.
pub fn merge(legs: &[Leg], wanted: &Wanted<'_>) -> Result<Order, MergeError> {
    if let Some(order) = geo::merge(legs, wanted)? {
        return Ok(order);
    }
    let mut order = Order {
        picked: Vec::with_capacity(wanted.end.min(1000)),
        ..Order::default()
    };
    let mut heads = Heads {
        legs,
        sorted: Vec::with_capacity(legs.len()),
        dry: Vec::new(),
    };
    for leg in 0..legs.len() {
        heads.advance(Head {
            leg,
            hit: 0,
            key: Key::default(),
        })?;
    }
    let mut seen = Seen::default();
    let mut run: Vec<Picked> = Vec::new(); // equal hits, not yet in `order`
    let mut run_key = Key::default();
    loop {
        let goes_on = wanted.tie_rule != TieRule::Off
            && !run.is_empty()
            && heads
                .sorted
                .last()
                .is_some_and(|head| rank::compare(head.key.entries(), run_key.entries()).is_eq());
        if !goes_on {
            order.ambiguous_ids |= run.len() > 1;
            close_run(&mut run, legs, wanted, &mut seen, &mut order)?;
            if order.picked.len() >= wanted.end {
                break;
            }
            if !heads.dry.is_empty() {
                order.refill = heads.dry;
                order.refill.sort_unstable();
                break;
            }
        }
        let Some(mut best) = heads.sorted.pop() else {
            break;
        };
        order.skipped |= best
            .key
            .entries()
            .iter()
            .any(|(_, rule)| *rule == Rule::Skipped);
        run.push(Picked {
            leg: best.leg,
            hit: best.hit,
        });
        std::mem::swap(&mut run_key, &mut best.key);
        best.hit += 1;
        heads.advance(best)?;
    }
    order.picked.truncate(wanted.end);
    Ok(order)
}

/// Moves a run of equal hits to the order, without those whose distinct value was seen.
pub(super) fn close_run(
    run: &mut Vec<Picked>,
    legs: &[Leg],
    wanted: &Wanted<'_>,
    seen: &mut Seen,
    order: &mut Order,
) -> Result<(), RawError> {
    if let Some(primary_key) = wanted.primary_key
        && run.len() > 1
    {
        let mut by_id = Vec::with_capacity(run.len());
        for picked in run.iter() {
            by_id.push((canonical_id(picked.bytes(legs), primary_key)?, *picked));
        }
        by_id.sort_by(|left, right| left.0.cmp(&right.0));
        run.clear();
        run.extend(by_id.into_iter().map(|(_, picked)| picked));
    }
    for picked in run.drain(..) {
        match wanted.distinct {
            Some(attribute) if !seen.is_new(picked.bytes(legs), attribute)? => {
                order.dropped.push(picked)
            }
            _ => order.picked.push(picked),
        }
    }
    Ok(())
}

/// The next hit of one leg.
struct Head<'a> {
    leg: usize,
    hit: usize,
    key: Key<'a>,
}

/// The next hits of all legs that have one, worst first, so that the best is taken from the end.
struct Heads<'a> {
    legs: &'a [Leg],
    sorted: Vec<Head<'a>>,
    /// Legs at the end of a list that may go on.
    dry: Vec<usize>,
}

impl<'a> Heads<'a> {
    /// Puts a leg back in line with the hit that it stands at.
    fn advance(&mut self, mut head: Head<'a>) -> Result<(), RawError> {
        let leg = &self.legs[head.leg];
        let Some(hit) = leg.answer.hits.get(head.hit) else {
            if head.hit >= leg.asked {
                self.dry.push(head.leg);
            }
            return Ok(());
        };
        match &hit.details {
            Some(details) => head.key.read(leg.answer.slice(details))?,
            None => head.key.clear(),
        }
        let worse = |other: &Head<'_>| match rank::compare(other.key.entries(), head.key.entries())
        {
            Ordering::Equal => other.leg > head.leg,
            order => order.is_gt(),
        };
        let place = self.sorted.partition_point(worse);
        self.sorted.insert(place, head);
        Ok(())
    }
}
