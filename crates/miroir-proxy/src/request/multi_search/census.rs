//! How many documents the queries of one index match together, and their facets.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Method;
use miroir_core::id::ShardSet;
use miroir_core::merge::federation::census::Census;
use miroir_core::merge::federation::facets::IndexFacets;
use miroir_core::merge::federation::{OfIndex, Place};
use miroir_core::merge::recount::Recount;
use miroir_core::merge::totals::{self, Counting};
use miroir_core::merge::{IndexView, MergeError};
use miroir_core::plan::{Constraints, Leg};
use miroir_core::wire::answer::SearchAnswer;
use miroir_core::wire::search::{Federation, SearchQuery};
use miroir_node::{Answer, Call};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::federated::{List, Part};
use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::{Cause, Failure};
use crate::request::counted::Missed;
use crate::request::ranked::Reading;
use crate::request::scatter::{ScatterEnd, unavailable};
use crate::request::search::explained;
use crate::request::{filter_with, twin};

/// What was counted of one index.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) total: u64,
    /// When they were asked for.
    pub(super) facets: Option<IndexFacets>,
    /// Shards that were not counted.
    pub(super) uncovered: ShardSet,
}

/// Answers of nodes that count different documents.
#[derive(Default)]
struct Counts {
    answers: Vec<SearchAnswer>,
    /// What their lists of facet values lack.
    recounts: Vec<Recount>,
    uncovered: ShardSet,
}

impl Counts {
    fn total(&self) -> u64 {
        self.answers.iter().map(|answer| answer.total).sum()
    }

    fn facets(
        &self,
        view: &IndexView,
        total: u64,
        asked: &[String],
    ) -> Result<IndexFacets, MergeError> {
        IndexFacets::of(self.answers.iter(), &self.recounts, view, total, asked)
    }
}

/// Counts what the queries of an index match, without the hits that were rejected.
pub(super) async fn count(
    app: &App,
    part: &Part<'_>,
    index: &OfIndex<'_>,
    rejected: &[Place],
    federation: &Federation,
) -> Result<Counted, Failure> {
    let rejected = rejected
        .iter()
        .map(|place| index.id(place.list, place.hit))
        .filter_map(Result::transpose)
        .collect::<Result<BTreeSet<String>, _>>()
        .map_err(Failure::internal)?;
    let is_distinct = part
        .lists
        .iter()
        .any(|list| index.view.distinct_of(&list.query).is_some());
    if part.lists.len() > 1
        && let Some(facets) = part.facets
    {
        let query = with_facets(SearchQuery::default(), Some(facets));
        twin::check_search(app, part.index, &query).await?;
    }
    if (is_distinct || part.lists.len() > 1)
        && let Some(mut ids) = all_ids(part, index)?
    {
        ids.retain(|id| !rejected.contains(id));
        let counts = match part.facets {
            Some(_) => counted_by_ids(app, part, index.view, &ids).await?,
            None => Counts::default(),
        };
        let total = ids.len() as u64;
        return without(app, part, index, &BTreeSet::new(), total, counts).await;
    }
    let (total, counts) = match &part.lists[..] {
        [only] => counted_alone(only),
        _ => {
            let counts = union(app, part, federation).await?;
            (counts.total(), counts)
        }
    };
    without(app, part, index, &rejected, total, counts).await
}

/// What one query matches: as much as a search of it alone would say.
fn counted_alone(list: &List) -> (u64, Counts) {
    let answers = list.found.counted().into_iter().cloned().collect();
    let counts = Counts {
        answers,
        recounts: list.found.recounts.clone(),
        uncovered: ShardSet::default(),
    };
    (list.found.total, counts)
}

fn facets(
    part: &Part<'_>,
    index: &OfIndex<'_>,
    counts: &Counts,
    total: u64,
) -> Result<Option<IndexFacets>, Failure> {
    let facets = part
        .facets
        .map(|names| counts.facets(index.view, total, names));
    facets.transpose().map_err(Failure::internal)
}

