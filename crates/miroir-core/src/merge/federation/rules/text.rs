//! The server's words for queries whose ranking rules do not go together.

use super::canonical::{Canonical, Change, Place};
use super::{Kind, Queried, Source, Step};

type Side<'a, 'q> = (&'a Queried<'q>, &'a Canonical<'q>, Step);

pub(super) fn refusal(previous: Side<'_, '_>, current: Side<'_, '_>) -> String {
    let (first, second) = (previous.0.position, current.0.position);
    let mut text = format!("The results of queries #{first} and #{second} are incompatible: \n");
    text.push_str(&format!("  1. {}\n", described(previous)));
    text.push_str(&format!("  2. {}\n", described(current)));
    text.push_str(&format!("  - {}\n", reason(previous.2.0, current.2.0)));
    for (queried, canonical, _) in [previous, current] {
        if canonical.changes.is_empty() {
            continue;
        }
        text.push_str(&format!(
            "  - note: The ranking rules of query #{} were modified during canonicalization:\n",
            queried.position
        ));
        for (at, change) in canonical.changes.iter().enumerate() {
            // One of the server's texts lacks a space.
            let indent = match change {
                Change::NoSort { .. } => "   ",
                _ => "    ",
            };
            text.push_str(&format!(
                "{indent}{}. {}\n",
                at + 1,
                canonical.describe(change)
            ));
        }
    }
    text
}

fn described((queried, canonical, (kind, source)): Side<'_, '_>) -> String {
    let kind = match kind {
        Kind::Relevancy => "relevancy",
        Kind::Sort { ascending: true } => "ascending sort",
        Kind::Sort { ascending: false } => "descending sort",
        Kind::Distance { ascending: true } => "ascending geo sort",
        Kind::Distance { ascending: false } => "descending geo sort",
    };
    let (position, index) = (queried.position, queried.index);
    let (place, rules) = match source {
        Source::Rules(first, last) => {
            let range = if first == last {
                first.to_string()
            } else {
                format!("{first}..={last}")
            };
            let place = format!("`queries[{position}]`, `{index}.rankingRules[{range}]`");
            (place, canonical.rules[first..=last].join(", "))
        }
        Source::Sort { rule, element } => {
            let place =
                format!("`queries[{position}].sort[{element}]`, `{index}.rankingRules[{rule}]`");
            let field = canonical.sort[element].field;
            let rules = field.map_or("default".to_owned(), |field| format!("on field `{field}`"));
            (place, rules)
        }
    };
    format!("{place}: {kind} rule(s) {rules}")
}

fn reason(left: Kind, right: Kind) -> &'static str {
    use Kind::{Distance, Relevancy, Sort};
    match (left, right) {
        (Relevancy, Sort { .. }) | (Sort { .. }, Relevancy) => {
            "cannot compare a relevancy rule with a sort rule"
        }
        (Relevancy, Distance { .. }) | (Distance { .. }, Relevancy) => {
            "cannot compare a relevancy rule with a geosort rule"
        }
        (Sort { .. }, Distance { .. }) | (Distance { .. }, Sort { .. }) => {
            "cannot compare a sort rule with a geosort rule"
        }
        (Sort { .. }, Sort { .. }) => "cannot compare two sort rules in opposite directions",
        (Distance { .. }, Distance { .. }) => {
            "cannot compare two geosort rules in opposite directions"
        }
        (Relevancy, Relevancy) => "internal error, comparison should be possible",
    }
}

impl Canonical<'_> {
    fn describe(&self, change: &Change) -> String {
        match change {
            Change::PrependedWords { before } => format!(
                "Prepended rule `words` before first relevancy rule `{}` at position {}",
                self.name(*before),
                position(*before)
            ),
            Change::Duplicate { earlier, removed } => format!(
                "Removed duplicate rule `{}` at position {} as it already appears at position {}",
                self.name(*earlier),
                position(*removed),
                position(*earlier)
            ),
            Change::WordsAfterPrepending { removed } => format!(
                "Removed rule `words` at position {} because it was previously prepended",
                position(*removed)
            ),
            Change::WordsOfStrategyAll { removed } => format!(
                "Removed rule `words` at position {} because `query.matchingWords` is set to `all`",
                position(*removed)
            ),
            Change::Placeholder { removed } => format!(
                "Removed relevancy rule `{}` at position {} because the query is a placeholder search (`q`: \"\")",
                self.name(*removed),
                position(*removed)
            ),
            Change::AfterVector { vector, removed } => format!(
                "Removed relevancy rule `{}` at position {} because the query is a vector search and `vector` was already inserted at position {}",
                self.name(*removed),
                position(*removed),
                position(*vector)
            ),
            Change::TruncatedAfterVector { vector, from } => format!(
                "Truncated relevancy rule `{}` at position {} and later rules because the query is a vector search and `vector` was inserted at position {}",
                self.name(*from),
                position(*from),
                position(*vector)
            ),
            Change::NoSort { removed } => format!(
                "Removed rule `sort` at position {} because `query.sort` is empty",
                position(*removed)
            ),
        }
    }

    /// A rule as the client wrote it.
    fn name(&self, place: Place) -> String {
        match place {
            Place::Rule(at) => self.source_rules[at].to_owned(),
            Place::Sort { element, .. } => {
                let sorted = self.source_sort.as_ref().map(|sort| sort[element]);
                sorted.map_or_else(String::new, |sorted| {
                    let direction = if sorted.ascending { "asc" } else { "desc" };
                    format!("{}:{direction}", sorted.field.unwrap_or("_geo(..)"))
                })
            }
        }
    }
}

fn position(place: Place) -> String {
    match place {
        Place::Rule(at) => format!("#{at} in ranking rules"),
        Place::Sort { rule, element } => {
            format!("#{element} in `query.sort` (as `sort` is #{rule} in ranking rules)")
        }
    }
}
