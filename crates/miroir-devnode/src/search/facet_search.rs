//! Searching among the values of a facet.

use std::time::Instant;

use milli_core::{PatternMatch, SearchForFacetValues};
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::search::{FacetSearchQuery, SearchQuery};
use serde::Serialize;

use super::kind::Kind;
use super::{Context, in_index, parse_filter, prepare, time_budget};
use crate::engine::error::{from_database, to_api};
use crate::settings::parts::language;

/// The body of the answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FacetAnswer {
    facet_hits: Vec<FacetHit>,
    facet_query: Option<String>,
    processing_time_ms: u64,
}

#[derive(Serialize)]
struct FacetHit {
    value: String,
    count: u64,
}

/// Finds values of a facet among the documents that a search finds.
pub(crate) fn search(
    context: &Context<'_>,
    wanted: FacetSearchQuery,
) -> Result<FacetAnswer, ApiError> {
    let started = Instant::now();
    let index = context.index;
    let FacetSearchQuery {
        facet_query,
        facet_name,
        ..
    } = wanted.clone();
    let query = as_search(wanted);
    query.refuse_network()?;
    let rtxn = index.read_txn().map_err(from_database)?;
    if !index.facet_search(&rtxn).map_err(from_database)? {
        let message = "The facet search is disabled for this index";
        return Err(ApiError::new(Code::FacetSearchDisabled, message));
    }
    let kind = Kind::of(context, &rtxn, &query)?;
    let filter = parse_filter(query.filter.as_ref(), context.contains_allowed)?;
    let mut search = prepare(index, &rtxn, &query, filter);
    search.time_budget(time_budget(index, &rtxn)?);
    if query.is_paged() {
        search.limit(0);
    }
    kind.prepare(&mut search, &query)?;

    let is_hybrid = matches!(kind, Kind::Hybrid { .. });
    let mut values = SearchForFacetValues::new(facet_name.clone(), search, is_hybrid);
    if let Some(words) = &facet_query {
        values.query(words);
    }
    let maximum = index.max_values_per_facet(&rtxn).map_err(from_database)?;
    if let Some(maximum) = maximum {
        values.max_values(maximum as usize);
    }
    // Only languages that the facet is in count, and of those only the ones the client names.
    let rules = index
        .localized_attributes_rules(&rtxn)
        .map_err(from_database)?;
    let rule = rules
        .into_iter()
        .flatten()
        .find(|rule| rule.match_str(&facet_name) == PatternMatch::Match);
    if let Some(rule) = rule {
        let wanted = query.locales.as_ref().map(|locales| {
            let languages = locales.iter().filter_map(|locale| language(locale.code()));
            languages.collect::<Vec<_>>()
        });
        let mut languages = rule.locales;
        languages.retain(|language| wanted.as_ref().is_none_or(|all| all.contains(language)));
        values.locales(languages);
    }
    let hits = values.execute().map_err(|error| match error {
        error @ milli_core::Error::UserError(
            milli_core::UserError::InvalidFacetSearchFacetName { .. },
        ) => to_api(&error),
        error => in_index(&error, context.uid),
    })?;
    Ok(FacetAnswer {
        facet_hits: hits
            .into_iter()
            .map(|hit| FacetHit {
                value: hit.value,
                count: hit.count,
            })
            .collect(),
        facet_query,
        processing_time_ms: started.elapsed().as_millis() as u64,
    })
}

/// The search whose documents count. An exhaustive count asks for page 0, which counts everything and shows nothing.
fn as_search(query: FacetSearchQuery) -> SearchQuery {
    let exhaustive = query.exhaustive_facet_count == Some(true);
    SearchQuery {
        q: query.q,
        vector: query.vector,
        media: query.media,
        hybrid: query.hybrid,
        filter: query.filter,
        matching_strategy: query.matching_strategy,
        attributes_to_search_on: query.attributes_to_search_on,
        ranking_score_threshold: query.ranking_score_threshold,
        locales: query.locales,
        page: exhaustive.then_some(0),
        use_network: query.use_network,
        ..SearchQuery::default()
    }
}
