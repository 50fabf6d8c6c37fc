//! How to count the documents that any of several queries of one index match.
//!
//! Nodes do not federate queries with words and queries without, because the rule that Miroir ended their rankings with makes
//! them incompatible. What a query without words matches is a filter, though, and filters can be combined: the union is
//! what any of those filters lets through, and what the words match beside it.

use serde_json::Value;

use crate::wire::search::{SearchKind, SearchQuery};

/// Queries, in the order of the client's, into queries to count.
#[derive(Debug, Clone, PartialEq)]
pub struct Census {
    /// What any query without words matches; nothing of it is in the others.
    pub filtered: Option<SearchQuery>,
    /// Different words: one is a count, several may match the same documents.
    pub worded: Vec<SearchQuery>,
}

impl Census {
    /// How to count what `queries` match. Filters must be readable.
    pub fn of<'a>(queries: impl Iterator<Item = &'a SearchQuery>) -> Self {
        let mut open = Filters::default();
        let mut worded: Vec<(SearchQuery, Filters)> = Vec::new();
        for query in queries {
            let filter = query.filter.as_ref().and_then(expression);
            let Some(words) = words_of(query) else {
                open.add(filter);
                continue;
            };
            match worded.iter_mut().find(|(known, _)| *known == words) {
                Some((_, filters)) => filters.add(filter),
                None => {
                    let mut filters = Filters::default();
                    filters.add(filter);
                    worded.push((words, filters));
                }
            }
        }
        let filtered = open.any.then(|| SearchQuery {
            filter: open.either().map(Value::String),
            ..SearchQuery::default()
        });
        if open.any && open.either().is_none() {
            return Self {
                filtered,
                worded: Vec::new(), // everything matches already
            };
        }
        let beside = open.either().map(|either| format!("NOT ({either})"));
        let worded = worded.into_iter().map(|(words, filters)| {
            let parts = [
                filters.either().map(|either| format!("({either})")),
                beside.clone(),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            SearchQuery {
                filter: (!parts.is_empty()).then(|| Value::String(parts.join(" AND "))),
                ..words
            }
        });
        Self {
            filtered,
            worded: worded.collect(),
        }
    }
}

/// Filters of which any may hold.
#[derive(Debug, Default)]
struct Filters {
    any: bool,
    /// One of them is no filter at all.
    open: bool,
    expressions: Vec<String>,
}

impl Filters {
    fn add(&mut self, filter: Option<String>) {
        self.any = true;
        match filter {
            None => self.open = true,
            Some(expression) if !self.expressions.contains(&expression) => {
                self.expressions.push(expression);
            }
            Some(_) => {}
        }
    }

    /// `None` when there is nothing to filter by.
    fn either(&self) -> Option<String> {
        (!self.open && !self.expressions.is_empty()).then(|| joined(&self.expressions, "OR"))
    }
}

/// What of a query decides which words match. `None` when it matches all that its filter lets through: it has no words, or it
/// goes by vectors, which are near or far but never not there; then words can only be negated.
fn words_of(query: &SearchQuery) -> Option<SearchQuery> {
    let words = query
        .q
        .as_deref()
        .filter(|words| !words.trim().is_empty())?;
    let searched = SearchQuery {
        attributes_to_search_on: query.attributes_to_search_on.clone(),
        locales: query.locales.clone(),
        ..SearchQuery::default()
    };
    match query.kind() {
        SearchKind::Keyword => Some(SearchQuery {
            q: Some(words.to_owned()),
            matching_strategy: query.matching_strategy,
            ranking_score_threshold: query.ranking_score_threshold,
            ..searched
        }),
        SearchKind::Semantic => None,
        SearchKind::Hybrid(_) => Some(SearchQuery {
            q: Some(negated(words)?),
            ..searched
        }),
    }
}

/// The negated words and phrases of a query: those with a `-` before them and a space, or nothing, before that.
fn negated(words: &str) -> Option<String> {
    let mut negated = Vec::new();
    let mut rest = words;
    let mut follows_space = true;
    while let Some(letter) = rest.chars().next() {
        let is_negation = letter == '-' && follows_space;
        let part = &rest[usize::from(is_negation)..];
        let end = match part.strip_prefix('"') {
            Some(phrase) => phrase.find('"').map_or(part.len(), |end| end + 2),
            None if is_negation => part
                .find(|letter: char| !letter.is_alphanumeric())
                .unwrap_or(part.len()),
            None => letter.len_utf8(),
        };
        if is_negation && end > 0 {
            negated.push(format!("-{}", &part[..end]));
        }
        follows_space = letter.is_whitespace();
        rest = &part[end..];
    }
    (!negated.is_empty()).then(|| negated.join(" "))
}

/// A filter as one expression; `None` when it lets everything through. Elements of an array must all hold, and of an array
/// in it, any.
fn expression(filter: &Value) -> Option<String> {
    let text = |value: &Value| {
        let text = value.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let Value::Array(elements) = filter else {
        return text(filter);
    };
    let all: Vec<String> = elements
        .iter()
        .filter_map(|element| match element {
            Value::Array(any) => {
                let any: Vec<String> = any.iter().filter_map(text).collect();
                (!any.is_empty()).then(|| joined(&any, "OR"))
            }
            element => text(element),
        })
        .collect();
    (!all.is_empty()).then(|| joined(&all, "AND"))
}

fn joined(expressions: &[String], operator: &str) -> String {
    if let [only] = expressions {
        return only.clone();
    }
    let parts: Vec<String> = expressions.iter().map(|part| format!("({part})")).collect();
    parts.join(&format!(" {operator} "))
}
