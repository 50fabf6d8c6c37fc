//! The rank of a hit, read from `_rankingScoreDetails` and compared rule by rule.
//!
//! One score for the whole hit cannot be compared between nodes: the denominators of some rules depend on what else a
//! node holds (merge-exactness, section 1). The count or value under each rule can.

use std::cmp::Ordering;

use crate::wire::raw::{RawError, Scanner, Text, common_prefix};

/// Scores closer than this are the same fraction, computed over other terms.
const SAME_SCORE: f64 = 1e-12;

/// What one ranking rule said of a hit. Numbers stay as written until two of them differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule<'a> {
    /// Words matched of those asked.
    Words { matching: u32, most: u32 },
    /// Typos, out of as many as the node could imagine.
    Typo { count: u32, most: u32 },
    /// A rule that only gives a fraction.
    Score(Fraction, &'a [u8]),
    /// The rule `attribute`: two fractions, the first decides.
    Attribute { rank: &'a [u8], distance: &'a [u8] },
    /// 3 exact, 2 starts with, 1 neither; words matched exactly, out of how many, are known only for the last.
    Exactness { kind: u8, matching: u32, most: u32 },
    Sort {
        ascending: bool,
        value: SortValue<'a>,
    },
    /// Distance in metres; `None` without a place.
    Geo {
        ascending: bool,
        distance: Option<&'a [u8]>,
    },
    /// Similarity; `None` without a vector.
    Vector(Option<&'a [u8]>),
    /// The node ran out of time before this rule.
    Skipped,
    /// A rule that this version does not know, or one that the node hides: says nothing.
    Unknown,
}

/// The rules that only give a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fraction {
    Proximity,
    AttributeRank,
    WordPosition,
}

/// A field's value as the engine sorts it, already normalised by the node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SortValue<'a> {
    Number(f64),
    String(Text<'a>),
    /// Missing, null, or empty.
    Nothing,
}

/// One entry of the details: its place among the rules, and what it says.
pub type Entry<'a> = (u32, Rule<'a>);

/// The rank of a hit. Made once and read into again and again: hits that follow each other agree in most of their details,
/// and what is the same is not read again.
#[derive(Debug, Default)]
pub struct Key<'a> {
    details: &'a [u8],
    /// In the order of the rules.
    entries: Vec<Entry<'a>>,
    /// Where in `details` each entry ends; empty when the details are written in another order than that of the rules.
    ends: Vec<usize>,
}

impl<'a> Key<'a> {
    /// Reads the details of a hit, JSON that a node wrote; what was read before is forgotten.
    ///
    /// # Errors
    /// When `details` is not an object of objects.
    pub fn read(&mut self, details: &'a [u8]) -> Result<(), RawError> {
        let same = common_prefix(self.details, details);
        let known = self.ends.partition_point(|end| *end < same);
        self.ends.truncate(known);
        self.entries.truncate(known);
        self.details = details;
        let mut scanner = Scanner::new(details);
        scanner.enter_object()?;
        if let Some(end) = self.ends.last() {
            scanner.jump(*end);
        }
        while let Some((name, _)) = scanner.next_trusted_key()? {
            let fields = Fields::read(&mut scanner)?;
            let order = integer(fields.order);
            self.entries.push((order, rule(&name, &fields)));
            self.ends.push(scanner.position());
        }
        if !self.entries.is_sorted_by_key(|entry| entry.0) {
            self.entries.sort_by_key(|entry| entry.0);
            self.ends.clear();
        }
        Ok(())
    }

    /// The rank of a hit without details: the worst.
    pub fn clear(&mut self) {
        self.details = b"";
        self.entries.clear();
        self.ends.clear();
    }

    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }
}

/// Better hits first: `Less` when `left` goes before `right`.
pub fn compare(left: &[Entry<'_>], right: &[Entry<'_>]) -> Ordering {
    for ((_, left), (_, right)) in left.iter().zip(right) {
        let order = compare_rule(left, right);
        if order.is_ne() {
            return order;
        }
    }
    right.len().cmp(&left.len()) // a missing entry is the worst one
}

