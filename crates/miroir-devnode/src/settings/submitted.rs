//! Settings as requests bring them: all at once, or one by one on the sub-routes.

use deserr::{Deserr, IntoValue, ValuePointerRef};
use milli_core::update::Setting;
use miroir_core::error::{ApiError, Code, Payload};
use miroir_core::wire::deserialize::JsonFault;

use super::Settings;

/// One sub-route of `/indexes/{uid}/settings`.
pub(crate) struct SubRoute {
    /// The last segment of the path.
    pub(crate) path: &'static str,
    /// The member of the settings.
    pub(crate) member: &'static str,
    /// Whether it is written with PATCH (merging) and not PUT (replacing).
    pub(crate) patched: bool,
    /// Reads a body into settings that have nothing but this one.
    pub(crate) read: fn(&[u8]) -> Result<Settings, ApiError>,
    /// Settings that reset nothing but this one.
    pub(crate) reset: fn() -> Settings,
}

macro_rules! sub_routes {
    ($($path:literal $member:literal $verb:ident $field:ident $code:ident;)*) => {
        /// Every sub-route.
        pub(crate) const SUB_ROUTES: &[SubRoute] = &[$(SubRoute {
            path: $path,
            member: $member,
            patched: sub_routes!(@$verb),
            read: |body| Ok(Settings {
                $field: value::<_, { Code::$code as u16 }>(body)?,
                ..Settings::default()
            }),
            reset: || Settings { $field: Setting::Reset, ..Settings::default() },
        }),*];
    };
    (@PATCH) => { true };
    (@PUT) => { false };
}

sub_routes! {
    "filterable-attributes" "filterableAttributes" PUT filterable_attributes InvalidSettingsFilterableAttributes;
    "sortable-attributes" "sortableAttributes" PUT sortable_attributes InvalidSettingsSortableAttributes;
    "displayed-attributes" "displayedAttributes" PUT displayed_attributes InvalidSettingsDisplayedAttributes;
    "typo-tolerance" "typoTolerance" PATCH typo_tolerance InvalidSettingsTypoTolerance;
    "searchable-attributes" "searchableAttributes" PUT searchable_attributes InvalidSettingsSearchableAttributes;
    "stop-words" "stopWords" PUT stop_words InvalidSettingsStopWords;
    "non-separator-tokens" "nonSeparatorTokens" PUT non_separator_tokens InvalidSettingsNonSeparatorTokens;
    "separator-tokens" "separatorTokens" PUT separator_tokens InvalidSettingsSeparatorTokens;
    "dictionary" "dictionary" PUT dictionary InvalidSettingsDictionary;
    "synonyms" "synonyms" PUT synonyms InvalidSettingsSynonyms;
    "distinct-attribute" "distinctAttribute" PUT distinct_attribute InvalidSettingsDistinctAttribute;
    "proximity-precision" "proximityPrecision" PUT proximity_precision InvalidSettingsProximityPrecision;
    "localized-attributes" "localizedAttributes" PUT localized_attributes InvalidSettingsLocalizedAttributes;
    "ranking-rules" "rankingRules" PUT ranking_rules InvalidSettingsRankingRules;
    "faceting" "faceting" PATCH faceting InvalidSettingsFaceting;
    "pagination" "pagination" PATCH pagination InvalidSettingsPagination;
    "embedders" "embedders" PATCH embedders InvalidSettingsEmbedders;
    "search-cutoff-ms" "searchCutoffMs" PUT search_cutoff_ms InvalidSettingsSearchCutoffMs;
    "facet-search" "facetSearch" PUT facet_search InvalidSettingsFacetSearch;
    "prefix-search" "prefixSearch" PUT prefix_search InvalidSettingsPrefixSearch;
    "foreign-keys" "foreignKeys" PUT foreign_keys InvalidSettingsForeignKeys;
    "chat" "chat" PATCH chat InvalidSettingsIndexChat;
}

/// The value of one setting, with the server's texts; null is a reset.
fn value<T, const CODE: u16>(body: &[u8]) -> Result<Setting<T>, ApiError>
where
    T: Deserr<JsonFault<CODE>>,
{
    if body.is_empty() {
        return Err(ApiError::missing_payload(Payload::Json));
    }
    let value: serde_json::Value =
        serde_json::from_slice(body).map_err(ApiError::malformed_body)?;
    let setting: Result<Setting<T>, JsonFault<CODE>> =
        Setting::deserialize_from_value(value.into_value(), ValuePointerRef::Origin);
    setting.map_err(ApiError::from)
}
