//! What the proxy and the merge ask of the user's settings.

use serde_json::{Map, Value};

use super::filterable::covers;
use super::{Features, FilterableRule, UserSettings, strings};
use crate::document::marker::PREFIX;

/// A list of attributes that may be "all of them".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attributes<'a> {
    All,
    Listed(Vec<&'a str>),
}

impl Attributes<'_> {
    /// Whether the attribute, or a parent of it, is in the list.
    pub fn contains(&self, attribute: &str) -> bool {
        match self {
            Attributes::All => true,
            Attributes::Listed(names) => names.iter().any(|name| covers(name, attribute)),
        }
    }
}

/// The order of the values of a facet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FacetOrder {
    #[default]
    Alpha,
    Count,
}

/// Where similarity comes in the order of a search by vector, while the client sorts by nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimilarityPlace {
    First,
    /// Behind rules that sort by a field.
    Later,
    /// No rule is about relevancy.
    Nowhere,
}

/// What a request does with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Filter, facet, facet search or distinct.
    Filter,
    Sort,
}

/// `maxValuesPerFacet` of a fresh index.
pub(super) const DEFAULT_MAX_VALUES_PER_FACET: u64 = 100;
/// `maxTotalHits` of a fresh index.
const DEFAULT_MAX_TOTAL_HITS: u64 = 1000;

