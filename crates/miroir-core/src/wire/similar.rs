//! A search for documents like one, as the body of `POST /indexes/{uid}/similar` or the parameters of its GET twin.
//!
//! Fields, defaults, codes and texts are those of the server's `search/mod.rs` (`SimilarQuery`) and
//! `routes/indexes/similar.rs` (`SimilarQueryGet`).

use std::collections::BTreeSet;

use deserr::Deserr;
use serde::Serialize;
use serde_json::Value;

use super::deserialize::{
    BodyFault, JsonFault, List, Parameter, ParametersFault, QueryFault, Reason,
};
use super::search::{
    DEFAULT_LIMIT, DEFAULT_OFFSET, check_threshold, filter_parameter, is_default_limit,
    is_default_offset, is_false, threshold_from_text,
};
use crate::error::Code;

#[cfg(test)]
mod tests;

/// The body. Values equal to the default are left out when it is written.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct SimilarQuery {
    /// Any JSON; whether it is an id is decided once the index is known.
    #[deserr(error = JsonFault<{ Code::InvalidSimilarId as u16 }>)]
    pub id: Value,
    #[deserr(default = DEFAULT_OFFSET, error = JsonFault<{ Code::InvalidSimilarOffset as u16 }>)]
    #[serde(skip_serializing_if = "is_default_offset")]
    pub offset: usize,
    #[deserr(default = DEFAULT_LIMIT, error = JsonFault<{ Code::InvalidSimilarLimit as u16 }>)]
    #[serde(skip_serializing_if = "is_default_limit")]
    pub limit: usize,
    /// Any JSON; whether it is a filter is decided by who executes it.
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarFilter as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Value>,
    #[deserr(error = JsonFault<{ Code::InvalidSimilarEmbedder as u16 }>)]
    pub embedder: String,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarAttributesToRetrieve as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes_to_retrieve: Option<BTreeSet<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarRetrieveVectors as u16 }>)]
    #[serde(skip_serializing_if = "is_false")]
    pub retrieve_vectors: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarShowRankingScore as u16 }>)]
    #[serde(skip_serializing_if = "is_false")]
    pub show_ranking_score: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarShowRankingScoreDetails as u16 }>)]
    #[serde(skip_serializing_if = "is_false")]
    pub show_ranking_score_details: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarShowPerformanceDetails as u16 }>)]
    #[serde(skip_serializing_if = "is_false")]
    pub show_performance_details: bool,
    /// Between 0 and 1.
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarRankingScoreThreshold as u16 }>, try_from(Option<f64>) = check_threshold -> Reason)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranking_score_threshold: Option<f64>,
}

impl SimilarQuery {
    /// The query as a POST body.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and JSON values always serialise")
    }
}

/// The parameters of the GET route, in the order in which error texts list them.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
pub struct SimilarParameters {
    #[deserr(error = QueryFault<{ Code::InvalidSimilarId as u16 }>)]
    id: Parameter<String>,
    #[deserr(error = QueryFault<{ Code::InvalidSimilarEmbedder as u16 }>)]
    embedder: String,
    #[deserr(default = Parameter(DEFAULT_OFFSET), error = QueryFault<{ Code::InvalidSimilarOffset as u16 }>)]
    offset: Parameter<usize>,
    #[deserr(default = Parameter(DEFAULT_LIMIT), error = QueryFault<{ Code::InvalidSimilarLimit as u16 }>)]
    limit: Parameter<usize>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSimilarAttributesToRetrieve as u16 }>)]
    attributes_to_retrieve: Option<List<String>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSimilarRetrieveVectors as u16 }>)]
    retrieve_vectors: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSimilarFilter as u16 }>)]
    filter: Option<String>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSimilarShowRankingScore as u16 }>)]
    show_ranking_score: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSimilarShowRankingScoreDetails as u16 }>)]
    show_ranking_score_details: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSimilarShowPerformanceDetails as u16 }>)]
    show_performance_details: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidSimilarRankingScoreThreshold as u16 }>, try_from(String) = threshold_from_text -> Reason)]
    ranking_score_threshold: Option<f64>,
}

impl From<SimilarParameters> for SimilarQuery {
    fn from(parameters: SimilarParameters) -> Self {
        Self {
            id: Value::String(parameters.id.0),
            offset: parameters.offset.0,
            limit: parameters.limit.0,
            filter: parameters.filter.map(filter_parameter),
            embedder: parameters.embedder,
            attributes_to_retrieve: parameters
                .attributes_to_retrieve
                .map(|names| names.0.into_iter().collect()),
            retrieve_vectors: parameters.retrieve_vectors.0,
            show_ranking_score: parameters.show_ranking_score.0,
            show_ranking_score_details: parameters.show_ranking_score_details.0,
            show_performance_details: parameters.show_performance_details.0,
            ranking_score_threshold: parameters.ranking_score_threshold,
        }
    }
}