/// The ids of all that the queries match, when their lists have it all.
fn all_ids(part: &Part<'_>, index: &OfIndex<'_>) -> Result<Option<BTreeSet<String>>, Failure> {
    let ends_early = |list: &List| list.found.hits.len() < list.end;
    if !part.lists.iter().all(ends_early) {
        return Ok(None);
    }
    let mut ids = BTreeSet::new();
    for (at, list) in part.lists.iter().enumerate() {
        for hit in 0..list.found.hits.len() {
            match index.id(at, hit).map_err(Failure::internal)? {
                Some(id) => ids.insert(id),
                None => return Ok(None),
            };
        }
    }
    Ok(Some(ids))
}

/// What was counted, without the hits that were rejected.
async fn without(
    app: &App,
    part: &Part<'_>,
    index: &OfIndex<'_>,
    rejected: &BTreeSet<String>,
    total: u64,
    counts: Counts,
) -> Result<Counted, Failure> {
    let mut facets = facets(part, index, &counts, total)?;
    if let Some(facets) = facets.as_mut().filter(|_| !rejected.is_empty()) {
        let counts = counted_by_ids(app, part, index.view, rejected).await?;
        let removed = counts.facets(index.view, counts.total(), &[]);
        facets.remove(&removed.map_err(Failure::internal)?);
    }
    Ok(Counted {
        total: total.saturating_sub(rejected.len() as u64),
        facets,
        uncovered: counts.uncovered,
    })
}

/// Counts documents by their ids.
async fn counted_by_ids(
    app: &App,
    part: &Part<'_>,
    view: &IndexView,
    ids: &BTreeSet<String>,
) -> Result<Counts, Failure> {
    let Some(primary_key) = &view.primary_key else {
        return Ok(Counts::default()); // no documents yet
    };
    let ids: Vec<String> = ids.iter().cloned().collect();
    let query = SearchQuery {
        filter: Some(Value::String(totals::id_filter(primary_key, &ids))),
        ..SearchQuery::default()
    };
    counted(app, part, with_facets(query, part.facets)).await
}

/// Counts the union of what the queries match.
async fn union(app: &App, part: &Part<'_>, federation: &Federation) -> Result<Counts, Failure> {
    let census = Census::of(part.lists.iter().map(|list| &list.matching));
    let mut all = Counts::default();
    if let Some(filtered) = census.filtered {
        add(
            &mut all,
            counted(app, part, with_facets(filtered, part.facets)).await?,
        );
    }
    match &census.worded[..] {
        [] => {}
        [only] => {
            let query = paged(only.clone(), federation);
            add(
                &mut all,
                counted(app, part, with_facets(query, part.facets)).await?,
            );
        }
        several => match counted_together(part, several, federation).await {
            Ok(counts) => add(&mut all, counts),
            Err(ScatterEnd::Failed(failure)) => return Err(failure),
            // A node that does not federate, such as the embedded one: no more than the sum, no less than the largest.
            Err(ScatterEnd::Rejected(_)) => {
                for query in several {
                    let query = paged(query.clone(), federation);
                    add(
                        &mut all,
                        counted(app, part, with_facets(query, part.facets)).await?,
                    );
                }
            }
        },
    }
    Ok(all)
}

fn add(all: &mut Counts, more: Counts) {
    all.answers.extend(more.answers);
    all.recounts.extend(more.recounts);
    all.uncovered = all.uncovered.union(&more.uncovered);
}

fn with_facets(query: SearchQuery, facets: Option<&[String]>) -> SearchQuery {
    SearchQuery {
        facets: facets.map(<[String]>::to_vec),
        ..query
    }
}

/// Pages make a server count to the end.
fn paged(query: SearchQuery, federation: &Federation) -> SearchQuery {
    SearchQuery {
        page: federation.is_paged().then_some(1),
        ..query
    }
}