/// The same of one rule.
pub(super) fn compare_rule(left: &Rule<'_>, right: &Rule<'_>) -> Ordering {
    use Rule::*;
    match (left, right) {
        (
            Words { matching: left, .. },
            Words {
                matching: right, ..
            },
        ) => right.cmp(left),
        (Typo { count: left, .. }, Typo { count: right, .. }) => left.cmp(right),
        (Score(_, left), Score(_, right)) => higher_score(left, right),
        (
            Attribute {
                rank: left,
                distance: left_distance,
            },
            Attribute {
                rank: right,
                distance: right_distance,
            },
        ) => higher_score(left, right).then_with(|| higher_score(left_distance, right_distance)),
        (
            Exactness {
                kind: left,
                matching: left_words,
                ..
            },
            Exactness {
                kind: right,
                matching: right_words,
                ..
            },
        ) => right.cmp(left).then(right_words.cmp(left_words)),
        (
            Sort {
                ascending,
                value: left,
            },
            Sort { value: right, .. },
        ) => compare_values(*ascending, left, right),
        (
            Geo {
                ascending,
                distance: left,
            },
            Geo {
                distance: right, ..
            },
        ) => nothing_last(*left, *right, |left, right| {
            let nearer = number(left).total_cmp(&number(right));
            if *ascending { nearer } else { nearer.reverse() }
        }),
        (Vector(left), Vector(right)) => nothing_last(*left, *right, |left, right| {
            number(right).total_cmp(&number(left))
        }),
        (Skipped, Skipped) => Ordering::Equal,
        (Skipped, _) => Ordering::Greater,
        (_, Skipped) => Ordering::Less,
        // Only a node's blend of its hits by vector and by words has both.
        (Vector(similarity), _) => before_words(*similarity),
        (_, Vector(similarity)) => before_words(*similarity).reverse(),
        _ => Ordering::Equal,
    }
}

/// The place of a hit by vector among those by words, when words weigh next to nothing: first, unless it is worth nothing.
fn before_words(similarity: Option<&[u8]>) -> Ordering {
    match similarity {
        Some(similarity) if number(similarity) > 0.0 => Ordering::Less,
        _ => Ordering::Greater,
    }
}

fn higher_score(left: &[u8], right: &[u8]) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    let (left, right) = (number(left), number(right));
    if (left - right).abs() <= SAME_SCORE {
        Ordering::Equal
    } else {
        right.total_cmp(&left)
    }
}

/// Numbers, then strings, then nothing, whatever the direction.
pub(super) fn compare_values(
    ascending: bool,
    left: &SortValue<'_>,
    right: &SortValue<'_>,
) -> Ordering {
    use SortValue::*;
    let directed = |order: Ordering| if ascending { order } else { order.reverse() };
    match (left, right) {
        (Number(left), Number(right)) => {
            directed(left.partial_cmp(right).unwrap_or(Ordering::Equal))
        }
        (String(left), String(right)) => directed(left.compare(right)),
        (left, right) => left.class().cmp(&right.class()),
    }
}

fn nothing_last<'a>(
    left: Option<&'a [u8]>,
    right: Option<&'a [u8]>,
    order: impl Fn(&'a [u8], &'a [u8]) -> Ordering,
) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) if left == right => Ordering::Equal,
        (Some(left), Some(right)) => order(left, right),
        (left, right) => left.is_none().cmp(&right.is_none()),
    }
}

impl SortValue<'_> {
    fn class(&self) -> u8 {
        match self {
            SortValue::Number(_) => 0,
            SortValue::String(_) => 1,
            SortValue::Nothing => 2,
        }
    }
}

