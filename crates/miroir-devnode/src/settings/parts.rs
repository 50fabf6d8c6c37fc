//! The values of settings that are more than a string, a number or a list of them.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::str::FromStr;

use deserr::{
    DeserializeError, Deserr, ErrorKind, MergeWithError, ValuePointerRef, take_cf_content,
};
use milli_core::tokenizer::Language;
use milli_core::update::Setting;
use milli_core::{AttributePatterns, Criterion, LocalizedAttributesRule};
use miroir_core::error::Code;
use miroir_core::wire::deserialize::{JsonFault, Reason};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

type TypoFault = JsonFault<{ Code::InvalidSettingsTypoTolerance as u16 }>;

/// The wildcard lists: a reset is written as `["*"]`.
pub(super) fn or_star<S: Serializer>(
    setting: &Setting<Vec<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match setting {
        Setting::Set(names) => names.serialize(serializer),
        Setting::Reset | Setting::NotSet => ["*"].serialize(serializer),
    }
}

#[derive(Debug, Clone, Default, Deserr, Serialize, Deserialize)]
#[deserr(rename_all = camelCase, deny_unknown_fields, where_predicate = __Deserr_E: MergeWithError<TypoFault>)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TypoTolerance {
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) enabled: Setting<bool>,
    #[deserr(default, error = TypoFault)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) min_word_size_for_typos: Setting<MinWordSize>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) disable_on_words: Setting<BTreeSet<String>>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) disable_on_attributes: Setting<BTreeSet<String>>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) disable_on_numbers: Setting<bool>,
}

#[derive(Debug, Clone, Default, Deserr, Serialize, Deserialize)]
#[deserr(error = TypoFault, rename_all = camelCase, deny_unknown_fields, validate = ordered -> TypoFault)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct MinWordSize {
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) one_typo: Setting<u8>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) two_typos: Setting<u8>,
}

fn ordered(size: MinWordSize, location: ValuePointerRef) -> Result<MinWordSize, TypoFault> {
    match (&size.one_typo, &size.two_typos) {
        (Setting::Set(one), Setting::Set(two)) if one > two => {
            // The unbalanced backtick is the server's.
            let msg = format!(
                "`minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` fields should be between `0` and `255`, and `twoTypos` should be greater or equals to `oneTypo` but found `oneTypo: {one}` and twoTypos: {two}`."
            );
            Err(take_cf_content(TypoFault::error::<Infallible>(
                None,
                ErrorKind::Unexpected { msg },
                location,
            )))
        }
        _ => Ok(size),
    }
}

#[derive(Debug, Clone, Default, Deserr, Serialize, Deserialize)]
#[deserr(rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Faceting {
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) max_values_per_facet: Setting<usize>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) sort_facet_values_by: Setting<BTreeMap<String, FacetOrder>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, Serialize, Deserialize)]
#[deserr(rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FacetOrder {
    Alpha,
    Count,
}

#[derive(Debug, Clone, Default, Deserr, Serialize, Deserialize)]
#[deserr(rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Pagination {
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub(crate) max_total_hits: Setting<NonZeroUsize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, Serialize, Deserialize)]
#[deserr(error = JsonFault<{ Code::InvalidSettingsProximityPrecision as u16 }>, rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ProximityMode {
    ByWord,
    ByAttribute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, Serialize, Deserialize)]
#[deserr(error = JsonFault<{ Code::InvalidSettingsPrefixSearch as u16 }>, rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
pub(crate) enum PrefixSearchMode {
    IndexingTime,
    Disabled,
}

/// A ranking rule that this engine has.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(try_from(String) = RankingRule::parse -> Reason)]
pub(crate) struct RankingRule(pub(crate) Criterion);

impl RankingRule {
    fn parse(name: String) -> Result<Self, Reason> {
        match name.as_str() {
            // Rules of engines since 1.36. Pretending would rank differently from what was asked for.
            "attributeRank" | "wordPosition" => Err(Reason(format!(
                "the ranking rule `{name}` is not available: this is miroir-devnode on the engine milli-core 1.15.1, whose rules are words, typo, proximity, attribute, sort, exactness and custom ranking rules"
            ))),
            name => Criterion::from_str(name)
                .map(RankingRule)
                .map_err(|error| Reason(error.to_string())),
        }
    }
}

