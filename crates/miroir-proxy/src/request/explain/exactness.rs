//! Whether an answer is the one that a single server would give, as far as the query and the settings tell.

use miroir_core::settings::FacetOrder;
use miroir_core::wire::search::{MatchingStrategy, SearchQuery};
use serde::Serialize;

use super::plan::Situation;
use crate::catalog::Index;

/// The engine keeps lists of what words begin with for prefixes of up to this many letters, where enough words do.
const SHORT_PREFIX: usize = 4;

#[derive(Serialize)]
pub(super) struct Exactness {
    verdict: &'static str,
    reasons: Vec<&'static str>,
}

impl Exactness {
    pub(super) fn of(query: &SearchQuery, index: &Index, situation: &Situation) -> Self {
        let distinct = index.view.distinct_of(query).is_some();
        let by_count = |facet: &String| index.settings.facet_order(facet) == FacetOrder::Count;
        let words = !query.is_placeholder();
        // What depends on the words of all documents is right where one node has them all.
        let reasons = [
            (
                "short_prefix",
                situation.is_spread && words && ends_in_short_prefix(query, index),
            ),
            (
                "matching_strategy_frequency",
                situation.is_spread
                    && words
                    && query.matching_strategy == MatchingStrategy::Frequency,
            ),
            (
                "ranking_score_threshold_borderline",
                situation.is_spread && query.ranking_score_threshold.is_some(),
            ),
            (
                "facet_count_ties",
                situation.is_spread && query.facets.iter().flatten().any(by_count),
            ),
            (
                "approximate_vectors",
                query.hybrid.is_some() || query.vector.is_some(),
            ),
            (
                "offset_mode_distinct_total",
                situation.is_spread && distinct && !query.is_paged(),
            ),
            ("mixed_settings", situation.proposed_fingerprint.is_some()),
        ];
        let reasons: Vec<_> = reasons
            .into_iter()
            .filter_map(|(name, applies)| applies.then_some(name))
            .collect();
        Self {
            verdict: if reasons.is_empty() {
                "exact"
            } else {
                "approximate"
            },
            reasons,
        }
    }
}

/// Whether the last word is taken for the beginning of one.
fn ends_in_short_prefix(query: &SearchQuery, index: &Index) -> bool {
    let words = query.q.as_deref().unwrap_or_default();
    let last = words.rsplit(char::is_whitespace).next().unwrap_or_default();
    let letters = last.chars().count();
    let disabled = index.settings.as_object().get("prefixSearch");
    (1..=SHORT_PREFIX).contains(&letters)
        && !last.ends_with('"')
        && disabled.and_then(|value| value.as_str()) != Some("disabled")
}
