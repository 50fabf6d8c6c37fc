//! The order of hits that a query sorts by distance.
//!
//! A server takes the nearest hit that is left, puts those that are at most one metre farther away into one bucket with it, and
//! lets the rules that follow decide inside the bucket (`milli/src/documents/geo_sort.rs` of 1.50). Where a bucket begins
//! depends on all documents, so a node has other buckets than one server, and shows of every hit only the distance of the first
//! one in its bucket. The buckets of one server are made again from the hits' own places.
//!
//! Below 1000 candidates a server goes by whole metres, and inside a metre by the order in which it got the documents, for
//! which that of the ids stands here. Which of the candidates an earlier rule leaves is not known: all that match count.

use std::cmp::Ordering;

use serde_json::Value;

use super::distinct::{Seen, canonical_id};
use super::documents::SortRule;
use super::order::{Leg, Order, Picked, Wanted, close_run};
use super::rank::{self, Entry, Key, Rule, number};
use super::view::TieRule;
use crate::wire::raw::{self, RawError};

/// Distances that differ by no more are the same.
const MARGIN: f64 = 1.0;
/// The most hits of a bucket.
const MOST_IN_BUCKET: usize = 1000;
/// From as many candidates on, a server goes by exact distances.
const EXACT_CANDIDATES: u64 = 1000;

/// Merges lists that a sort by distance had a part in. `None` where none had, or where a hit does not tell its place in
/// the order.
///
/// # Errors
/// When a hit is not what a server writes.
pub(super) fn merge(legs: &[Leg], wanted: &Wanted<'_>) -> Result<Option<Order>, RawError> {
    let Some(target) = Target::of(legs)?.filter(|_| legs.len() > 1) else {
        return Ok(None);
    };
    let candidates: u64 = legs.iter().map(|leg| leg.answer.total).sum();
    let id = wanted.primary_key.filter(|_| candidates < EXACT_CANDIDATES);
    let mut hits = Vec::new();
    let mut ends = Vec::new();
    for (leg, list) in legs.iter().enumerate() {
        for hit in 0..list.answer.hits.len() {
            match Placed::read(legs, Picked { leg, hit }, &target, id)? {
                Some(placed) => hits.push(placed),
                None => return Ok(None),
            }
        }
        if list.answer.hits.len() >= list.asked {
            ends.push(End::of(legs, leg)?);
        }
    }
    put_in_buckets(&mut hits, target.ascending);
    Ok(Some(pick(&hits, &ends, legs, wanted, &target)?))
}

