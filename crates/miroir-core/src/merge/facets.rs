//! Facet counts of several nodes as one node would give them, its quirks included (merge-exactness, section 5).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::distinct::DistinctValue;
use super::normalize;
use super::rank::number;
use super::recount::Recount;
use super::view::{FacetOrder, IndexView};
use crate::wire::answer::SearchAnswer;
use crate::wire::raw::{self, RawError, push_string};

/// Up to this many candidates, the server orders numbers in alphabetical facets as strings.
const CANDIDATES_THRESHOLD: u64 = 3000;

/// Appends the merged `facetDistribution` object, when any answer has one.
///
/// `recounts` has what the lists of the answers lack, `candidates` is the number of documents that all nodes counted over, `asked`
/// the facets that were asked for: those that documents are known to have had are shown even if no node does. Whether something
/// was appended is returned.
///
/// # Errors
/// When a distribution is not an object of objects of counts.
pub fn distribution<'a>(
    answers: impl Iterator<Item = &'a SearchAnswer> + Clone,
    recounts: &'a [Recount],
    view: &'a IndexView,
    candidates: u64,
    asked: &'a [String],
    out: &mut Vec<u8>,
) -> Result<bool, RawError> {
    let mut counted = answers.clone();
    if !counted.any(|answer| answer.facet_distribution().is_some()) {
        return Ok(false);
    }
    out.push(b'{');
    let facets = merge(answers, recounts, view, candidates, asked)?;
    for (at, (name, values)) in facets.iter().enumerate() {
        separate(at, out);
        push_string(name, out);
        out.extend_from_slice(b":{");
        for (at, value) in values.iter().enumerate() {
            separate(at, out);
            push_string(&value.shown, out);
            out.push(b':');
            out.extend_from_slice(value.count.to_string().as_bytes());
        }
        out.push(b'}');
    }
    out.push(b'}');
    Ok(true)
}

/// The facets with the values that are shown, in their order.
fn merge<'a>(
    answers: impl Iterator<Item = &'a SearchAnswer>,
    recounts: &'a [Recount],
    view: &'a IndexView,
    candidates: u64,
    asked: &'a [String],
) -> Result<BTreeMap<Cow<'a, str>, Vec<FacetValue<'a>>>, RawError> {
    let shown = view
        .shown_facets(asked)
        .filter(|name| !is_hidden(name, view));
    let mut facets: BTreeMap<Cow<'a, str>, Vec<FacetValue<'a>>> = shown
        .map(|name| (Cow::Borrowed(name), Vec::new()))
        .collect();
    for answer in answers {
        for (name, values) in lists(answer, view)? {
            facets.entry(name).or_default().extend(values);
        }
    }
    for recount in recounts {
        if let Some(values) = facets.get_mut(recount.left_out.facet()) {
            values.extend(recount.values(view)?);
        }
    }
    for (name, values) in &mut facets {
        let all = sum(std::mem::take(values));
        let (order, most) = (view.facet_order(name), view.max_values_per_facet);
        *values = cut(all, order, most, candidates);
    }
    Ok(facets)
}

/// A facet: its name and its values.
pub(super) type Facet<'a> = (Cow<'a, str>, Vec<FacetValue<'a>>);

/// The facets of one answer with their values, as they are listed.
pub(super) fn lists<'a>(
    answer: &'a SearchAnswer,
    view: &IndexView,
) -> Result<Vec<Facet<'a>>, RawError> {
    let mut lists = Vec::new();
    let numeric = numeric_facets(answer)?;
    for facet in raw::members(answer.facet_distribution().unwrap_or(b"{}")) {
        let facet = facet?;
        let name = facet.key.decode();
        if is_hidden(&name, view) {
            continue;
        }
        let is_numeric = numeric.contains(&name);
        let mut values = Vec::new();
        for value in raw::members(facet.value) {
            let value = value?;
            let count = number(value.value) as u64;
            values.push(FacetValue::new(value.key.decode(), count, is_numeric));
        }
        lists.push((name, values));
    }
    Ok(lists)
}

/// Appends the merged `facetStats` object, when any answer has one: the least minimum and the greatest maximum, as written.
///
/// # Errors
/// When the statistics are not an object of objects.
pub fn stats<'a>(
    answers: impl Iterator<Item = &'a SearchAnswer>,
    view: &IndexView,
    out: &mut Vec<u8>,
) -> Result<bool, RawError> {
    let mut facets: BTreeMap<Cow<'a, str>, (&'a [u8], &'a [u8])> = BTreeMap::new();
    let mut found = false;
    for answer in answers {
        let Some(stats) = answer.facet_stats() else {
            continue;
        };
        found = true;
        for facet in raw::members(stats) {
            let facet = facet?;
            let name = facet.key.decode();
            if is_hidden(&name, view) {
                continue;
            }
            for bound in raw::members(facet.value) {
                let bound = bound?;
                let entry = facets.entry(name.clone()).or_insert((b"", b""));
                let (slot, better) = if bound.key.is("min") {
                    (&mut entry.0, Ordering::Less)
                } else {
                    (&mut entry.1, Ordering::Greater)
                };
                if slot.is_empty() || number(bound.value).total_cmp(&number(slot)) == better {
                    *slot = bound.value;
                }
            }
        }
    }
    if !found {
        return Ok(false);
    }
    out.push(b'{');
    for (at, (name, (min, max))) in facets.iter().enumerate() {
        separate(at, out);
        push_string(name, out);
        out.extend_from_slice(b":{\"min\":");
        out.extend_from_slice(min);
        out.extend_from_slice(b",\"max\":");
        out.extend_from_slice(max);
        out.push(b'}');
    }
    out.push(b'}');
    Ok(true)
}

