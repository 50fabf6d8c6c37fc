//! A search, as the body of `POST /indexes/{uid}/search` or the parameters of its GET twin.
//!
//! Both become one [`SearchQuery`], which serialises as a POST body. Fields, defaults, codes and texts are those of the
//! server's `search/mod.rs` (`SearchQuery`) and `routes/indexes/search.rs` (`SearchQueryGet`).

mod facet;
mod federation;
mod kind;
mod locale;
mod multi;
mod parameters;
mod part;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use deserr::Deserr;
use serde::Serialize;
use serde_json::Value;

use crate::error::{ApiError, Code};
use crate::wire::deserialize::{JsonFault, Reason};

pub use facet::FacetSearchQuery;
pub use federation::{FacetsByIndex, Federation, FederationOptions, MergeFacets};
pub use kind::SearchKind;
pub use locale::Locale;
pub use multi::{IndexQuery, MultiSearch};
pub use parameters::SearchParameters;
pub(super) use parameters::{filter as filter_parameter, sort as sort_parameter};
pub use part::{HybridQuery, MatchingStrategy, Personalize};

use part::is_default;
pub(super) use part::{check_threshold, is_false, threshold_from_text};

pub const DEFAULT_OFFSET: usize = 0;
pub const DEFAULT_LIMIT: usize = 20;
pub const DEFAULT_CROP_LENGTH: usize = 10;
pub const DEFAULT_CROP_MARKER: &str = "…";
pub const DEFAULT_HIGHLIGHT_PRE_TAG: &str = "<em>";
pub const DEFAULT_HIGHLIGHT_POST_TAG: &str = "</em>";
pub const DEFAULT_SEMANTIC_RATIO: f32 = 0.5;

/// One search of one index. What the client left out has the server's default, and values equal to the default are left
/// out when the query is written as a body.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize)]
#[deserr(error = JsonFault<{ Code::BadRequest as u16 }>, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct SearchQuery {
    /// Query words; absent, null and blank mean a placeholder search.
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchQ as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Hits to skip; meaningless with `page` or `hits_per_page`.
    #[deserr(default = DEFAULT_OFFSET, error = JsonFault<{ Code::InvalidSearchOffset as u16 }>)]
    #[serde(skip_serializing_if = "is_default_offset")]
    pub offset: usize,
    /// Hits wanted; meaningless with `page` or `hits_per_page`.
    #[deserr(default = DEFAULT_LIMIT, error = JsonFault<{ Code::InvalidSearchLimit as u16 }>)]
    #[serde(skip_serializing_if = "is_default_limit")]
    pub limit: usize,
    /// Page wanted, from 1; page 0 is empty.
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchPage as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<usize>,
    /// Hits per page.
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchHitsPerPage as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hits_per_page: Option<usize>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchAttributesToRetrieve as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes_to_retrieve: Option<BTreeSet<String>>,
    /// Elements may be `attribute:length`.
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchAttributesToCrop as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes_to_crop: Option<Vec<String>>,
    /// In words.
    #[deserr(default = DEFAULT_CROP_LENGTH, error = JsonFault<{ Code::InvalidSearchCropLength as u16 }>)]
    #[serde(skip_serializing_if = "is_default_crop_length")]
    pub crop_length: usize,
    #[deserr(default = DEFAULT_CROP_MARKER.to_owned(), error = JsonFault<{ Code::InvalidSearchCropMarker as u16 }>)]
    #[serde(skip_serializing_if = "is_default_crop_marker")]
    pub crop_marker: String,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchAttributesToHighlight as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes_to_highlight: Option<BTreeSet<String>>,
    #[deserr(default = DEFAULT_HIGHLIGHT_PRE_TAG.to_owned(), error = JsonFault<{ Code::InvalidSearchHighlightPreTag as u16 }>)]
    #[serde(skip_serializing_if = "is_default_pre_tag")]
    pub highlight_pre_tag: String,
    #[deserr(default = DEFAULT_HIGHLIGHT_POST_TAG.to_owned(), error = JsonFault<{ Code::InvalidSearchHighlightPostTag as u16 }>)]
    #[serde(skip_serializing_if = "is_default_post_tag")]
    pub highlight_post_tag: String,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchShowMatchesPosition as u16 }>)]
    #[serde(skip_serializing_if = "is_false")]
    pub show_matches_position: bool,
    /// Any JSON; whether it is a filter is decided by who executes it.
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchFilter as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Value>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchSort as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Vec<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchDistinct as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct: Option<String>,
    /// Attribute names or patterns.
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchFacets as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<Vec<String>>,
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
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchHybridQuery as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hybrid: Option<HybridQuery>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchVector as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector: Option<Vec<f32>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchRetrieveVectors as u16 }>)]
    #[serde(skip_serializing_if = "is_false")]
    pub retrieve_vectors: bool,
    /// POST only.
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchMedia as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<Value>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchPersonalize as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalize: Option<Personalize>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchUseNetwork as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_network: Option<bool>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchShowRankingScore as u16 }>)]
    #[serde(skip_serializing_if = "is_false")]
    pub show_ranking_score: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchShowRankingScoreDetails as u16 }>)]
    #[serde(skip_serializing_if = "is_false")]
    pub show_ranking_score_details: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchShowPerformanceDetails as u16 }>)]
    #[serde(skip_serializing_if = "is_false")]
    pub show_performance_details: bool,
}