/// The first hits of the order, as far as no hit that is still to come can change it.
fn pick(
    hits: &[Placed<'_>],
    ends: &[End<'_>],
    legs: &[Leg],
    wanted: &Wanted<'_>,
    target: &Target,
) -> Result<Order, RawError> {
    let mut order = Order::default();
    let mut seen = Seen::default();
    let is_total = wanted.tie_rule != TieRule::Off;
    for run in hits.chunk_by(|left, right| is_total && left.compare(right).is_eq()) {
        if order.picked.len() >= wanted.end {
            break;
        }
        let open = ends.iter().filter(|end| !end.is_behind(&run[0], target));
        order.refill.extend(open.map(|end| end.leg));
        if !order.refill.is_empty() {
            return Ok(order);
        }
        order.ambiguous_ids |= run.len() > 1;
        order.skipped |= run.iter().any(|hit| hit.rules.are_cut_short());
        let mut run: Vec<Picked> = run.iter().map(|hit| hit.picked).collect();
        close_run(&mut run, legs, wanted, &mut seen, &mut order)?;
    }
    if order.picked.len() < wanted.end {
        order.refill.extend(ends.iter().map(|end| end.leg));
    }
    order.picked.truncate(wanted.end);
    Ok(order)
}

/// What distances are measured from.
struct Target {
    point: [f64; 2],
    ascending: bool,
}

impl Target {
    fn of(legs: &[Leg]) -> Result<Option<Self>, RawError> {
        let mut lists = legs.iter().map(|leg| &leg.answer);
        let Some((answer, hit)) = lists.find_map(|list| Some((list, list.hits.first()?))) else {
            return Ok(None);
        };
        let Some(details) = &hit.details else {
            return Ok(None);
        };
        for rule in raw::members(answer.slice(details)) {
            let rule = rule?.key.decode().parse();
            if let Ok(SortRule::Distance { point, ascending }) = rule {
                return Ok(Some(Self { point, ascending }));
            }
        }
        Ok(None)
    }
}

/// What the rules say of a hit.
struct Rules<'a> {
    key: Key<'a>,
    /// Which of them is about distance.
    at: usize,
    /// What that one shows, in metres; `None` without a place.
    distance: Option<f64>,
}

impl<'a> Rules<'a> {
    fn read(legs: &'a [Leg], hit: Picked) -> Result<Option<Self>, RawError> {
        let answer = &legs[hit.leg].answer;
        let mut key = Key::default();
        if let Some(details) = &answer.hits[hit.hit].details {
            key.read(answer.slice(details))?;
        }
        let mut entries = key.entries().iter().enumerate();
        let found = entries.find_map(|(at, (_, rule))| match rule {
            Rule::Geo { distance, .. } => Some((at, distance.map(number))),
            _ => None,
        });
        Ok(found.map(|(at, distance)| Self { key, at, distance }))
    }

    fn before(&self) -> &[Entry<'a>] {
        &self.key.entries()[..self.at]
    }

    fn after(&self) -> &[Entry<'a>] {
        &self.key.entries()[self.at + 1..]
    }

    fn are_cut_short(&self) -> bool {
        let mut entries = self.key.entries().iter();
        entries.any(|(_, rule)| *rule == Rule::Skipped)
    }
}

/// A hit, what its rules say, and where it is.
struct Placed<'a> {
    picked: Picked,
    rules: Rules<'a>,
    /// Its own distance in metres; `None` without a place.
    distance: Option<f64>,
    /// What stands for the order of documents, where a server goes by it.
    id: Option<Id>,
    bucket: Bucket,
}

/// Hits with one distance, as a server sees it.
#[derive(Clone, Copy, Default)]
struct Bucket {
    /// Where in the list it begins.
    start: usize,
    /// The distance of its first hit.
    distance: Option<f64>,
}

impl<'a> Placed<'a> {
    fn read(
        legs: &'a [Leg],
        picked: Picked,
        target: &Target,
        primary_key: Option<&str>,
    ) -> Result<Option<Self>, RawError> {
        let Some(rules) = Rules::read(legs, picked)? else {
            return Ok(None);
        };
        let hit = picked.bytes(legs);
        let own = place(hit)?.map(|place| metres(target.point, place));
        let id = match primary_key {
            Some(primary_key) => canonical_id(hit, primary_key)?.map(Id::of),
            None => None,
        };
        Ok(Some(Self {
            picked,
            distance: rules.distance.map(|shown| own.unwrap_or(shown)),
            rules,
            id,
            bucket: Bucket::default(),
        }))
    }

    /// In the order of the list, once there are buckets.
    fn compare(&self, other: &Self) -> Ordering {
        (self.bucket.start.cmp(&other.bucket.start))
            .then_with(|| rank::compare(self.rules.after(), other.rules.after()))
    }

    /// In the order in which a server puts hits into buckets.
    fn compare_distance(&self, other: &Self, ascending: bool) -> Ordering {
        let (Some(one), Some(two)) = (self.distance, other.distance) else {
            return self.distance.is_none().cmp(&other.distance.is_none());
        };
        let order = match (&self.id, &other.id) {
            (Some(id), Some(other)) => {
                (one.trunc().total_cmp(&two.trunc())).then_with(|| id.cmp(other))
            }
            _ => one.total_cmp(&two),
        };
        if ascending { order } else { order.reverse() }
    }
}

