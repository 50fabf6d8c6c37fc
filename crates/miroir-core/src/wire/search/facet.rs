//! The body of `POST /indexes/{uid}/facet-search`.

use deserr::Deserr;
use serde::Serialize;
use serde_json::Value;

use super::part::{check_threshold, is_default};
use super::{HybridQuery, Locale, MatchingStrategy};
use crate::error::Code;
use crate::wire::deserialize::{BodyFault, JsonFault, Reason};

/// A search among the values of one facet. Unlike every other body it may have unknown members, which are dropped, so
/// that clients can send the parameters of the search beside it.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize)]
#[deserr(error = BodyFault, rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
pub struct FacetSearchQuery {
    #[deserr(default, error = JsonFault<{ Code::InvalidFacetSearchQuery as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facet_query: Option<String>,
    #[deserr(
        error = JsonFault<{ Code::InvalidFacetSearchFacetName as u16 }>,
        missing_field_error = JsonFault::<{ Code::MissingFacetSearchFacetName as u16 }>::missing_field
    )]
    pub facet_name: String,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchQ as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchVector as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector: Option<Vec<f32>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchMedia as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<Value>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchHybridQuery as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hybrid: Option<HybridQuery>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchFilter as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Value>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchMatchingStrategy as u16 }>)]
    #[serde(skip_serializing_if = "is_default")]
    pub matching_strategy: MatchingStrategy,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchAttributesToSearchOn as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes_to_search_on: Option<Vec<String>>,
    /// Between 0 and 1.
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchRankingScoreThreshold as u16 }>, try_from(Option<f64>) = check_threshold -> Reason)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranking_score_threshold: Option<f64>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchLocales as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locales: Option<Vec<Locale>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidFacetSearchExhaustiveFacetCount as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exhaustive_facet_count: Option<bool>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchUseNetwork as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_network: Option<bool>,
}

impl FacetSearchQuery {
    /// The query as a POST body.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and JSON values always serialise")
    }
}
