//! Searching one index: the engine's search, and the answer around it as a 1.50 server gives it.

pub(crate) mod document;
pub(crate) mod facet_search;
mod facets;
mod format;
mod geo;
pub(crate) mod hits;
mod kind;
pub(crate) mod multi;
pub(crate) mod pointer;
pub(crate) mod similar;

use std::str::FromStr;
use std::time::{Duration, Instant};

use milli_core::score_details::ScoringStrategy;
use milli_core::{
    AscDesc, Error, Filter, Index, Search, SortError, TermsMatchingStrategy, TimeBudget,
};
use miroir_core::error::ApiError;
use miroir_core::wire::search::{DEFAULT_LIMIT, MatchingStrategy, SearchQuery};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::engine::Engine;
use crate::engine::error::{from_database, to_api};
use crate::settings::parts::language;
use crate::settings::view::DEFAULT_MAX_TOTAL_HITS;
use facets::Facets;
use hits::{Found, Hit};
use kind::Kind;

/// The body of a search answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    hits: Vec<Hit>,
    query: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_vector: Option<Vec<f32>>,
    processing_time_ms: u64,
    #[serde(flatten)]
    page: PageInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    facet_distribution: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facet_stats: Option<Value>,
    request_uid: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    semantic_hit_count: Option<u32>,
}

/// What `Meili-Include-Metadata` asks for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) query_uid: Uuid,
    pub(crate) index_uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) primary_key: Option<String>,
}

/// One of the two ways to page.
#[derive(Serialize)]
#[serde(untagged)]
enum PageInfo {
    #[serde(rename_all = "camelCase")]
    Pages {
        hits_per_page: usize,
        page: usize,
        total_pages: usize,
        total_hits: usize,
    },
    #[serde(rename_all = "camelCase")]
    Window {
        limit: usize,
        offset: usize,
        estimated_total_hits: usize,
    },
}

/// What a search needs besides the query.
pub(crate) struct Context<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) index: &'a Index,
    pub(crate) uid: &'a str,
    pub(crate) contains_allowed: bool,
}

/// Searches.
///
/// Totals count every candidate; hits end at `maxTotalHits`. The engine is always asked from the first hit, and the
/// wanted window is cut here, as a server does since 1.47.
pub(crate) fn search(
    context: &Context<'_>,
    query: &SearchQuery,
    request: Uuid,
) -> Result<Answer, ApiError> {
    let started = Instant::now();
    let index = context.index;
    let rtxn = index.read_txn().map_err(from_database)?;
    let in_index = |error: Error| in_index(&error, context.uid);

    let kind = Kind::of(context, &rtxn, query)?;
    let filter = parse_filter(query.filter.as_ref(), context.contains_allowed)?;
    let sort = parse_sort(query.sort.as_deref())?;
    let maximum = index
        .pagination_max_total_hits(&rtxn)
        .map_err(from_database)?
        .map_or(DEFAULT_MAX_TOTAL_HITS, |maximum| maximum as usize);
    let (offset, limit) = window(query);
    let reach = offset.saturating_add(limit).min(maximum);

    let mut search = prepare(index, &rtxn, query, filter);
    search
        .offset(0)
        .limit(reach)
        .time_budget(time_budget(index, &rtxn)?);
    if let Some(sort) = sort {
        search.sort_criteria(sort);
    }
    kind.prepare(&mut search, query)?;
    let (result, semantic_hits) = kind.execute(&search).map_err(in_index)?;

    let total = result.candidates.len() as usize;
    let first = offset.min(result.documents_ids.len());
    let semantic_hit_count =
        kind::shown_semantic_hits(&result.document_scores[first..], semantic_hits);
    let found = Found {
        numbers: &result.documents_ids[first..],
        scores: &result.document_scores[first..],
        words: result.matching_words,
    };
    let hits = hits::make(index, &rtxn, query, found).map_err(in_index)?;
    let counted = match query.facets.as_deref() {
        Some(patterns) if !patterns.is_empty() => {
            Some(facets::count(index, &rtxn, patterns, result.candidates)?)
        }
        _ => None,
    };
    let (facet_distribution, facet_stats) = split(counted);
    Ok(Answer {
        hits,
        query: query.q.clone().unwrap_or_default(),
        query_vector: kind.query_vector(query, semantic_hits),
        processing_time_ms: started.elapsed().as_millis() as u64,
        page: page_info(query, total),
        facet_distribution,
        facet_stats,
        request_uid: request,
        metadata: None,
        semantic_hit_count,
    })
}

