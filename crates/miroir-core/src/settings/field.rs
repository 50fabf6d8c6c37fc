//! What the client's settings say of one field, as `POST /indexes/{uid}/fields` shows it.
//!
//! Facts: the server's `fields_ids_map/metadata.rs`, and answers of a 1.50 server.

use serde::Serialize;
use serde_json::Value;

use super::filterable::{covers, match_pattern};
use super::read::rule_attribute;
use super::{FacetOrder, Features, Match, UserSettings, strings};
use crate::wire::index::FieldsFilter;
use crate::wire::search::Locale;

/// One field, in the form of the route's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    pub name: String,
    displayed: Enabled,
    searchable: Enabled,
    sortable: Enabled,
    distinct: Enabled,
    ranking_rule: RankingRule,
    filterable: Filterable,
    localized: Localized,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Enabled {
    enabled: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct RankingRule {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Filterable {
    enabled: bool,
    sort_by: &'static str,
    facet_search: bool,
    equality: bool,
    comparison: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Localized {
    locales: Vec<String>,
}

impl UserSettings {
    /// Describes a field by its dotted name.
    pub fn field(&self, name: &str) -> Field {
        let is_vectors = covers("_vectors", name);
        let is_geojson = covers("_geojson", name);
        let is_reserved = is_vectors || is_geojson || covers("_geo", name);
        let features = self
            .filterable_features(name)
            .filter(|_| !is_vectors)
            .unwrap_or(Features {
                facet_search: false,
                equality: false,
                comparison: false,
            });
        let rule = self.rule_of(name).filter(|_| !is_reserved);
        let enabled = |enabled| Enabled { enabled };
        Field {
            name: name.to_owned(),
            displayed: enabled(self.displayed_attributes().contains(name)),
            searchable: enabled(!is_reserved && self.searchable_attributes().contains(name)),
            sortable: enabled(!is_vectors && !is_geojson && self.is_sortable(name)),
            distinct: enabled(!is_reserved && self.distinct_attribute() == Some(name)),
            ranking_rule: RankingRule {
                enabled: rule.is_some(),
                order: rule,
            },
            filterable: Filterable {
                enabled: features.equality || features.comparison || features.facet_search,
                sort_by: match self.facet_order(name) {
                    FacetOrder::Count if !is_vectors => "count",
                    _ => "alpha",
                },
                facet_search: features.facet_search,
                equality: features.equality,
                comparison: features.comparison,
            },
            localized: Localized {
                locales: match is_reserved {
                    true => Vec::new(),
                    false => self.locales_of(name),
                },
            },
        }
    }

    /// The direction of the last ranking rule that sorts by exactly this field.
    fn rule_of(&self, name: &str) -> Option<&'static str> {
        let rules = strings(self.get("rankingRules"));
        let own = rules
            .filter(|rule| rule_attribute(rule) == Some(name))
            .last()?;
        Some(if own.ends_with(":asc") { "asc" } else { "desc" })
    }

    /// The languages of the first rule that matches, by the names that the server gives them.
    fn locales_of(&self, name: &str) -> Vec<String> {
        let rules = self.get("localizedAttributes").and_then(Value::as_array);
        let matches = |rule: &&Value| {
            strings(rule.get("attributePatterns"))
                .any(|pattern| match_pattern(pattern, name) == Match::Yes)
        };
        let rule = rules.into_iter().flatten().find(matches);
        let codes = strings(rule.and_then(|rule| rule.get("locales")));
        codes
            .filter_map(Locale::from_code)
            .map(Locale::name)
            .collect()
    }
}

impl Field {
    /// Whether the field is what the filter asks for.
    pub fn passes(&self, filter: &FieldsFilter) -> bool {
        let named = filter.attribute_patterns.as_ref().is_none_or(|patterns| {
            patterns
                .iter()
                .any(|pattern| match_pattern(pattern, &self.name) == Match::Yes)
        });
        let asked = [
            (filter.displayed, self.displayed.enabled),
            (filter.searchable, self.searchable.enabled),
            (filter.sortable, self.sortable.enabled),
            (filter.distinct, self.distinct.enabled),
            (filter.ranking_rule, self.ranking_rule.enabled),
            (filter.filterable, self.filterable.enabled),
        ];
        named
            && asked
                .iter()
                .all(|(wanted, is)| wanted.is_none_or(|wanted| wanted == *is))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::settings::UserSettings;
    use crate::wire::index::FieldsFilter;

    fn settings() -> UserSettings {
        let settings = json!({
            "displayedAttributes": ["id", "n.x", "t*", "g"],
            "searchableAttributes": ["n", "title"],
            "sortableAttributes": ["n", "z.q"],
            "distinctAttribute": "n.x",
            "rankingRules": ["words", "n.x:asc", "sort", "n.y:desc", "title:asc", "title:desc"],
            "filterableAttributes": [
                "n.y",
                {"attributePatterns": ["t*", "g"], "features": {"facetSearch": false, "filter": {"equality": true, "comparison": false}}},
                {"attributePatterns": ["*"], "features": {"facetSearch": true, "filter": {"equality": false, "comparison": true}}}
            ],
            "faceting": {"sortFacetValuesBy": {"*": "count", "n": "alpha", "title": "alpha"}},
            "localizedAttributes": [
                {"attributePatterns": ["ti*"], "locales": ["ja", "eng"]},
                {"attributePatterns": ["title", "n.*"], "locales": ["fra"]}
            ]
        });
        let Value::Object(settings) = settings else {
            unreachable!()
        };
        settings.into()
    }

    /// What a 1.50 server with these settings answers, letters for what is enabled: displayed, searchable, sortable, unique
    /// (distinct), ranked, filterable, facet search, equality, comparison.
    #[test]
    fn fields_are_described_as_on_a_server() {
        let table = [
            ("_geo.lat", "f,s,c", None, "count", &[] as &[&str]),
            ("_vectors", "", None, "alpha", &[]),
            ("b", "f,s,c", None, "count", &[]),
            ("g", "d,f,e", None, "count", &[]),
            ("g.h", "d,f,s,c", None, "count", &[]),
            ("n", "q,o,f,s,c", None, "alpha", &[]),
            ("n.x", "d,q,o,u,r,f,s,c", Some("asc"), "count", &["Fra"]),
            ("n.y", "q,o,r,f,s,e,c", Some("desc"), "count", &["Fra"]),
            ("n.y.k", "q,o,f,s,e,c", None, "count", &["Fra"]),
            ("title", "q,r,f,e", Some("desc"), "alpha", &["Jpn", "Eng"]),
            ("z.q", "o,f,s,c", None, "count", &[]),
        ];
        for (name, enabled, order, sort_by, locales) in table {
            let is = |letter: &str| enabled.split(',').any(|one| one == letter);
            let mut rule = json!({"enabled": is("r")});
            if let Some(order) = order {
                rule["order"] = json!(order);
            }
            let expected = json!({
                "name": name,
                "displayed": {"enabled": is("d")},
                "searchable": {"enabled": is("q")},
                "sortable": {"enabled": is("o")},
                "distinct": {"enabled": is("u")},
                "rankingRule": rule,
                "filterable": {"enabled": is("f"), "sortBy": sort_by, "facetSearch": is("s"), "equality": is("e"), "comparison": is("c")},
                "localized": {"locales": locales},
            });
            assert_eq!(json!(settings().field(name)), expected, "{name}");
        }
    }

    #[test]
    fn all_that_a_filter_says_must_hold() {
        let settings = settings();
        let passes = |name: &str, filter: &FieldsFilter| settings.field(name).passes(filter);
        let patterns = |list: &[&str]| FieldsFilter {
            attribute_patterns: Some(list.iter().map(|name| (*name).to_owned()).collect()),
            ..FieldsFilter::default()
        };
        assert!(passes("n.x", &patterns(&["g", "*x"])));
        assert!(!passes("n", &patterns(&["n.x"])) && !passes("n.x", &patterns(&["n"])));
        assert!(!passes("n", &patterns(&[])) && passes("n", &FieldsFilter::default()));
        let shown = FieldsFilter {
            displayed: Some(false),
            sortable: Some(true),
            ..FieldsFilter::default()
        };
        assert!(passes("z.q", &shown) && !passes("n.x", &shown) && !passes("z.r", &shown));
    }
}
