//! The query parameters of `GET /indexes/{uid}/search`.

use deserr::Deserr;
use serde_json::Value;

use super::part::{semantic_ratio_from_text, threshold_from_text};
use super::{
    DEFAULT_CROP_LENGTH, DEFAULT_CROP_MARKER, DEFAULT_HIGHLIGHT_POST_TAG,
    DEFAULT_HIGHLIGHT_PRE_TAG, DEFAULT_LIMIT, DEFAULT_OFFSET, HybridQuery, Locale,
    MatchingStrategy, Personalize, SearchQuery,
};
use crate::error::{ApiError, Code};
use crate::wire::deserialize::{List, Parameter, QueryFault, Reason};

/// The parameters as they are spelled. The server validates the index uid between reading them and combining them, so
/// the two steps are two here: `from_query::<SearchParameters>`, then `SearchQuery::try_from`.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = QueryFault<{ Code::BadRequest as u16 }>, rename_all = camelCase, deny_unknown_fields)]
pub struct SearchParameters {
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchQ as u16 }>)]
    q: Option<String>,
    #[deserr(default = Parameter(DEFAULT_OFFSET), error = QueryFault<{ Code::InvalidSearchOffset as u16 }>)]
    offset: Parameter<usize>,
    #[deserr(default = Parameter(DEFAULT_LIMIT), error = QueryFault<{ Code::InvalidSearchLimit as u16 }>)]
    limit: Parameter<usize>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchPage as u16 }>)]
    page: Option<Parameter<usize>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchHitsPerPage as u16 }>)]
    hits_per_page: Option<Parameter<usize>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchAttributesToRetrieve as u16 }>)]
    attributes_to_retrieve: Option<List<String>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchAttributesToCrop as u16 }>)]
    attributes_to_crop: Option<List<String>>,
    #[deserr(default = Parameter(DEFAULT_CROP_LENGTH), error = QueryFault<{ Code::InvalidSearchCropLength as u16 }>)]
    crop_length: Parameter<usize>,
    #[deserr(default = DEFAULT_CROP_MARKER.to_owned(), error = QueryFault<{ Code::InvalidSearchCropMarker as u16 }>)]
    crop_marker: String,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchAttributesToHighlight as u16 }>)]
    attributes_to_highlight: Option<List<String>>,
    #[deserr(default = DEFAULT_HIGHLIGHT_PRE_TAG.to_owned(), error = QueryFault<{ Code::InvalidSearchHighlightPreTag as u16 }>)]
    highlight_pre_tag: String,
    #[deserr(default = DEFAULT_HIGHLIGHT_POST_TAG.to_owned(), error = QueryFault<{ Code::InvalidSearchHighlightPostTag as u16 }>)]
    highlight_post_tag: String,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchShowMatchesPosition as u16 }>)]
    show_matches_position: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchFilter as u16 }>)]
    filter: Option<String>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchSort as u16 }>)]
    sort: Option<String>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchDistinct as u16 }>)]
    distinct: Option<String>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchFacets as u16 }>)]
    facets: Option<List<String>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchMatchingStrategy as u16 }>)]
    matching_strategy: MatchingStrategy,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchAttributesToSearchOn as u16 }>)]
    attributes_to_search_on: Option<List<String>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchRankingScoreThreshold as u16 }>, try_from(String) = threshold_from_text -> Reason)]
    ranking_score_threshold: Option<f64>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchLocales as u16 }>)]
    locales: Option<List<Locale>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchEmbedder as u16 }>)]
    hybrid_embedder: Option<String>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchSemanticRatio as u16 }>, try_from(String) = semantic_ratio_from_text -> Reason)]
    hybrid_semantic_ratio: Option<f32>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchVector as u16 }>)]
    vector: Option<List<f32>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchRetrieveVectors as u16 }>)]
    retrieve_vectors: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchPersonalizeUserContext as u16 }>)]
    personalize_user_context: Option<String>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchUseNetwork as u16 }>)]
    use_network: Option<Parameter<bool>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchShowRankingScore as u16 }>)]
    show_ranking_score: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchShowRankingScoreDetails as u16 }>)]
    show_ranking_score_details: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSearchShowPerformanceDetails as u16 }>)]
    show_performance_details: Parameter<bool>,
}

