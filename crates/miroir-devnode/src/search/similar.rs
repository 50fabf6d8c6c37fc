//! Documents with vectors close to those of a document.

use std::collections::BTreeSet;
use std::time::Instant;

use deserr::Deserr;
use milli_core::{Error, Similar, UserError};
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::deserialize::{
    BodyFault, JsonFault, List, Parameter, ParametersFault, QueryFault, Reason,
};
use miroir_core::wire::search::{DEFAULT_LIMIT, DEFAULT_OFFSET, SearchQuery};
use serde::Serialize;
use serde_json::Value;

use super::hits::{self, Found, Hit};
use super::kind::Named;
use super::{Context, PageInfo, parse_filter};
use crate::engine::error::{from_database, to_api};
use crate::settings::view::DEFAULT_MAX_TOTAL_HITS;

/// The body of `POST /indexes/{uid}/similar`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
pub(crate) struct SimilarQuery {
    #[deserr(error = JsonFault<{ Code::InvalidSimilarId as u16 }>)]
    id: Value,
    #[deserr(default = DEFAULT_OFFSET, error = JsonFault<{ Code::InvalidSimilarOffset as u16 }>)]
    offset: usize,
    #[deserr(default = DEFAULT_LIMIT, error = JsonFault<{ Code::InvalidSimilarLimit as u16 }>)]
    limit: usize,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarFilter as u16 }>)]
    filter: Option<Value>,
    #[deserr(error = JsonFault<{ Code::InvalidSimilarEmbedder as u16 }>)]
    embedder: String,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarAttributesToRetrieve as u16 }>)]
    attributes_to_retrieve: Option<BTreeSet<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarRetrieveVectors as u16 }>)]
    retrieve_vectors: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarShowRankingScore as u16 }>)]
    show_ranking_score: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarShowRankingScoreDetails as u16 }>)]
    show_ranking_score_details: bool,
    #[expect(
        dead_code,
        reason = "accepted without effect: this node measures no steps"
    )]
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarShowPerformanceDetails as u16 }>)]
    show_performance_details: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidSimilarRankingScoreThreshold as u16 }>, try_from(Option<f64>) = check_threshold -> Reason)]
    ranking_score_threshold: Option<f64>,
}

/// The parameters of the GET route.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
pub(crate) struct SimilarParameters {
    #[deserr(error = QueryFault<{ Code::InvalidSimilarId as u16 }>)]
    id: Parameter<String>,
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
    #[deserr(default, error = QueryFault<{ Code::InvalidSimilarRankingScoreThreshold as u16 }>, try_from(String) = read_threshold -> Reason)]
    ranking_score_threshold: Option<f64>,
    #[deserr(error = QueryFault<{ Code::InvalidSimilarEmbedder as u16 }>)]
    embedder: String,
}

const BAD_THRESHOLD: &str =
    "the value of `rankingScoreThreshold` is invalid, expected a float between `0.0` and `1.0`.";

fn check_threshold(threshold: Option<f64>) -> Result<Option<f64>, Reason> {
    match threshold {
        Some(value) if !(0.0..=1.0).contains(&value) => Err(Reason(BAD_THRESHOLD.to_owned())),
        threshold => Ok(threshold),
    }
}

fn read_threshold(text: String) -> Result<Option<f64>, Reason> {
    let value = text.parse().map_err(|_| Reason(BAD_THRESHOLD.to_owned()))?;
    check_threshold(Some(value))
}

impl From<SimilarParameters> for SimilarQuery {
    fn from(parameters: SimilarParameters) -> Self {
        let attributes = parameters.attributes_to_retrieve;
        // A filter that is JSON is one, anything else is a filter expression.
        let filter = parameters
            .filter
            .map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
        Self {
            id: Value::String(parameters.id.0),
            offset: parameters.offset.0,
            limit: parameters.limit.0,
            filter,
            embedder: parameters.embedder,
            attributes_to_retrieve: attributes.map(|names| names.0.into_iter().collect()),
            retrieve_vectors: parameters.retrieve_vectors.0,
            show_ranking_score: parameters.show_ranking_score.0,
            show_ranking_score_details: parameters.show_ranking_score_details.0,
            show_performance_details: parameters.show_performance_details.0,
            ranking_score_threshold: parameters.ranking_score_threshold,
        }
    }
}

/// The body of the answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SimilarAnswer {
    hits: Vec<Hit>,
    id: String,
    processing_time_ms: u64,
    #[serde(flatten)]
    page: PageInfo,
}

/// Finds similar documents. Unlike a search, the total ends at `maxTotalHits`.
pub(crate) fn search(
    context: &Context<'_>,
    query: SimilarQuery,
) -> Result<SimilarAnswer, ApiError> {
    let started = Instant::now();
    let index = context.index;
    let rtxn = index.read_txn().map_err(from_database)?;
    let embedder = Named::find(
        context,
        &rtxn,
        &query.embedder,
        None,
        UserError::InvalidSimilarEmbedder,
    )?;
    let filter =
        parse_filter(query.filter.as_ref(), context.contains_allowed).map_err(as_similar)?;
    let id =
        milli_core::documents::validate_document_id_value(query.id.clone()).map_err(|error| {
            let message = format!("Invalid value at `.id`: {error}");
            ApiError::new(Code::InvalidSimilarId, message)
        })?;
    let number = index.external_documents_ids().get(&rtxn, &id);
    let number = number.map_err(from_database)?.ok_or_else(|| {
        ApiError::new(
            Code::NotFoundSimilarId,
            ApiError::document_not_found(&id).message,
        )
    })?;
    let mut similar = Similar::new(
        number,
        query.offset,
        query.limit,
        index,
        &rtxn,
        embedder.name,
        embedder.embedder,
        embedder.quantized,
    );
    if let Some(filter) = filter {
        similar.filter(filter);
    }
    if let Some(threshold) = query.ranking_score_threshold {
        similar.ranking_score_threshold(threshold);
    }
    let result = similar.execute().map_err(|error| match &error {
        Error::UserError(UserError::InvalidFilter(_)) => as_similar(to_api(&error)),
        _ => to_api(&error),
    })?;
    let shown = SearchQuery {
        attributes_to_retrieve: query.attributes_to_retrieve,
        retrieve_vectors: query.retrieve_vectors,
        show_ranking_score: query.show_ranking_score,
        show_ranking_score_details: query.show_ranking_score_details,
        ..SearchQuery::default()
    };
    let found = Found {
        numbers: &result.documents_ids,
        scores: &result.document_scores,
        words: result.matching_words,
    };
    let hits = hits::make(index, &rtxn, &shown, found).map_err(|error| to_api(&error))?;
    let maximum = index
        .pagination_max_total_hits(&rtxn)
        .map_err(from_database)?
        .map_or(DEFAULT_MAX_TOTAL_HITS, |maximum| maximum as usize);
    Ok(SimilarAnswer {
        hits,
        id,
        processing_time_ms: started.elapsed().as_millis() as u64,
        page: PageInfo::Window {
            limit: query.limit,
            offset: query.offset,
            estimated_total_hits: maximum.min(result.candidates.len() as usize),
        },
    })
}

fn as_similar(mut error: ApiError) -> ApiError {
    if error.code == Code::InvalidSearchFilter {
        error.code = Code::InvalidSimilarFilter;
    }
    error
}
