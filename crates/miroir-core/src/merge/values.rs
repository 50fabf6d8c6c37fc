//! The values by which one server compares hits of different searches: in a hybrid search a hit found by its words and one
//! found by its vector, in a federated search hits of several queries.
//!
//! The ranks of relevancy rules that follow each other are one score; a sort, a distance and a similarity stand for
//! themselves (`ScoreDetails::score_values` in milli's `score_details.rs`). A node shows of most rules only a fraction of a
//! number of steps. The steps follow from the number of words that matched, the number of searchable attributes and, where
//! the match is exact, the number of exact words; which numbers these are shows in the score of the whole hit.

use std::cmp::Ordering;

use super::rank::{Entry, Fraction, Rule, SortValue, compare_values, number};

/// The most words of a query that the engine looks at.
const MOST_WORDS: u32 = 10;
/// More searchable attributes are taken for this many.
const MOST_WEIGHT: u32 = 64;
/// Products of the same ranks, taken in another order.
const SAME_PRODUCT: f64 = 1e-9;
/// A fraction times its steps is that close to a step.
const SAME_STEP: f64 = 1e-6;

/// One value of a hit, in the order of the rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Relevancy, or similarity: 0 to 1.
    Score(f64),
    Sort {
        ascending: bool,
        value: SortValue<'a>,
    },
    /// Distance in metres; `None` without a place.
    Geo {
        ascending: bool,
        distance: Option<f64>,
    },
}

/// Reads the values of hits. Hits of one search mostly share their steps, so what was found for one is tried first for the
/// next.
#[derive(Debug, Default)]
pub struct Reader {
    steps: Steps,
    /// Words and pairs, where the details do not say them and they are known all the same.
    demanded: Option<(u32, u32)>,
    ranks: Vec<Rank>,
}

/// What the numbers of steps of all rules follow from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Steps {
    /// Words of the query that matched.
    words: u32,
    /// Those of them that stand next to each other in the query.
    pairs: u32,
    /// The weight of the last searchable attribute.
    weight: u32,
    /// Words matched exactly, where the details do not say it.
    exact: u32,
}

/// A rank, counted from 1, the worst, out of `of`.
#[derive(Debug, Clone, Copy)]
struct Rank {
    rank: f64,
    of: f64,
}

impl Rank {
    const FIRST: Self = Self { rank: 1.0, of: 1.0 };

    /// `inner` subdivides one step of `self` (`Rank::merge` in milli).
    fn then(self, inner: Self) -> Self {
        Self {
            rank: (self.rank - 1.0).max(0.0) * inner.of + inner.rank,
            of: self.of * inner.of,
        }
    }

    fn score(self) -> f64 {
        self.rank / self.of
    }
}

impl Reader {
    /// For hits of which each has `words` words, `pairs` of them next to each other in the query.
    pub(super) fn of_words(words: u32, pairs: u32) -> Self {
        Self {
            demanded: Some((words, pairs)),
            ..Self::default()
        }
    }

