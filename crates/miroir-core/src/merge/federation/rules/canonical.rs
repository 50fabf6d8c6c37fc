//! The ranking rules that a query really has: no relevancy without words, nothing twice, no sort unless asked for.

use std::collections::HashMap;

use super::{Kind, Source, Step};
use crate::wire::search::{MatchingStrategy, SearchKind, SearchQuery};

const RELEVANCY: [&str; 7] = [
    "words",
    "typo",
    "proximity",
    "attribute",
    "attributeRank",
    "wordPosition",
    "exactness",
];

/// An element of `sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SortRule<'a> {
    /// `None`: by distance.
    pub(super) field: Option<&'a str>,
    pub(super) ascending: bool,
}

impl<'a> SortRule<'a> {
    /// The `sort` of a query, which may be absent. `None` when an element is none.
    pub(super) fn all(query: &'a SearchQuery) -> Option<Option<Vec<Self>>> {
        let Some(sort) = &query.sort else {
            return Some(None);
        };
        let rules: Option<Vec<_>> = sort.iter().map(|element| Self::read(element)).collect();
        rules.map(Some)
    }

    fn read(element: &'a str) -> Option<Self> {
        let (name, direction) = element.rsplit_once(':')?;
        let ascending = match direction {
            "asc" => true,
            "desc" => false,
            _ => return None,
        };
        let field = (!name.starts_with("_geoPoint(")).then_some(name);
        Some(Self { field, ascending })
    }
}

/// A place in what the client wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Rule(usize),
    /// `rule` is where the ranking rules say `sort`.
    Sort {
        rule: usize,
        element: usize,
    },
}

/// Something that was changed on the way to the canonical form.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    PrependedWords { before: Place },
    Duplicate { earlier: Place, removed: Place },
    WordsAfterPrepending { removed: Place },
    WordsOfStrategyAll { removed: Place },
    Placeholder { removed: Place },
    AfterVector { vector: Place, removed: Place },
    TruncatedAfterVector { vector: Place, from: Place },
    NoSort { removed: Place },
}

#[derive(Debug)]
pub(super) struct Canonical<'a> {
    pub(super) rules: Vec<&'a str>,
    pub(super) sort: Vec<SortRule<'a>>,
    pub(super) changes: Vec<Change>,
    pub(super) source_rules: &'a [&'a str],
    pub(super) source_sort: Option<Vec<SortRule<'a>>>,
    /// The first place of what may stand once: relevancy rules by name.
    once: HashMap<&'a str, Place>,
    /// The same for sorted fields, which may have those names too.
    sorted: HashMap<&'a str, Place>,
    words_prepended: bool,
}

/// What a query without words, with words, or by vector alone does with relevancy rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Placeholder,
    Keyword { all_words: bool },
    Vector,
}

impl Form {
    fn of(query: &SearchQuery) -> Self {
        let has_words = query.q.as_ref().is_some_and(|words| !words.is_empty());
        match query.kind() {
            SearchKind::Semantic => Form::Vector,
            _ if has_words => Form::Keyword {
                all_words: query.matching_strategy == MatchingStrategy::All,
            },
            _ => Form::Placeholder,
        }
    }
}