/// An id in the order in which documents are mostly numbered.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Id {
    Number(u64),
    Text(String),
}

impl Id {
    fn of(text: String) -> Self {
        text.parse().map_or(Self::Text(text), Self::Number)
    }
}

/// Sorts hits as a server does.
fn put_in_buckets(hits: &mut [Placed<'_>], ascending: bool) {
    hits.sort_by(|left, right| {
        rank::compare(left.rules.before(), right.rules.before())
            .then_with(|| left.compare_distance(right, ascending))
    });
    for at in 0..hits.len() {
        let (done, rest) = hits.split_at_mut(at);
        let hit = &mut rest[0];
        let open = done.last().filter(|last| {
            let is_near = match (last.bucket.distance, hit.distance) {
                (Some(first), Some(distance)) => {
                    (first - distance).abs() <= MARGIN && at - last.bucket.start < MOST_IN_BUCKET
                }
                (first, distance) => first.is_none() && distance.is_none(),
            };
            is_near && rank::compare(last.rules.before(), hit.rules.before()).is_eq()
        });
        hit.bucket = open.map_or(
            Bucket {
                start: at,
                distance: hit.distance,
            },
            |last| last.bucket,
        );
    }
    hits.sort_by(|left, right| {
        let place = |hit: &Placed<'_>| (hit.picked.leg, hit.picked.hit);
        left.compare(right)
            .then_with(|| place(left).cmp(&place(right)))
    });
}

/// The end of a list that may go on.
struct End<'a> {
    leg: usize,
    /// Its last hit; `None` if it has none at all. What follows is no nearer than the bucket that the node has it in.
    last: Option<Rules<'a>>,
}

impl<'a> End<'a> {
    fn of(legs: &'a [Leg], leg: usize) -> Result<Self, RawError> {
        let last = match legs[leg].answer.hits.len().checked_sub(1) {
            Some(hit) => Rules::read(legs, Picked { leg, hit })?,
            None => None,
        };
        Ok(Self { leg, last })
    }

    /// Whether nothing that follows belongs before `hit` or into its bucket.
    fn is_behind(&self, hit: &Placed<'_>, target: &Target) -> bool {
        let Some(last) = &self.last else {
            return false;
        };
        match rank::compare(last.before(), hit.rules.before()) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => match (last.distance, hit.bucket.distance) {
                // Where whole metres count, the first hit of a bucket may be farther away than others in it.
                (Some(end), Some(first)) if target.ascending => end.floor() > first + MARGIN,
                (Some(end), Some(first)) => end.floor() + 1.0 < first - MARGIN,
                (Some(_), None) => false,
                (None, Some(_)) => true,
                (None, None) => rank::compare(hit.rules.after(), last.after()).is_le(),
            },
        }
    }
}

/// Where a document is.
fn place(document: &[u8]) -> Result<Option<[f64; 2]>, RawError> {
    for member in raw::members(document) {
        let member = member?;
        if member.key.is("_geo") {
            let value = serde_json::from_slice(member.value).ok();
            return Ok(value.and_then(|value: Value| degrees(&value)));
        }
    }
    Ok(None)
}

/// The latitude and longitude that a field `_geo` says, as numbers or as text.
pub(super) fn degrees(place: &Value) -> Option<[f64; 2]> {
    let number = |name: &str| match place.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Some([number("lat")?, number("lng")?])
}

/// The distance of two points in metres, to the millimetre, as a server has it.
pub(super) fn metres(from: [f64; 2], to: [f64; 2]) -> f64 {
    const RADIUS: f64 = 6_371_000.0;
    let [from, to] = [from, to].map(|point| point.map(f64::to_radians));
    let haversine = |angle: f64| (1.0 - angle.cos()) / 2.0;
    let along = haversine(to[0] - from[0]);
    let across = from[0].cos() * to[0].cos() * haversine(to[1] - from[1]);
    (2.0 * RADIUS * (along + across).sqrt().asin() * 1000.0).round() / 1000.0
}
