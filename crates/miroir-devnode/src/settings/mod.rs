//! Index settings as clients write and read them: types, refusals, and the way into and out of the engine.

pub(crate) mod apply;
pub(crate) mod parts;
pub(crate) mod submitted;
pub(crate) mod view;

use std::collections::{BTreeMap, BTreeSet};

use deserr::Deserr;
use milli_core::FilterableAttributesRule;
use milli_core::update::Setting;
use milli_core::vector::settings::EmbeddingSettings;
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::deserialize::JsonFault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use parts::{
    Faceting, LocalizedRule, Pagination, PrefixSearchMode, ProximityMode, RankingRule,
    TypoTolerance,
};

/// All settings, in the server's order. A member that is not set is not written.
#[derive(Debug, Clone, Default, Deserr, Serialize, Deserialize)]
#[deserr(error = JsonFault<{ Code::BadRequest as u16 }>, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Settings {
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsDisplayedAttributes as u16 }>)]
    #[serde(
        skip_serializing_if = "Setting::is_not_set",
        serialize_with = "parts::or_star"
    )]
    pub(crate) displayed_attributes: Setting<Vec<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsSearchableAttributes as u16 }>)]
    #[serde(
        skip_serializing_if = "Setting::is_not_set",
        serialize_with = "parts::or_star"
    )]
    pub(crate) searchable_attributes: Setting<Vec<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsFilterableAttributes as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) filterable_attributes: Setting<Vec<FilterableAttributesRule>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsSortableAttributes as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) sortable_attributes: Setting<BTreeSet<String>>,
    /// Behind an experimental feature that this node does not have.
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsForeignKeys as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) foreign_keys: Setting<Value>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsRankingRules as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) ranking_rules: Setting<Vec<RankingRule>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsStopWords as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) stop_words: Setting<BTreeSet<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsNonSeparatorTokens as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) non_separator_tokens: Setting<BTreeSet<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsSeparatorTokens as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) separator_tokens: Setting<BTreeSet<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsDictionary as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) dictionary: Setting<BTreeSet<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsSynonyms as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) synonyms: Setting<BTreeMap<String, Vec<String>>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsDistinctAttribute as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) distinct_attribute: Setting<String>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsProximityPrecision as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) proximity_precision: Setting<ProximityMode>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsTypoTolerance as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) typo_tolerance: Setting<TypoTolerance>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsFaceting as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) faceting: Setting<Faceting>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsPagination as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) pagination: Setting<Pagination>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsEmbedders as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) embedders: Setting<BTreeMap<String, Setting<EmbeddingSettings>>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsSearchCutoffMs as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) search_cutoff_ms: Setting<u64>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsLocalizedAttributes as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) localized_attributes: Setting<Vec<LocalizedRule>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsFacetSearch as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) facet_search: Setting<bool>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsPrefixSearch as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) prefix_search: Setting<PrefixSearchMode>,
    /// Behind an experimental feature that this node does not have.
    #[deserr(default, error = JsonFault<{ Code::InvalidSettingsIndexChat as u16 }>)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) chat: Setting<Value>,
}

impl Settings {
    /// Every setting back to its default.
    pub(crate) fn cleared() -> Self {
        Self {
            displayed_attributes: Setting::Reset,
            searchable_attributes: Setting::Reset,
            filterable_attributes: Setting::Reset,
            sortable_attributes: Setting::Reset,
            foreign_keys: Setting::Reset,
            ranking_rules: Setting::Reset,
            stop_words: Setting::Reset,
            non_separator_tokens: Setting::Reset,
            separator_tokens: Setting::Reset,
            dictionary: Setting::Reset,
            synonyms: Setting::Reset,
            distinct_attribute: Setting::Reset,
            proximity_precision: Setting::Reset,
            typo_tolerance: Setting::Reset,
            faceting: Setting::Reset,
            pagination: Setting::Reset,
            embedders: Setting::Reset,
            search_cutoff_ms: Setting::Reset,
            localized_attributes: Setting::Reset,
            facet_search: Setting::Reset,
            prefix_search: Setting::Reset,
            chat: Setting::Reset,
        }
    }

    /// What a server checks once the body has the right shape. Embedders are completed with the defaults of their source.
    pub(crate) fn checked(mut self) -> Result<Self, ApiError> {
        if matches!(self.chat, Setting::Set(_)) {
            return Err(ApiError::feature_not_enabled(
                "setting `chat` in the index settings",
                "chat completions",
                "https://github.com/orgs/meilisearch/discussions/835",
            ));
        }
        if matches!(self.foreign_keys, Setting::Set(_)) {
            return Err(ApiError::feature_not_enabled(
                "setting `foreignKeys` in the index settings",
                "foreign_keys",
                "https://github.com/orgs/meilisearch/discussions/873",
            ));
        }
        if let Setting::Set(embedders) = &mut self.embedders {
            for (name, embedder) in embedders.iter_mut() {
                let given = std::mem::take(embedder);
                *embedder = milli_core::update::validate_embedding_settings(given, name)
                    .map_err(|error| crate::engine::error::to_api(&error))?;
            }
        }
        Ok(self)
    }

    /// As the JSON that is stored and shown.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("settings have string keys and always serialise")
    }
}

/// Settings JSON with the keys of embedders hidden, as clients see it.
pub(crate) fn masked(mut settings: Value) -> Value {
    let embedders = settings.get_mut("embedders").and_then(Value::as_object_mut);
    for embedder in embedders.into_iter().flat_map(|all| all.values_mut()) {
        mask_key(embedder);
        for nested in ["searchEmbedder", "indexingEmbedder"] {
            if let Some(nested) = embedder.get_mut(nested) {
                mask_key(nested);
            }
        }
    }
    settings
}

fn mask_key(embedder: &mut Value) {
    if let Some(Value::String(key)) = embedder.get_mut("apiKey") {
        *key = miroir_core::settings::mask_secret(key);
    }
}
