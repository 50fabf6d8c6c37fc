//! Settings out of the engine.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use milli_core::index::PrefixSearch;
use milli_core::proximity::ProximityPrecision;
use milli_core::update::Setting;
use milli_core::{DEFAULT_VALUES_PER_FACET, Error, Index, OrderBy};

use super::Settings;
use super::parts::{
    FacetOrder, Faceting, LocalizedRule, MinWordSize, Pagination, PrefixSearchMode, ProximityMode,
    RankingRule, TypoTolerance,
};

/// Hits a search can reach unless `pagination` says otherwise.
pub(crate) const DEFAULT_MAX_TOTAL_HITS: usize = 1000;

/// All settings of an index, defaults filled in, secrets in clear.
pub(crate) fn read(index: &Index) -> Result<Settings, Error> {
    let rtxn = index.read_txn()?;
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let stop_words = match index.stop_words(&rtxn)? {
        Some(words) => words
            .stream()
            .into_strs()
            .map_err(milli_core::InternalError::Fst)?,
        None => Vec::new(),
    };
    let exact_words = match index.exact_words(&rtxn)? {
        Some(words) => words
            .stream()
            .into_strs()
            .map_err(milli_core::InternalError::Fst)?,
        None => Vec::new(),
    };
    let maximum = index.pagination_max_total_hits(&rtxn)?;
    let embedders: BTreeMap<_, _> = index
        .embedding_configs(&rtxn)?
        .into_iter()
        .map(|found| (found.name, Setting::Set(found.config.into())))
        .collect();
    Ok(Settings {
        displayed_attributes: or_reset(index.displayed_fields(&rtxn)?.map(owned)),
        searchable_attributes: or_reset(index.user_defined_searchable_fields(&rtxn)?.map(owned)),
        filterable_attributes: Setting::Set(index.filterable_attributes_rules(&rtxn)?),
        sortable_attributes: Setting::Set(index.sortable_fields(&rtxn)?.into_iter().collect()),
        foreign_keys: Setting::NotSet,
        ranking_rules: Setting::Set(
            index
                .criteria(&rtxn)?
                .into_iter()
                .map(RankingRule)
                .collect(),
        ),
        stop_words: Setting::Set(stop_words.into_iter().collect()),
        non_separator_tokens: Setting::Set(index.non_separator_tokens(&rtxn)?.unwrap_or_default()),
        separator_tokens: Setting::Set(index.separator_tokens(&rtxn)?.unwrap_or_default()),
        dictionary: Setting::Set(index.dictionary(&rtxn)?.unwrap_or_default()),
        synonyms: Setting::Set(index.user_defined_synonyms(&rtxn)?),
        distinct_attribute: or_reset(index.distinct_field(&rtxn)?.map(str::to_owned)),
        proximity_precision: Setting::Set(match index.proximity_precision(&rtxn)? {
            Some(ProximityPrecision::ByAttribute) => ProximityMode::ByAttribute,
            Some(ProximityPrecision::ByWord) | None => ProximityMode::ByWord,
        }),
        typo_tolerance: Setting::Set(TypoTolerance {
            enabled: Setting::Set(index.authorize_typos(&rtxn)?),
            min_word_size_for_typos: Setting::Set(MinWordSize {
                one_typo: Setting::Set(index.min_word_len_one_typo(&rtxn)?),
                two_typos: Setting::Set(index.min_word_len_two_typos(&rtxn)?),
            }),
            disable_on_words: Setting::Set(exact_words.into_iter().collect()),
            disable_on_attributes: Setting::Set(
                owned(index.exact_attributes(&rtxn)?).into_iter().collect(),
            ),
            disable_on_numbers: Setting::Set(index.disabled_typos_terms(&rtxn)?.disable_on_numbers),
        }),
        faceting: Setting::Set(Faceting {
            max_values_per_facet: Setting::Set(
                index
                    .max_values_per_facet(&rtxn)?
                    .map_or(DEFAULT_VALUES_PER_FACET, |maximum| maximum as usize),
            ),
            sort_facet_values_by: Setting::Set(
                index
                    .sort_facet_values_by(&rtxn)?
                    .into_iter()
                    .map(|(name, order)| (name, facet_order(order)))
                    .collect(),
            ),
        }),
        pagination: Setting::Set(Pagination {
            max_total_hits: Setting::Set(
                maximum
                    .and_then(|maximum| NonZeroUsize::new(maximum as usize))
                    .or(NonZeroUsize::new(DEFAULT_MAX_TOTAL_HITS))
                    .expect("the default is not zero"),
            ),
        }),
        embedders: Setting::Set(embedders),
        search_cutoff_ms: or_reset(index.search_cutoff(&rtxn)?),
        localized_attributes: or_reset(
            index
                .localized_attributes_rules(&rtxn)?
                .map(|rules| rules.into_iter().map(LocalizedRule::from).collect()),
        ),
        facet_search: Setting::Set(index.facet_search(&rtxn)?),
        prefix_search: Setting::Set(match index.prefix_search(&rtxn)? {
            Some(PrefixSearch::Disabled) => PrefixSearchMode::Disabled,
            Some(PrefixSearch::IndexingTime) | None => PrefixSearchMode::IndexingTime,
        }),
        chat: Setting::NotSet,
    })
}

fn or_reset<T>(value: Option<T>) -> Setting<T> {
    value.map_or(Setting::Reset, Setting::Set)
}

fn facet_order(order: OrderBy) -> FacetOrder {
    match order {
        OrderBy::Lexicographic => FacetOrder::Alpha,
        OrderBy::Count => FacetOrder::Count,
    }
}