impl<'a> Canonical<'a> {
    pub(super) fn new(
        rules: &'a [&'a str],
        sort: Option<Vec<SortRule<'a>>>,
        query: &'a SearchQuery,
    ) -> Self {
        let form = Form::of(query);
        let mut canonical = Self {
            rules: Vec::with_capacity(rules.len()),
            sort: Vec::new(),
            changes: Vec::new(),
            source_rules: rules,
            source_sort: sort,
            once: HashMap::new(),
            sorted: HashMap::new(),
            words_prepended: false,
        };
        for (at, rule) in rules.iter().enumerate() {
            let place = Place::Rule(at);
            let goes_on = if RELEVANCY.contains(rule) {
                canonical.add_relevancy(form, rule, place)
            } else if *rule == "sort" {
                canonical.add_sort(at);
                true
            } else {
                let field = rule.rsplit_once(':').map_or(*rule, |(field, _)| field);
                if canonical.is_first_sort_by(field, place) {
                    canonical.rules.push(rule);
                }
                true
            };
            if !goes_on {
                break;
            }
        }
        canonical
    }

    /// Returns whether the rules after it count.
    fn add_relevancy(&mut self, form: Form, rule: &'a str, place: Place) -> bool {
        match form {
            Form::Placeholder => self.changes.push(Change::Placeholder { removed: place }),
            Form::Vector => match self.once.get("vector").copied() {
                None => {
                    self.once.insert("vector", place);
                    self.rules.push(rule);
                }
                Some(vector) if self.sorted.is_empty() => {
                    self.changes.push(Change::AfterVector {
                        vector,
                        removed: place,
                    });
                }
                Some(vector) => {
                    self.changes.push(Change::TruncatedAfterVector {
                        vector,
                        from: place,
                    });
                    return false;
                }
            },
            Form::Keyword { all_words } => self.add_words_rule(all_words, rule, place),
        }
        true
    }

    fn add_words_rule(&mut self, all_words: bool, rule: &'a str, place: Place) {
        if rule == "words" {
            if all_words {
                self.changes
                    .push(Change::WordsOfStrategyAll { removed: place });
                return;
            }
            if self.words_prepended && !self.once.contains_key("words") {
                // The server says that it removes the rule, and keeps it all the same.
                self.changes
                    .push(Change::WordsAfterPrepending { removed: place });
            }
        } else if !all_words && !self.words_prepended && !self.once.contains_key("words") {
            self.changes.push(Change::PrependedWords { before: place });
            self.rules.push("words");
            self.words_prepended = true;
        }
        match self.once.get(rule) {
            Some(earlier) => self.changes.push(Change::Duplicate {
                earlier: *earlier,
                removed: place,
            }),
            None => {
                self.once.insert(rule, place);
                self.rules.push(rule);
            }
        }
    }

    fn add_sort(&mut self, rule: usize) {
        let place = Place::Rule(rule);
        if let Some(earlier) = self.once.get("sort") {
            self.changes.push(Change::Duplicate {
                earlier: *earlier,
                removed: place,
            });
            return;
        }
        let Some(sort) = self.source_sort.clone() else {
            self.changes.push(Change::NoSort { removed: place });
            return;
        };
        self.once.insert("sort", place);
        self.rules.push("sort");
        let mut distance = None;
        for (element, sorted) in sort.into_iter().enumerate() {
            let place = Place::Sort { rule, element };
            let is_first = match (sorted.field, distance) {
                (Some(field), _) => self.is_first_sort_by(field, place),
                (None, None) => {
                    distance = Some(place);
                    true
                }
                (None, Some(earlier)) => {
                    self.changes.push(Change::Duplicate {
                        earlier,
                        removed: place,
                    });
                    false
                }
            };
            if is_first {
                self.sort.push(sorted);
            }
        }
    }

    /// A field is sorted by once, whether by a ranking rule or by the query.
    fn is_first_sort_by(&mut self, field: &'a str, place: Place) -> bool {
        let earlier = self.sorted.get(field).copied();
        match earlier {
            Some(earlier) => self.changes.push(Change::Duplicate {
                earlier,
                removed: place,
            }),
            None => {
                self.sorted.insert(field, place);
            }
        }
        earlier.is_none()
    }

    /// The rules that hits are compared by, relevancy rules in a row as one.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            if RELEVANCY.contains(rule) {
                match steps.last_mut() {
                    Some((Kind::Relevancy, Source::Rules(_, last))) => *last = at,
                    _ => steps.push((Kind::Relevancy, Source::Rules(at, at))),
                }
            } else if *rule == "sort" {
                steps.extend(self.sort.iter().enumerate().map(|(element, sorted)| {
                    let ascending = sorted.ascending;
                    let kind = match sorted.field {
                        Some(_) => Kind::Sort { ascending },
                        None => Kind::Distance { ascending },
                    };
                    (kind, Source::Sort { rule: at, element })
                }));
            } else {
                let ascending = rule.ends_with(":asc");
                let kind = if rule.starts_with("_geo:") {
                    Kind::Distance { ascending }
                } else {
                    Kind::Sort { ascending }
                };
                steps.push((kind, Source::Rules(at, at)));
            }
        }
        steps
    }
}