impl TryFrom<SearchParameters> for SearchQuery {
    type Error = ApiError;

    fn try_from(parameters: SearchParameters) -> Result<Self, ApiError> {
        let hybrid = hybrid(parameters.hybrid_embedder, parameters.hybrid_semantic_ratio)?;
        if parameters.vector.is_some() && hybrid.is_none() {
            return Err(ApiError::new(
                Code::MissingSearchHybrid,
                "`hybridEmbedder` is mandatory when `vector` is present",
            ));
        }
        let filter = parameters.filter.map(filter);
        if filter == Some(Value::Null) {
            // In a body it means no filter; here it is a value like any other.
            return Err(ApiError::new(
                Code::InvalidSearchFilter,
                "Invalid syntax for the filter parameter: `expected String, Array, found: null`.",
            ));
        }

        Ok(SearchQuery {
            q: parameters.q,
            offset: parameters.offset.0,
            limit: parameters.limit.0,
            page: parameters.page.map(|value| value.0),
            hits_per_page: parameters.hits_per_page.map(|value| value.0),
            attributes_to_retrieve: parameters
                .attributes_to_retrieve
                .map(|list| list.0.into_iter().collect()),
            attributes_to_crop: parameters.attributes_to_crop.map(|list| list.0),
            crop_length: parameters.crop_length.0,
            crop_marker: parameters.crop_marker,
            attributes_to_highlight: parameters
                .attributes_to_highlight
                .map(|list| list.0.into_iter().collect()),
            highlight_pre_tag: parameters.highlight_pre_tag,
            highlight_post_tag: parameters.highlight_post_tag,
            show_matches_position: parameters.show_matches_position.0,
            filter,
            sort: parameters.sort.as_deref().map(sort),
            distinct: parameters.distinct,
            facets: parameters.facets.map(|list| list.0),
            matching_strategy: parameters.matching_strategy,
            attributes_to_search_on: parameters.attributes_to_search_on.map(|list| list.0),
            ranking_score_threshold: parameters.ranking_score_threshold,
            locales: parameters.locales.map(|list| list.0),
            hybrid,
            vector: parameters.vector.map(|list| list.0),
            retrieve_vectors: parameters.retrieve_vectors.0,
            media: None,
            personalize: parameters
                .personalize_user_context
                .map(|user_context| Personalize { user_context }),
            use_network: parameters.use_network.map(|value| value.0),
            show_ranking_score: parameters.show_ranking_score.0,
            show_ranking_score_details: parameters.show_ranking_score_details.0,
            show_performance_details: parameters.show_performance_details.0,
        })
    }
}

fn hybrid(embedder: Option<String>, ratio: Option<f32>) -> Result<Option<HybridQuery>, ApiError> {
    match (embedder, ratio) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ApiError::new(
            Code::InvalidSearchHybridQuery,
            "`hybridEmbedder` is mandatory when `hybridSemanticRatio` is present",
        )),
        (Some(embedder), ratio) => Ok(Some(HybridQuery {
            semantic_ratio: ratio,
            embedder,
        })),
    }
}

/// JSON where it is JSON, an expression otherwise.
pub(in crate::wire) fn filter(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// Splits a sort list at its commas, but for those inside `_geoPoint(..)`, and drops quotes around the whole.
pub(in crate::wire) fn sort(text: &str) -> Vec<String> {
    let mut elements: Vec<String> = Vec::new();
    let mut inside_point = false;
    for part in text.trim_matches('"').split(',').map(str::trim) {
        match elements.last_mut() {
            Some(point) if inside_point && !part.starts_with("_geoPoint(") => {
                point.push(',');
                point.push_str(part);
                inside_point = !(part.ends_with("):asc") || part.ends_with("):desc"));
            }
            _ => {
                inside_point = part.starts_with("_geoPoint(");
                elements.push(part.to_owned());
            }
        }
    }
    elements
}