impl Default for SearchQuery {
    fn default() -> Self {
        Self {
            q: None,
            offset: DEFAULT_OFFSET,
            limit: DEFAULT_LIMIT,
            page: None,
            hits_per_page: None,
            attributes_to_retrieve: None,
            attributes_to_crop: None,
            crop_length: DEFAULT_CROP_LENGTH,
            crop_marker: DEFAULT_CROP_MARKER.to_owned(),
            attributes_to_highlight: None,
            highlight_pre_tag: DEFAULT_HIGHLIGHT_PRE_TAG.to_owned(),
            highlight_post_tag: DEFAULT_HIGHLIGHT_POST_TAG.to_owned(),
            show_matches_position: false,
            filter: None,
            sort: None,
            distinct: None,
            facets: None,
            matching_strategy: MatchingStrategy::default(),
            attributes_to_search_on: None,
            ranking_score_threshold: None,
            locales: None,
            hybrid: None,
            vector: None,
            retrieve_vectors: false,
            media: None,
            personalize: None,
            use_network: None,
            show_ranking_score: false,
            show_ranking_score_details: false,
            show_performance_details: false,
        }
    }
}

impl SearchQuery {
    /// Whether the client asked for pages, which makes totals exact and changes the members of the answer.
    pub fn is_paged(&self) -> bool {
        self.page.is_some() || self.hits_per_page.is_some()
    }

    /// Whether the distance from a place is among what the client sorts by.
    pub fn sorts_by_distance(&self) -> bool {
        let mut sort = self.sort.iter().flatten();
        sort.any(|rule| rule.trim_start().starts_with("_geoPoint("))
    }

    /// Whether the query words leave something to search for.
    pub fn is_placeholder(&self) -> bool {
        self.q
            .as_deref()
            .is_none_or(|words| words.trim().is_empty())
    }

    /// The query as a POST body.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and JSON values always serialise")
    }

    /// The server's refusal of `useNetwork` while the feature `network` is off: any value but null is refused.
    pub fn refuse_network(&self) -> Result<(), ApiError> {
        match self.use_network {
            None => Ok(()),
            Some(_) => Err(ApiError::network_not_enabled(
                "passing `useNetwork` in a search query",
            )),
        }
    }

    /// The server's refusal of `personalize` without a reranking service, made when the search itself has succeeded.
    pub fn refuse_personalization(&self) -> Result<(), ApiError> {
        match self.personalize {
            None => Ok(()),
            Some(_) => Err(ApiError::feature_not_enabled(
                "reranking search results",
                "personalization",
                "https://github.com/orgs/meilisearch/discussions/866",
            )),
        }
    }

    /// The server's refusal of combinations of `vector`, `media` and `hybrid`, which it makes once it has the index.
    pub fn check_vector_parts(&self) -> Result<(), ApiError> {
        match (&self.media, &self.hybrid, &self.vector) {
            (Some(_), _, Some(_)) => Err(ApiError::media_and_vector()),
            (Some(_), None, _) | (_, None, Some(_)) => Err(ApiError::missing_search_hybrid()),
            _ => Ok(()),
        }
    }
}

pub(super) fn is_default_offset(offset: &usize) -> bool {
    *offset == DEFAULT_OFFSET
}

pub(super) fn is_default_limit(limit: &usize) -> bool {
    *limit == DEFAULT_LIMIT
}

fn is_default_crop_length(length: &usize) -> bool {
    *length == DEFAULT_CROP_LENGTH
}

fn is_default_crop_marker(marker: &str) -> bool {
    marker == DEFAULT_CROP_MARKER
}

fn is_default_pre_tag(tag: &str) -> bool {
    tag == DEFAULT_HIGHLIGHT_PRE_TAG
}

fn is_default_post_tag(tag: &str) -> bool {
    tag == DEFAULT_HIGHLIGHT_POST_TAG
}