impl UserSettings {
    pub fn displayed_attributes(&self) -> Attributes<'_> {
        self.attributes("displayedAttributes")
    }

    pub fn searchable_attributes(&self) -> Attributes<'_> {
        self.attributes("searchableAttributes")
    }

    fn attributes(&self, key: &str) -> Attributes<'_> {
        match self.get(key) {
            // A star anywhere in the list means all, as on the server.
            Some(list) if !strings(Some(list)).any(|name| name == "*") => {
                Attributes::Listed(strings(Some(list)).collect())
            }
            _ => Attributes::All,
        }
    }

    /// The entries of `filterableAttributes`, in order.
    pub fn filterable_rules(&self) -> impl Iterator<Item = FilterableRule<'_>> {
        self.filterable_entries().filter_map(FilterableRule::of)
    }

    pub(super) fn filterable_entries(&self) -> impl Iterator<Item = &Value> {
        self.get("filterableAttributes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    /// What the client's settings allow with an attribute in filters; `None` when no rule matches.
    pub fn filterable_features(&self, attribute: &str) -> Option<Features> {
        self.filterable_rules()
            .find(|rule| rule.matches(attribute))
            .map(|rule| rule.features())
    }

    /// The names of `sortableAttributes`.
    pub fn sortable_attributes(&self) -> impl Iterator<Item = &str> {
        strings(self.get("sortableAttributes"))
    }

    pub fn is_sortable(&self, attribute: &str) -> bool {
        self.sortable_attributes()
            .any(|name| covers(name, attribute))
    }

    /// The ranking rules, when the client set any.
    pub fn ranking_rules(&self) -> Option<Vec<&str>> {
        self.get("rankingRules")
            .map(|rules| strings(Some(rules)).collect())
    }

    /// The attributes that the client's ranking rules sort by.
    pub fn ranked_attributes(&self) -> impl Iterator<Item = &str> {
        strings(self.get("rankingRules")).filter_map(rule_attribute)
    }

    /// Where similarity comes among the ranking rules: in the place of the first rule about relevancy.
    pub fn place_of_similarity(&self) -> SimilarityPlace {
        let Some(rules) = self.ranking_rules() else {
            return SimilarityPlace::First;
        };
        let is_relevancy = |rule: &&str| *rule != "sort" && rule_attribute(rule).is_none();
        match rules.iter().position(is_relevancy) {
            None => SimilarityPlace::Nowhere,
            Some(at) if rules[..at].iter().any(|rule| *rule != "sort") => SimilarityPlace::Later,
            Some(_) => SimilarityPlace::First,
        }
    }

    pub fn has_embedder(&self, name: &str) -> bool {
        self.get_inside("embedders", name).is_some()
    }

    /// The length of an embedder's vectors, where the client's settings say it.
    pub fn embedder_dimensions(&self, name: &str) -> Option<usize> {
        let dimensions = self.get_inside("embedders", name)?.get("dimensions")?;
        usize::try_from(dimensions.as_u64()?).ok()
    }

    /// The texts of an array setting, such as `dictionary`.
    pub fn texts(&self, key: &str) -> impl Iterator<Item = &str> {
        strings(self.get(key))
    }

    /// The attributes in which no typo is tolerated.
    pub fn attributes_without_typos(&self) -> impl Iterator<Item = &str> {
        strings(self.get_inside("typoTolerance", "disableOnAttributes"))
    }

    /// The attribute patterns of each entry of `localizedAttributes`, in order.
    pub fn localized_attributes(&self) -> impl Iterator<Item = Vec<&str>> {
        let rules = self.get("localizedAttributes").and_then(Value::as_array);
        rules
            .into_iter()
            .flatten()
            .map(|rule| strings(rule.get("attributePatterns")).collect())
    }

    /// The names of the embedders that are set.
    pub fn embedders(&self) -> impl Iterator<Item = &str> {
        let embedders = self.get("embedders").and_then(Value::as_object);
        let set = embedders
            .into_iter()
            .flatten()
            .filter(|(_, embedder)| !embedder.is_null());
        set.map(|(name, _)| name.as_str())
    }

    pub fn distinct_attribute(&self) -> Option<&str> {
        self.get("distinctAttribute").and_then(Value::as_str)
    }

    /// How many hits of one search can be reached.
    pub fn max_total_hits(&self) -> usize {
        self.number("pagination", "maxTotalHits", DEFAULT_MAX_TOTAL_HITS)
    }

    /// At most how many values of one facet a client sees.
    pub fn max_values_per_facet(&self) -> usize {
        self.number(
            "faceting",
            "maxValuesPerFacet",
            DEFAULT_MAX_VALUES_PER_FACET,
        )
    }

    fn number(&self, setting: &str, key: &str, default: u64) -> usize {
        let number = self
            .get_inside(setting, key)
            .and_then(Value::as_u64)
            .unwrap_or(default);
        usize::try_from(number).unwrap_or(usize::MAX)
    }

    /// The facets that have an order of their own; `*` stands for all others.
    pub fn facet_orders(&self) -> impl Iterator<Item = (String, FacetOrder)> {
        let orders = self.get_inside("faceting", "sortFacetValuesBy");
        let names = orders
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::keys);
        names.map(|name| (name.clone(), self.facet_order(name)))
    }

    /// In which order the values of `facet` are shown.
    pub fn facet_order(&self, facet: &str) -> FacetOrder {
        let orders = self.get_inside("faceting", "sortFacetValuesBy");
        match orders
            .and_then(|orders| orders.get(facet).or_else(|| orders.get("*")))
            .and_then(Value::as_str)
        {
            Some("count") => FacetOrder::Count,
            _ => FacetOrder::Alpha,
        }
    }

    /// Whether nodes would answer a use of `attribute` that a server with the client's settings refuses (or partly
    /// refuses), because only the overlay opened it. A twin has to be asked first then, as for every name with a `*`.
    pub fn only_overlay_opens(
        &self,
        attribute: &str,
        usage: Usage,
        primary_key: Option<&str>,
    ) -> bool {
        if attribute.starts_with(PREFIX) {
            return true;
        }
        let is_key = primary_key.is_some_and(|key| covers(key, attribute));
        match usage {
            Usage::Sort => is_key && !self.is_sortable(attribute),
            Usage::Filter => {
                let opened = is_key
                    || self
                        .distinct_attribute()
                        .is_some_and(|distinct| covers(distinct, attribute));
                opened
                    && !self
                        .filterable_features(attribute)
                        .is_some_and(|features| features.equality)
            }
        }
    }
}

/// The attribute of a rule such as `price:asc`.
pub(super) fn rule_attribute(rule: &str) -> Option<&str> {
    rule.strip_suffix(":asc")
        .or_else(|| rule.strip_suffix(":desc"))
}