/// A value of a facet, on one node or on all.
pub(super) struct FacetValue<'a> {
    /// As the client sees it.
    shown: Cow<'a, str>,
    pub(super) count: u64,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Number(f64),
    /// The form by which strings are equal and ordered.
    String(Cow<'a, str>),
}

impl<'a> FacetValue<'a> {
    /// Numbers and strings are both keys of one JSON object. A key is a number if the facet has numbers at all on that
    /// node and the key is exactly what the server prints for one.
    fn new(shown: Cow<'a, str>, count: u64, numeric_facet: bool) -> Self {
        let parsed = numeric_facet.then(|| printed_number(&shown)).flatten();
        let kind = match (parsed, &shown) {
            (Some(number), _) => Kind::Number(number),
            (None, Cow::Borrowed(shown)) => Kind::String(normalize::facet(shown)),
            (None, Cow::Owned(shown)) => {
                Kind::String(Cow::Owned(normalize::facet(shown).into_owned()))
            }
        };
        Self { shown, count, kind }
    }

    /// Numbers before strings, each in ascending order.
    fn compare(&self, other: &Self) -> Ordering {
        match (&self.kind, &other.kind) {
            (Kind::Number(left), Kind::Number(right)) => left.total_cmp(right),
            (Kind::String(left), Kind::String(right)) => left.cmp(right),
            (Kind::Number(_), Kind::String(_)) => Ordering::Less,
            (Kind::String(_), Kind::Number(_)) => Ordering::Greater,
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Number(_))
    }

    /// What it is equal by.
    pub(super) fn form(&self) -> DistinctValue {
        match &self.kind {
            Kind::Number(number) => DistinctValue::Number((number + 0.0).to_bits()),
            Kind::String(form) => DistinctValue::String(form.clone().into_owned()),
        }
    }
}

/// The number that the server prints as exactly this text.
pub(super) fn printed_number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (is_plain_decimal(text) || number.to_string() == text).then_some(number)
}

/// Whether a text is how some number is printed, seen without printing it: no two decimals of 15 digits are the same number, so
/// that none of them is printed as another one.
fn is_plain_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let are_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.len() <= 15
        && are_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(|part| are_digits(part) && !part.ends_with('0'))
}

/// Adds up equal values, in ascending order. Where nodes show a value in different spellings the first by bytes is
/// taken: it does not depend on which replica answered first.
fn sum(mut values: Vec<FacetValue<'_>>) -> Vec<FacetValue<'_>> {
    values.sort_by(|left, right| {
        left.compare(right)
            .then_with(|| left.shown.cmp(&right.shown))
    });
    values.dedup_by(|later, first| {
        let same = first.compare(later).is_eq();
        if same {
            first.count += later.count;
        }
        same
    });
    values
}

/// Orders values as the server does and keeps the first ones.
fn cut(
    mut values: Vec<FacetValue<'_>>,
    order: FacetOrder,
    most: usize,
    candidates: u64,
) -> Vec<FacetValue<'_>> {
    let numbers = values.iter().take_while(|value| value.is_number()).count();
    let from_documents = order == FacetOrder::Alpha && candidates <= CANDIDATES_THRESHOLD;
    match order {
        FacetOrder::Alpha if from_documents => {
            values[..numbers].sort_by(|left, right| left.shown.cmp(&right.shown))
        }
        FacetOrder::Alpha => {}
        FacetOrder::Count => {
            let fewer_last = |left: &FacetValue<'_>, right: &FacetValue<'_>| {
                right
                    .count
                    .cmp(&left.count)
                    .then_with(|| right.compare(left))
            };
            values[..numbers].sort_by(fewer_last);
            values[numbers..].sort_by(fewer_last);
        }
    }
    if from_documents {
        values.truncate(most);
    } else {
        // Over the facet tree the server stops when the list is exactly full. Numbers that fill it stop themselves, but
        // the strings that follow find it more than full and are all listed.
        if most > 0 && numbers > most {
            values.drain(most..numbers);
        }
        if most > 0 && numbers < most {
            values.truncate(most);
        }
    }
    values
}

fn numeric_facets(answer: &SearchAnswer) -> Result<Vec<Cow<'_, str>>, RawError> {
    let Some(stats) = answer.facet_stats() else {
        return Ok(Vec::new());
    };
    raw::members(stats)
        .map(|facet| facet.map(|facet| facet.key.decode()))
        .collect()
}

fn is_hidden(facet: &str, view: &IndexView) -> bool {
    view.hides(facet) || view.overlay_filterable.iter().any(|name| name == facet)
}

fn separate(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}