/// The engine's search with what the query says of matching; window, sort and meaning are added by the caller.
pub(crate) fn prepare<'a>(
    index: &'a Index,
    rtxn: &'a milli_core::heed::RoTxn<'a>,
    query: &'a SearchQuery,
    filter: Option<Filter<'a>>,
) -> Search<'a> {
    let mut search = Search::new(rtxn, index);
    search
        .scoring_strategy(ScoringStrategy::Detailed)
        .exhaustive_number_hits(query.is_paged())
        .terms_matching_strategy(match query.matching_strategy {
            MatchingStrategy::Last => TermsMatchingStrategy::Last,
            MatchingStrategy::All => TermsMatchingStrategy::All,
            MatchingStrategy::Frequency => TermsMatchingStrategy::Frequency,
        });
    if let Some(threshold) = query.ranking_score_threshold {
        search.ranking_score_threshold(threshold);
    }
    if let Some(distinct) = &query.distinct {
        search.distinct(distinct.clone());
    }
    if let Some(attributes) = &query.attributes_to_search_on {
        search.searchable_attributes(attributes);
    }
    if let Some(filter) = filter {
        search.filter(filter);
    }
    if let Some(locales) = &query.locales {
        let languages = locales.iter().filter_map(|locale| language(locale.code()));
        search.locales(languages.collect());
    }
    search
}

fn split(counted: Option<Facets>) -> (Option<Value>, Option<Value>) {
    let Some(facets) = counted else {
        return (None, None);
    };
    (
        serde_json::to_value(facets.distribution).ok(),
        serde_json::to_value(facets.stats).ok(),
    )
}

/// First hit and number of hits wanted.
fn window(query: &SearchQuery) -> (usize, usize) {
    if !query.is_paged() {
        return (query.offset, query.limit);
    }
    let size = query.hits_per_page.unwrap_or(DEFAULT_LIMIT);
    match query.page.unwrap_or(1).checked_sub(1) {
        Some(before) => (size.saturating_mul(before), size),
        // There is no page 0, so it is empty.
        None => (0, 0),
    }
}

fn page_info(query: &SearchQuery, total: usize) -> PageInfo {
    if !query.is_paged() {
        return PageInfo::Window {
            limit: query.limit,
            offset: query.offset,
            estimated_total_hits: total,
        };
    }
    let size = query.hits_per_page.unwrap_or(DEFAULT_LIMIT);
    PageInfo::Pages {
        hits_per_page: size,
        page: query.page.unwrap_or(1),
        total_pages: if size == 0 { 0 } else { total.div_ceil(size) },
        total_hits: total,
    }
}

/// How long a search of this index may take.
pub(crate) fn time_budget(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
) -> Result<TimeBudget, ApiError> {
    let cutoff = index.search_cutoff(rtxn).map_err(|error| to_api(&error))?;
    Ok(match cutoff {
        Some(milliseconds) => TimeBudget::new(Duration::from_millis(milliseconds)),
        None => TimeBudget::default(),
    })
}

/// The filter of a request. `CONTAINS` and `STARTS WITH` belong to an experimental feature.
pub(crate) fn parse_filter(
    filter: Option<&Value>,
    contains_allowed: bool,
) -> Result<Option<Filter<'_>>, ApiError> {
    let Some(filter) = filter else {
        return Ok(None);
    };
    let filter = Filter::from_json(filter).map_err(|error| to_api(&error))?;
    if let Some(token) = filter.as_ref().and_then(Filter::use_contains_operator)
        && !contains_allowed
    {
        let action = format!("Using `{}` in a filter", token.value());
        return Err(ApiError::feature_not_enabled(
            &action,
            "contains filter",
            "https://github.com/orgs/meilisearch/discussions/763",
        ));
    }
    Ok(filter)
}

/// The sort rules of a request.
pub(crate) fn parse_sort(sort: Option<&[String]>) -> Result<Option<Vec<AscDesc>>, ApiError> {
    let Some(sort) = sort else {
        return Ok(None);
    };
    let rules: Result<Vec<AscDesc>, _> = sort.iter().map(|rule| AscDesc::from_str(rule)).collect();
    rules
        .map(Some)
        .map_err(|error| to_api(&Error::from(SortError::from(error))))
}

/// An error of the search itself, which names the index.
pub(crate) fn in_index(error: &Error, uid: &str) -> ApiError {
    let mut api = to_api(error);
    api.message = format!("Index `{uid}`: {}", api.message);
    api
}