impl Serialize for RankingRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for RankingRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        RankingRule::parse(name).map_err(|reason| serde::de::Error::custom(reason.0))
    }
}

/// Which languages some attributes are in.
#[derive(Debug, Clone, Deserr, Serialize, Deserialize)]
#[deserr(rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LocalizedRule {
    pub(crate) attribute_patterns: AttributePatterns,
    pub(crate) locales: Vec<Locale>,
}

/// A language by the code the client used.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Locale(pub(crate) String);

impl<E: DeserializeError> Deserr<E> for Locale {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        miroir_core::wire::search::Locale::deserialize_from_value(value, location)
            .map(|locale| Locale(locale.code().to_owned()))
    }
}

impl From<&LocalizedRule> for LocalizedAttributesRule {
    fn from(rule: &LocalizedRule) -> Self {
        let languages = rule.locales.iter().filter_map(|locale| language(&locale.0));
        LocalizedAttributesRule::new(
            rule.attribute_patterns.patterns.clone(),
            languages.collect(),
        )
    }
}

impl From<LocalizedAttributesRule> for LocalizedRule {
    fn from(rule: LocalizedAttributesRule) -> Self {
        Self {
            locales: rule
                .locales
                .iter()
                .map(|language| Locale(language.code().to_owned()))
                .collect(),
            attribute_patterns: rule.attribute_patterns,
        }
    }
}

/// The engine knows languages by three letters (ISO 639-3).
pub(crate) fn language(code: &str) -> Option<Language> {
    const LONG: &[(&str, &str)] = &[
        ("af", "afr"),
        ("ak", "aka"),
        ("am", "amh"),
        ("ar", "ara"),
        ("az", "aze"),
        ("be", "bel"),
        ("bn", "ben"),
        ("bg", "bul"),
        ("ca", "cat"),
        ("cs", "ces"),
        ("da", "dan"),
        ("de", "deu"),
        ("el", "ell"),
        ("en", "eng"),
        ("eo", "epo"),
        ("et", "est"),
        ("fi", "fin"),
        ("fr", "fra"),
        ("gu", "guj"),
        ("he", "heb"),
        ("hi", "hin"),
        ("hr", "hrv"),
        ("hu", "hun"),
        ("hy", "hye"),
        ("id", "ind"),
        ("it", "ita"),
        ("jv", "jav"),
        ("ja", "jpn"),
        ("kn", "kan"),
        ("ka", "kat"),
        ("km", "khm"),
        ("ko", "kor"),
        ("la", "lat"),
        ("lv", "lav"),
        ("lt", "lit"),
        ("ml", "mal"),
        ("mr", "mar"),
        ("mk", "mkd"),
        ("my", "mya"),
        ("ne", "nep"),
        ("nl", "nld"),
        ("nb", "nob"),
        ("or", "ori"),
        ("pa", "pan"),
        ("fa", "pes"),
        ("pl", "pol"),
        ("pt", "por"),
        ("ro", "ron"),
        ("ru", "rus"),
        ("si", "sin"),
        ("sk", "slk"),
        ("sl", "slv"),
        ("sn", "sna"),
        ("es", "spa"),
        ("sr", "srp"),
        ("sv", "swe"),
        ("ta", "tam"),
        ("te", "tel"),
        ("tl", "tgl"),
        ("th", "tha"),
        ("tk", "tuk"),
        ("tr", "tur"),
        ("uk", "ukr"),
        ("ur", "urd"),
        ("uz", "uzb"),
        ("vi", "vie"),
        ("yi", "yid"),
        ("zh", "zho"),
        ("zu", "zul"),
    ];
    let long = LONG
        .iter()
        .find(|(short, _)| *short == code)
        .map_or(code, |(_, long)| long);
    Language::from_code(long)
}
