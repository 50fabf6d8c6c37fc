//! Settings into the engine.

use milli_core::index::PrefixSearch;
use milli_core::proximity::ProximityPrecision;
use milli_core::update::{Setting, Settings as Builder};
use milli_core::{LocalizedAttributesRule, OrderBy};

use super::Settings;
use super::parts::{FacetOrder, PrefixSearchMode, ProximityMode, TypoTolerance};

/// Sets, resets or leaves one setting of the builder.
macro_rules! hand_over {
    ($setting:expr, $builder:ident, $set:ident, $reset:ident, $value:ident => $converted:expr) => {
        match &$setting {
            Setting::Set($value) => $builder.$set($converted),
            Setting::Reset => $builder.$reset(),
            Setting::NotSet => (),
        }
    };
}

/// Tells the builder what changes; nothing happens before it is executed.
pub(crate) fn apply(settings: &Settings, builder: &mut Builder<'_, '_, '_>) {
    match &settings.displayed_attributes {
        Setting::Set(names) if !is_wildcard(names) => builder.set_displayed_fields(names.clone()),
        Setting::NotSet => (),
        _ => builder.reset_displayed_fields(),
    }
    match &settings.searchable_attributes {
        Setting::Set(names) if !is_wildcard(names) => builder.set_searchable_fields(names.clone()),
        Setting::NotSet => (),
        _ => builder.reset_searchable_fields(),
    }
    hand_over!(settings.filterable_attributes, builder, set_filterable_fields, reset_filterable_fields, rules => rules.clone());
    hand_over!(settings.sortable_attributes, builder, set_sortable_fields, reset_sortable_fields, names => names.iter().cloned().collect());
    hand_over!(settings.ranking_rules, builder, set_criteria, reset_criteria, rules => rules.iter().map(|rule| rule.0.clone()).collect());
    hand_over!(settings.stop_words, builder, set_stop_words, reset_stop_words, words => words.clone());
    hand_over!(settings.non_separator_tokens, builder, set_non_separator_tokens, reset_non_separator_tokens, tokens => tokens.clone());
    hand_over!(settings.separator_tokens, builder, set_separator_tokens, reset_separator_tokens, tokens => tokens.clone());
    hand_over!(settings.dictionary, builder, set_dictionary, reset_dictionary, words => words.clone());
    hand_over!(settings.synonyms, builder, set_synonyms, reset_synonyms, synonyms => synonyms.clone());
    hand_over!(settings.distinct_attribute, builder, set_distinct_field, reset_distinct_field, name => name.clone());
    hand_over!(settings.proximity_precision, builder, set_proximity_precision, reset_proximity_precision, mode => match mode {
        ProximityMode::ByWord => ProximityPrecision::ByWord,
        ProximityMode::ByAttribute => ProximityPrecision::ByAttribute,
    });
    hand_over!(settings.localized_attributes, builder, set_localized_attributes_rules, reset_localized_attributes_rules, rules => rules.iter().map(LocalizedAttributesRule::from).collect());
    hand_over!(settings.embedders, builder, set_embedder_settings, reset_embedder_settings, embedders => embedders.clone());
    hand_over!(settings.search_cutoff_ms, builder, set_search_cutoff, reset_search_cutoff, cutoff => *cutoff);
    hand_over!(settings.facet_search, builder, set_facet_search, reset_facet_search, enabled => *enabled);
    hand_over!(settings.prefix_search, builder, set_prefix_search, reset_prefix_search, mode => match mode {
        PrefixSearchMode::IndexingTime => PrefixSearch::IndexingTime,
        PrefixSearchMode::Disabled => PrefixSearch::Disabled,
    });
    apply_typo_tolerance(&settings.typo_tolerance, builder);
    match &settings.faceting {
        Setting::Set(faceting) => {
            hand_over!(faceting.max_values_per_facet, builder, set_max_values_per_facet, reset_max_values_per_facet, maximum => *maximum);
            hand_over!(faceting.sort_facet_values_by, builder, set_sort_facet_values_by, reset_sort_facet_values_by, orders => orders
                .iter()
                .map(|(name, order)| (name.clone(), match order {
                    FacetOrder::Alpha => OrderBy::Lexicographic,
                    FacetOrder::Count => OrderBy::Count,
                }))
                .collect());
        }
        Setting::Reset => {
            builder.reset_max_values_per_facet();
            builder.reset_sort_facet_values_by();
        }
        Setting::NotSet => (),
    }
    match &settings.pagination {
        Setting::Set(pagination) => {
            hand_over!(pagination.max_total_hits, builder, set_pagination_max_total_hits, reset_pagination_max_total_hits, maximum => maximum.get());
        }
        Setting::Reset => builder.reset_pagination_max_total_hits(),
        Setting::NotSet => (),
    }
}

fn apply_typo_tolerance(setting: &Setting<TypoTolerance>, builder: &mut Builder<'_, '_, '_>) {
    match setting {
        Setting::Set(typo) => {
            hand_over!(typo.enabled, builder, set_autorize_typos, reset_authorize_typos, enabled => *enabled);
            match &typo.min_word_size_for_typos {
                Setting::Set(size) => {
                    hand_over!(size.one_typo, builder, set_min_word_len_one_typo, reset_min_word_len_one_typo, length => *length);
                    hand_over!(size.two_typos, builder, set_min_word_len_two_typos, reset_min_word_len_two_typos, length => *length);
                }
                Setting::Reset => {
                    builder.reset_min_word_len_one_typo();
                    builder.reset_min_word_len_two_typos();
                }
                Setting::NotSet => (),
            }
            hand_over!(typo.disable_on_words, builder, set_exact_words, reset_exact_words, words => words.clone());
            hand_over!(typo.disable_on_attributes, builder, set_exact_attributes, reset_exact_attributes, names => names.iter().cloned().collect());
            hand_over!(typo.disable_on_numbers, builder, set_disable_on_numbers, reset_disable_on_numbers, disabled => *disabled);
        }
        Setting::Reset => {
            builder.reset_authorize_typos();
            builder.reset_min_word_len_one_typo();
            builder.reset_min_word_len_two_typos();
            builder.reset_exact_words();
            builder.reset_exact_attributes();
            builder.reset_disable_on_numbers();
        }
        Setting::NotSet => (),
    }
}

/// A list with `*` in it means everything.
fn is_wildcard(names: &[String]) -> bool {
    names.iter().any(|name| name == "*")
}