async fn counted(app: &App, part: &Part<'_>, query: SearchQuery) -> Result<Counts, Failure> {
    let reading = &part.reading;
    loop {
        let ranked = reading.ranked(&query, 0).await;
        let ranked = explained(app, part.index, &query, ranked).await?;
        let counts = match reading.counted_by(Counting::List, &query, &ranked).await {
            Ok(counts) => reading.recounts(&query, &ranked, &counts).await,
            Err(missed) => Err(missed),
        };
        let recounts = match counts {
            Ok(recounts) => recounts,
            // A node was lost in between. It is not asked again, so this ends.
            Err(Missed::Lost) if reading.has_time() => continue,
            Err(Missed::Lost) => return Err(unavailable(&part.index.shards().all())),
            Err(Missed::Ended(end)) => return explained(app, part.index, &query, Err(end)).await,
        };
        return Ok(Counts {
            answers: ranked.legs.into_iter().map(|leg| leg.answer).collect(),
            recounts,
            uncovered: ranked.uncovered,
        });
    }
}

/// Has the nodes count the union of queries with different words.
async fn counted_together(
    part: &Part<'_>,
    queries: &[SearchQuery],
    federation: &Federation,
) -> Result<Counts, ScatterEnd> {
    let node_uid = part.index.node_uid().to_string();
    let call = |leg: &Leg, deadline: Instant| {
        let clause = leg.clause.as_ref().map(|clause| json!(clause.to_string()));
        let queries: Vec<Value> = queries
            .iter()
            .map(|query| {
                let query = SearchQuery {
                    filter: filter_with(query.filter.as_ref(), clause.clone()),
                    ..query.clone()
                };
                let mut members: Map<String, Value> =
                    serde_json::from_slice(&query.to_json()).expect("a query is an object");
                members.insert("indexUid".to_owned(), json!(node_uid));
                Value::Object(members)
            })
            .collect();
        let mut window = if federation.is_paged() {
            json!({"hitsPerPage": 0})
        } else {
            json!({"limit": 0})
        };
        if let Some(facets) = part.facets {
            window["facetsByIndex"] = json!({node_uid.as_str(): facets});
        }
        let body = json!({"federation": window, "queries": queries});
        Call::read(Method::POST, "/multi-search", deadline).json(body.to_string())
    };
    let (answers, uncovered) = part
        .reading
        .once(call, |answer| as_search(answer, &node_uid))
        .await?;
    Ok(Counts {
        answers,
        recounts: Vec::new(),
        uncovered,
    })
}

/// A federated answer without hits as the answer to a search of its only index.
fn as_search(answer: Answer, node_uid: &str) -> Result<SearchAnswer, Cause> {
    let mut body: Map<String, Value> = serde_json::from_slice(&answer.body)?;
    let facets = body
        .get_mut("facetsByIndex")
        .and_then(|facets| Some(facets.get_mut(node_uid)?.take()));
    if let Some(mut facets) = facets {
        body.insert(
            "facetDistribution".to_owned(),
            facets["distribution"].take(),
        );
        body.insert("facetStats".to_owned(), facets["stats"].take());
    }
    let body = serde_json::to_vec(&body)?;
    Ok(SearchAnswer::parse(Bytes::from(body))?)
}

/// The names of the facets that an index has of these patterns.
pub(super) async fn facet_names(
    app: &App,
    index: &Index,
    patterns: &[String],
) -> Result<Vec<String>, Failure> {
    let query = with_facets(SearchQuery::default(), Some(patterns));
    twin::check_search(app, index, &query).await?;
    let view = app.view(index.node_uid());
    let constraints = Constraints::default();
    let reading = Reading::new(app, index, &view, &constraints);
    let ranked = explained(app, index, &query, reading.ranked(&query, 0).await).await?;
    let answers = ranked.legs.iter().map(|leg| &leg.answer);
    let facets =
        IndexFacets::of(answers, &[], &index.view, 0, patterns).map_err(Failure::internal)?;
    Ok(facets.names().map(str::to_owned).collect())
}
