//! Facet counts of a search, with the patterns and refusals of a 1.50 server on the engine's counting.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use milli_core::{
    AttributePatterns, DEFAULT_VALUES_PER_FACET, FilterableAttributesRule, Index, PatternMatch,
};
use miroir_core::error::{ApiError, Code};
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::engine::error::{from_database, to_api};

/// The extremes of the numbers of a facet.
#[derive(Debug, Serialize)]
pub(crate) struct FacetStats {
    min: f64,
    max: f64,
}

/// Counts and extremes by facet.
pub(crate) struct Facets {
    pub(crate) distribution: BTreeMap<String, IndexMap<String, u64>>,
    pub(crate) stats: BTreeMap<String, FacetStats>,
}

/// Counts the facets that `patterns` name among the candidates.
pub(crate) fn count(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    patterns: &[String],
    candidates: RoaringBitmap,
) -> Result<Facets, ApiError> {
    let rules = index
        .filterable_attributes_rules(rtxn)
        .map_err(from_database)?;
    patterns
        .iter()
        .try_for_each(|pattern| check(pattern, &rules))?;
    let fields = index.fields_ids_map(rtxn).map_err(from_database)?;
    let orders = index.sort_facet_values_by(rtxn).map_err(from_database)?;
    let maximum = index.max_values_per_facet(rtxn).map_err(from_database)?;
    let wanted = AttributePatterns::from(patterns.to_vec());
    let names = fields.iter().map(|(_, name)| name).filter(|name| {
        let rule = rules
            .iter()
            .find(|rule| rule.match_str(name) == PatternMatch::Match);
        wanted.match_str(name) == PatternMatch::Match
            && rule.is_some_and(|rule| rule.features().is_filterable())
    });
    let mut distribution = index.facets_distribution(rtxn);
    distribution
        .facets(names.map(|name| (name, orders.get(name))))
        .max_values_per_facet(maximum.map_or(DEFAULT_VALUES_PER_FACET, |maximum| maximum as usize))
        .default_order_by(orders.get("*"))
        .candidates(candidates);
    let stats = distribution
        .compute_stats()
        .map_err(|error| to_api(&error))?;
    Ok(Facets {
        distribution: distribution.execute().map_err(|error| to_api(&error))?,
        stats: stats
            .into_iter()
            .map(|(name, (min, max))| (name, FacetStats { min, max }))
            .collect(),
    })
}

/// Whether a facet or pattern touches something that can be filtered.
fn check(pattern: &str, rules: &[FilterableAttributesRule]) -> Result<(), ApiError> {
    for (number, rule) in rules.iter().enumerate() {
        if rule.features().is_filterable() {
            if touches(rule, pattern) {
                return Ok(());
            }
        } else if rule.match_str(pattern) == PatternMatch::Match {
            let message = format!(
                "Invalid facet distribution: Attribute `{pattern}` matched rule #{number} in filterableAttributes, but this rule does not enable filtering.\nHint: enable filtering in rule #{number} by modifying the features.filter object\nHint: prepend another rule matching `{pattern}` with appropriate filter features before rule #{number}"
            );
            return Err(ApiError::new(Code::InvalidSearchFacets, message));
        }
    }
    let available = filterable_patterns(rules);
    let rest = if available.is_empty() {
        "This index does not have configured filterable attributes.".to_owned()
    } else {
        format!(
            "Available filterable attributes patterns are: `{}`.",
            available.join(", ")
        )
    };
    let message =
        format!("Invalid facet distribution: Pattern `{pattern}` is not filterable. {rest}");
    Err(ApiError::new(Code::InvalidSearchFacets, message))
}

/// Whether a rule covers something of the pattern or the other way around.
fn touches(rule: &FilterableAttributesRule, pattern: &str) -> bool {
    match rule {
        FilterableAttributesRule::Field(field) => {
            milli_core::is_faceted_by(field, pattern) || milli_core::is_faceted_by(pattern, field)
        }
        FilterableAttributesRule::Pattern(rule) => {
            let other = AttributePatterns::from(vec![pattern.to_owned()]);
            rule.attribute_patterns.match_str(pattern) != PatternMatch::NoMatch
                || rule
                    .attribute_patterns
                    .patterns
                    .iter()
                    .any(|inner| other.match_str(inner) != PatternMatch::NoMatch)
        }
    }
}

/// What error texts list: the attributes and patterns that can be filtered, sorted.
fn filterable_patterns(rules: &[FilterableAttributesRule]) -> Vec<&str> {
    let mut patterns: Vec<&str> = rules
        .iter()
        .filter(|rule| rule.features().is_filterable())
        .flat_map(|rule| match rule {
            FilterableAttributesRule::Field(field) => vec![field.as_str()],
            FilterableAttributesRule::Pattern(rule) => rule
                .attribute_patterns
                .patterns
                .iter()
                .map(String::as_str)
                .collect(),
        })
        .collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}