fn rule<'a>(name: &Text<'a>, fields: &Fields<'a>) -> Rule<'a> {
    match name.raw() {
        b"words" => Rule::Words {
            matching: integer(fields.matching_words),
            most: integer(fields.max_matching_words),
        },
        b"typo" => Rule::Typo {
            count: integer(fields.typo_count),
            most: integer(fields.max_typo_count),
        },
        b"proximity" => Rule::Score(Fraction::Proximity, fields.score),
        b"attributeRank" => Rule::Score(Fraction::AttributeRank, fields.score),
        b"wordPosition" => Rule::Score(Fraction::WordPosition, fields.score),
        b"attribute" => Rule::Attribute {
            rank: fields.attribute_rank,
            distance: fields.word_distance,
        },
        b"exactness" => {
            let kind = match fields.match_type {
                b"\"exactMatch\"" => 3,
                b"\"matchesStart\"" => 2,
                _ => 1,
            };
            Rule::Exactness {
                kind,
                matching: integer(fields.matching_words),
                most: integer(fields.max_matching_words),
            }
        }
        b"vectorSort" => Rule::Vector(present(fields.similarity)),
        b"skipped" => Rule::Skipped,
        other => {
            let ascending = other.ends_with(b":asc");
            if !ascending && !other.ends_with(b":desc") {
                Rule::Unknown
            } else if other.starts_with(b"_geoPoint(") {
                Rule::Geo {
                    ascending,
                    distance: present(fields.distance),
                }
            } else {
                Rule::Sort {
                    ascending,
                    value: sort_value(fields.value),
                }
            }
        }
    }
}

fn sort_value(raw: &[u8]) -> SortValue<'_> {
    match raw.first() {
        Some(b'"') => Text::of_scanned(raw).map_or(SortValue::Nothing, SortValue::String),
        Some(b'-' | b'0'..=b'9') => SortValue::Number(number(raw)),
        _ => SortValue::Nothing,
    }
}

fn present(raw: &[u8]) -> Option<&[u8]> {
    (!raw.is_empty() && raw != b"null").then_some(raw)
}

/// The raw values of an entry's members; empty where absent.
#[derive(Default)]
struct Fields<'a> {
    order: &'a [u8],
    score: &'a [u8],
    matching_words: &'a [u8],
    max_matching_words: &'a [u8],
    typo_count: &'a [u8],
    max_typo_count: &'a [u8],
    match_type: &'a [u8],
    attribute_rank: &'a [u8],
    word_distance: &'a [u8],
    value: &'a [u8],
    distance: &'a [u8],
    similarity: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, RawError> {
        let mut fields = Self::default();
        scanner.enter_object()?;
        while let Some((key, _)) = scanner.next_trusted_key()? {
            let span = scanner.skip_trusted_value();
            let value = scanner.slice(&span);
            match key.raw() {
                b"order" => fields.order = value,
                b"score" => fields.score = value,
                b"matchingWords" => fields.matching_words = value,
                b"maxMatchingWords" => fields.max_matching_words = value,
                b"typoCount" => fields.typo_count = value,
                b"maxTypoCount" => fields.max_typo_count = value,
                b"matchType" => fields.match_type = value,
                b"attributeRankingOrderScore" => fields.attribute_rank = value,
                b"queryWordDistanceScore" => fields.word_distance = value,
                b"value" => fields.value = value,
                b"distance" => fields.distance = value,
                b"similarity" => fields.similarity = value,
                _ => {}
            }
        }
        Ok(fields)
    }
}

fn integer(digits: &[u8]) -> u32 {
    let add = |number: u32, digit: &u8| {
        number
            .wrapping_mul(10)
            .wrapping_add(u32::from(digit.wrapping_sub(b'0')))
    };
    digits.iter().fold(0, add)
}

/// The number written; what is no number sorts as 0 (the node wrote it, so it is one).
pub(super) fn number(raw: &[u8]) -> f64 {
    short_number(raw).unwrap_or_else(|| long_number(raw))
}

/// Numbers of few digits and without an exponent, most of those in details: whole and power of ten are exact, and so is
/// the rounding of their quotient.
fn short_number(raw: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    if raw.len() > 15 {
        return None;
    }
    let mut whole = 0_u64;
    let mut point = None;
    for (at, byte) in raw.iter().enumerate() {
        match byte {
            b'0'..=b'9' => whole = whole * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && at > 0 => point = Some(at),
            _ => return None,
        }
    }
    let decimals = point.map_or(0, |at| raw.len() - at - 1);
    Some(whole as f64 / POWERS[decimals])
}

fn long_number(raw: &[u8]) -> f64 {
    std::str::from_utf8(raw)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0)
}
