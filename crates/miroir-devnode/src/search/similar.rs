//! Documents with vectors close to those of a document.

use std::time::Instant;

use milli_core::{Error, Similar, UserError};
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::search::SearchQuery;
use miroir_core::wire::similar::SimilarQuery;
use serde::Serialize;

use super::hits::{self, Found, Hit};
use super::kind::Named;
use super::{Context, PageInfo, parse_filter};
use crate::engine::error::{from_database, to_api};
use crate::settings::view::DEFAULT_MAX_TOTAL_HITS;

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
    let number = number
        .map_err(from_database)?
        .ok_or_else(|| ApiError::similar_document_not_found(&id))?;
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
