//! The indexes that queries run on: the same documents under different settings.

use serde_json::{Value, json};

use super::corpus::Ids;

/// One index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// Every field displayed and searchable.
    Plain,
    /// Few attributes displayed (the primary key is not), an explicit list of searchable ones, a custom ranking rule,
    /// synonyms and stop words; primary keys are strings.
    Limited,
    /// Small limits for facets and pages.
    Capped,
}

impl Profile {
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Limited, Self::Capped];

    /// Uid of the index on both sides.
    pub(super) fn uid(self) -> &'static str {
        match self {
            Self::Plain => "oracle-plain",
            Self::Limited => "oracle-limited",
            Self::Capped => "oracle-capped",
        }
    }

    /// How primary keys are written.
    pub(super) fn ids(self) -> Ids {
        match self {
            Self::Limited => Ids::Texts,
            Self::Plain | Self::Capped => Ids::Numbers,
        }
    }

    /// Whether the values of a facet come with the most frequent first; else they come in their own order.
    pub(super) fn counts_first(self, facet: &str) -> bool {
        match self {
            Self::Plain => matches!(facet, "tags" | "year"),
            Self::Limited => false,
            Self::Capped => !matches!(facet, "year" | "colour"),
        }
    }

    /// The settings without ranking rules. `words` are some words of the corpus.
    pub(super) fn settings(self, words: &[String]) -> Value {
        let mut settings = json!({
            "filterableAttributes": [
                "serial", "year", "votes", "price", "studio", "released", "tags", "dimensions.width",
                "dimensions.label", "rating", "colour", "mixed", "notes", "_geo",
            ],
            "sortableAttributes": [
                "serial", "year", "votes", "price", "studio", "released", "dimensions", "rating", "colour", "mixed", "notes",
            ],
        });
        let more = match self {
            Self::Plain => {
                json!({ "faceting": { "sortFacetValuesBy": { "*": "alpha", "tags": "count", "year": "count" } } })
            }
            Self::Limited => json!({
                "displayedAttributes": ["title", "tags", "year", "dimensions.label"],
                "searchableAttributes": ["title", "studio", "overview"],
                "synonyms": { words[0].clone(): [words[1].clone()], words[2].clone(): [format!("{} {}", words[3], words[4])] },
                "stopWords": [words[5].clone()],
            }),
            Self::Capped => json!({
                "faceting": { "maxValuesPerFacet": 5, "sortFacetValuesBy": { "*": "count", "year": "alpha", "colour": "alpha" } },
                "pagination": { "maxTotalHits": 50 },
            }),
        };
        if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
            settings.extend(more);
        }
        settings
    }

    /// The user's ranking rules, given those of a fresh index; `None` leaves them alone.
    pub(super) fn ranking_rules(self, fresh: &[String]) -> Option<Vec<String>> {
        match self {
            Self::Plain | Self::Capped => None,
            Self::Limited => {
                let mut rules = fresh.to_vec();
                rules.insert(rules.len().min(2), "votes:desc".to_owned());
                Some(rules)
            }
        }
    }
}