    /// The score of a hit that really ranks as `entries` say, its words having as many `pairs`, when its node saw it rank as in
    /// `seen`, and made `score` of that.
    pub(super) fn corrected(
        &mut self,
        seen: &[Entry<'_>],
        score: f64,
        entries: &[Entry<'_>],
        pairs: u32,
    ) -> f64 {
        self.find_steps(seen, score);
        let steps = Steps {
            pairs,
            ..self.steps
        };
        self.merged(entries, steps, None).map_or(score, Rank::score)
    }

    /// Puts the values of a hit into `values`, replacing what is there.
    ///
    /// `entries` are its details without what Miroir added, `score` is its `_rankingScore`, and `most_typos` the typo
    /// denominator of one server where the node's is another (`Repair::most_typos`).
    pub fn read<'a>(
        &mut self,
        entries: &[Entry<'a>],
        score: f64,
        most_typos: Option<u32>,
        values: &mut Vec<Value<'a>>,
    ) {
        values.clear();
        let is_whole = most_typos.is_none() && has_one_score(entries);
        if !is_whole {
            self.find_steps(entries, score);
        }
        let mut group: Option<Rank> = None;
        for (_, rule) in entries {
            self.ranks.clear();
            if !push_ranks(rule, self.steps, most_typos, &mut self.ranks) {
                values.extend(group.take().map(|rank| Value::Score(rank.score())));
                values.extend(value(rule));
                continue;
            }
            let before = group.unwrap_or(Rank::FIRST);
            group = Some(self.ranks.drain(..).fold(before, Rank::then));
        }
        values.extend(group.map(|rank| Value::Score(rank.score())));
        if is_whole {
            let whole = values
                .iter_mut()
                .find(|value| matches!(value, Value::Score(_)));
            whole
                .into_iter()
                .for_each(|value| *value = Value::Score(score));
        }
    }

    /// The score of a whole hit as a server computes it whose typo denominator is `most_typos`. `None` keeps the
    /// node's. The score of a hit by its vector is the node's: the vector is no rank.
    pub fn score(&mut self, entries: &[Entry<'_>], score: f64, most_typos: Option<u32>) -> f64 {
        let by_vector = |(_, rule): &Entry<'_>| matches!(rule, Rule::Vector(_));
        if entries.iter().any(by_vector) {
            return score;
        }
        self.find_steps(entries, score);
        self.merged(entries, self.steps, most_typos)
            .map_or(score, Rank::score)
    }

    /// Finds steps with which the ranks in the details make up the score.
    fn find_steps(&mut self, entries: &[Entry<'_>], score: f64) {
        let matching = entries.iter().find_map(|(_, rule)| match rule {
            Rule::Words { matching, .. } => Some(*matching),
            _ => None,
        });
        let known = self.demanded.map(|(words, _)| words).or(matching);
        let pairs_of = |reader: &Self, words: u32| {
            reader
                .demanded
                .map_or(words.saturating_sub(1), |(_, pairs)| pairs)
        };
        let fits = |reader: &mut Self, steps: Steps| {
            reader
                .merged(entries, steps, None)
                .is_some_and(|rank| (rank.score() - score).abs() <= SAME_PRODUCT)
        };
        let last = self.steps;
        if known.is_none_or(|words| words == last.words) && fits(self, last) {
            return;
        }
        let any = |wanted: fn(&Rule<'_>) -> bool| entries.iter().any(|(_, rule)| wanted(rule));
        let most_weight = if any(|rule| {
            matches!(
                rule,
                Rule::Attribute { .. } | Rule::Score(Fraction::AttributeRank, _)
            )
        }) {
            MOST_WEIGHT
        } else {
            0
        };
        let hides_exact = any(|rule| matches!(rule, Rule::Exactness { kind: 2.., .. }));
        for words in known.into_iter().chain(1..=MOST_WORDS) {
            for weight in 0..=most_weight {
                for exact in (0..=if hides_exact { words } else { 0 }).rev() {
                    let steps = Steps {
                        words,
                        pairs: pairs_of(self, words),
                        weight,
                        exact,
                    };
                    if fits(self, steps) {
                        self.steps = steps;
                        return;
                    }
                }
            }
        }
        let words = known.unwrap_or(1);
        self.steps = Steps {
            words,
            pairs: pairs_of(self, words),
            weight: 0,
            exact: words,
        };
    }

    /// All ranks as one; `None` when some fraction is none of its steps.
    fn merged(
        &mut self,
        entries: &[Entry<'_>],
        steps: Steps,
        most_typos: Option<u32>,
    ) -> Option<Rank> {
        self.ranks.clear();
        for (_, rule) in entries {
            push_ranks(rule, steps, most_typos, &mut self.ranks);
        }
        let is_step = |rank: &Rank| rank.rank.fract() == 0.0;
        self.ranks
            .iter()
            .all(is_step)
            .then(|| self.ranks.drain(..).fold(Rank::FIRST, Rank::then))
    }
}

/// Whether nothing stands between two rules of relevancy, so that the score of the whole hit is the only one.
fn has_one_score(entries: &[Entry<'_>]) -> bool {
    let is_score = |rule: &Rule<'_>| {
        !matches!(
            rule,
            Rule::Sort { .. } | Rule::Geo { .. } | Rule::Vector(_) | Rule::Unknown
        )
    };
    let mut runs = 0;
    let mut inside = false;
    for (_, rule) in entries {
        runs += u32::from(is_score(rule) && !inside);
        inside = is_score(rule);
    }
    runs <= 1
        && !entries
            .iter()
            .any(|(_, rule)| matches!(rule, Rule::Vector(_)))
}

/// The ranks of a relevancy rule; false for any other.
fn push_ranks(
    rule: &Rule<'_>,
    steps: Steps,
    most_typos: Option<u32>,
    ranks: &mut Vec<Rank>,
) -> bool {
    let whole = |rank: u32, of: u32| Rank {
        rank: f64::from(rank),
        of: f64::from(of),
    };
    let part = |score: &[u8], of: u32| {
        let of = f64::from(of);
        let rank = number(score) * of;
        let step = rank.round();
        let rank = if (rank - step).abs() <= SAME_STEP {
            step
        } else {
            rank
        };
        Rank { rank, of }
    };
    let attribute_steps = steps.weight * steps.words + 1;
    let position_steps = 10 * steps.words + 1;
    match rule {
        Rule::Words { matching, most } => ranks.push(whole(*matching, *most)),
        Rule::Typo { count, most } => {
            let of = most_typos.unwrap_or(*most) + 1;
            ranks.push(whole(of.saturating_sub(*count), of));
        }
        Rule::Score(fraction, score) => ranks.push(part(
            score,
            match fraction {
                Fraction::Proximity => 3 * steps.pairs + 1,
                Fraction::AttributeRank => attribute_steps,
                Fraction::WordPosition => position_steps,
            },
        )),
        Rule::Attribute { rank, distance } => {
            ranks.extend([part(rank, attribute_steps), part(distance, position_steps)])
        }
        Rule::Exactness {
            kind,
            matching,
            most,
        } => {
            let (matching, most) = if *kind == 1 {
                (*matching, *most)
            } else {
                (steps.exact, steps.words)
            };
            ranks.extend([whole((*kind).into(), 3), whole(matching + 1, most + 1)]);
        }
        Rule::Skipped => ranks.push(whole(0, 1)),
        Rule::Sort { .. } | Rule::Geo { .. } | Rule::Vector(_) | Rule::Unknown => return false,
    }
    true
}

/// The value of a rule that is not about relevancy.
fn value<'a>(rule: &Rule<'a>) -> Option<Value<'a>> {
    match *rule {
        Rule::Sort { ascending, value } => Some(Value::Sort { ascending, value }),
        Rule::Geo {
            ascending,
            distance,
        } => Some(Value::Geo {
            ascending,
            distance: distance.map(number),
        }),
        Rule::Vector(similarity) => Some(Value::Score(similarity.map_or(0.0, number))),
        _ => None,
    }
}

/// Compares two hits with the weights of their searches: `Greater` when `left` goes first (`compare_scores` in milli's
/// `search/hybrid.rs`).
pub fn compare(
    left: &[Value<'_>],
    weight: f32,
    right: &[Value<'_>],
    other_weight: f32,
) -> Ordering {
    let mut pairs = left.iter().zip(right);
    let differing = pairs.find_map(|pair| {
        let order = match pair {
            (Value::Score(left), Value::Score(right)) => {
                let (left, right) = (left * f64::from(weight), right * f64::from(other_weight));
                if (left - right).abs() <= f64::EPSILON {
                    Ordering::Equal
                } else {
                    left.total_cmp(&right)
                }
            }
            (
                Value::Sort {
                    ascending,
                    value: left,
                },
                Value::Sort { value: right, .. },
            ) => compare_values(*ascending, left, right).reverse(),
            (
                Value::Geo {
                    ascending,
                    distance: left,
                },
                Value::Geo {
                    distance: right, ..
                },
            ) => match (left, right) {
                (Some(left), Some(right)) if *ascending => right.total_cmp(left),
                (Some(left), Some(right)) => left.total_cmp(right),
                (left, right) => left.is_some().cmp(&right.is_some()),
            },
            (Value::Score(score), _) => over_other_rules(*score),
            (_, Value::Score(score)) => over_other_rules(*score).reverse(),
            (Value::Sort { .. }, Value::Geo { .. }) | (Value::Geo { .. }, Value::Sort { .. }) => {
                Ordering::Equal
            }
        };
        order.is_ne().then_some(order)
    });
    differing.unwrap_or_else(|| left.len().cmp(&right.len()))
}

/// A score against a value of another kind: anything is more than nothing.
fn over_other_rules(score: f64) -> Ordering {
    if score == 0.0 {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}
