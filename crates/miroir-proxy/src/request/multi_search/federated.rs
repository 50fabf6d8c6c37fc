//! A federated search, top to bottom: refuse, search each query, merge the lists, count, respond.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use miroir_core::id::{IndexUid, ShardSet};
use miroir_core::merge::federation::facets::{IndexFacets, Orders};
use miroir_core::merge::federation::{self, Answer, Listed, OfIndex, Place};
use miroir_core::merge::hybrid::keyword_half;
use miroir_core::merge::{Facts, Window};
use miroir_core::plan::{Degraded, render_degraded};
use miroir_core::wire::search::{Federation, IndexQuery, SearchQuery};

use super::census::{Counted, count};
use super::refusal::Refusals;
use super::{Batch, reworded};
use crate::app::App;
use crate::catalog::Index;
use crate::http::over_fetch::OverFetch;
use crate::http::reply::{Failure, Reply};
use crate::request::found::{Found, Purpose};
use crate::request::ranked::Reading;
use crate::request::{hybrid, metadata, narrow, resolve, twin};

/// An index and the positions of the queries that are about it.
pub(super) struct Target {
    pub(super) uid: IndexUid,
    /// `None` when there is no such index.
    pub(super) index: Option<Arc<Index>>,
    pub(super) positions: Vec<usize>,
}

/// A target that exists, with all that was made for it.
pub(super) struct Part<'a> {
    pub(super) uid: &'a IndexUid,
    pub(super) index: &'a Index,
    pub(super) reading: Reading<'a>,
    /// Facets to count.
    pub(super) facets: Option<&'a [String]>,
    /// In the order of the positions.
    pub(super) lists: Vec<List>,
}

/// One query and the hits that it found.
pub(super) struct List {
    pub(super) position: usize,
    /// What was asked, distinct as the federation wants it.
    pub(super) query: SearchQuery,
    /// What decides on the documents that it matches: a hybrid query that was answered by its words alone is one by words.
    pub(super) matching: SearchQuery,
    /// As many hits as it could have to deliver.
    pub(super) end: usize,
    pub(super) found: Found,
}

pub(super) async fn answer(
    app: &Arc<App>,
    queries: &[IndexQuery],
    federation: &Federation,
    batch: &Batch,
) -> Result<Reply, Failure> {
    let targets = targets(app, queries)?;
    let refusals = Refusals {
        app,
        queries,
        federation,
        targets: &targets,
    };
    refusals.before_searching().await?;

    let indexes: Vec<(&Target, &Index)> = targets
        .iter()
        .filter_map(|target| Some((target, &**target.index.as_ref()?)))
        .collect();
    let views: Vec<_> = indexes
        .iter()
        .map(|(_, index)| app.view(index.node_uid()))
        .collect();
    let constraints: Vec<_> = indexes
        .iter()
        .map(|(target, index)| {
            let asked = target.positions.iter().map(|at| &queries[*at].query);
            narrow::searches(app, index, asked, facets_of(federation, &target.uid))
        })
        .collect();
    let deadline = if batch.waves <= 1 {
        batch.deadline_of_query()
    } else {
        batch.deadline
    };
    let mut parts: Vec<Part<'_>> = indexes
        .iter()
        .zip(views.iter().zip(&constraints))
        .map(|((target, index), (view, constraints))| Part {
            uid: &target.uid,
            index,
            reading: Reading::new(app, index, view, constraints).until(deadline),
            facets: facets_of(federation, &target.uid),
            lists: Vec::new(),
        })
        .collect();
    let searches = indexes.iter().zip(&parts).flat_map(|((target, _), part)| {
        let is_only = target.positions.len() == 1;
        target.positions.iter().map(move |position| {
            let facets = part.facets.filter(|_| is_only);
            let query = &queries[*position].query;
            let mut asked = federation::asked(query, federation);
            asked.facets = facets.map(<[String]>::to_vec);
            let own = federation::own(query, federation);
            list(app, part, *position, own, asked, batch.over_fetch)
        })
    });
    let searches: Vec<_> = searches.collect();
    let found: Vec<_> = stream::iter(searches)
        .buffered(batch.at_once)
        .collect()
        .await;
    let mut found = found.into_iter();
    let mut failures = BTreeMap::new();
    for ((target, _), part) in indexes.iter().zip(&mut parts) {
        for (position, list) in target.positions.iter().zip(&mut found) {
            match list {
                Ok(list) => part.lists.push(list),
                Err(failure) => {
                    failures.insert(*position, failure);
                }
            }
        }
    }
    if !failures.is_empty() {
        return Err(refusals.first_of(failures).await);
    }

    let of_indexes: Vec<OfIndex<'_>> = parts.iter().map(|part| part.of_index(queries)).collect();
    let merged = federation::merge(&of_indexes, federation).map_err(Failure::internal)?;
    let counts = parts.iter().enumerate().map(|(at, part)| {
        let rejected: Vec<Place> = merged
            .rejected
            .iter()
            .copied()
            .filter(|place| place.index == at)
            .collect();
        let of_index = &of_indexes[at];
        async move { count(app, part, of_index, &rejected, federation).await }
    });
    let counted: Vec<Counted> = match try_join_all(counts).await {
        Ok(counted) => counted,
        Err(failure) => return Err(refusals.of_facets(failure).await),
    };
    let facets = facets(app, &refusals, &parts, &counted, federation).await?;
    refuse_personalization(federation)?;

    let answer = Answer {
        federation,
        indexes: &of_indexes,
        merged: &merged,
        total: counted.iter().map(|counted| counted.total).sum(),
        facets: &facets,
    };
    let metadata = batch.metadata.then(|| metadata_of(queries, &targets));
    let facts = Facts {
        processing_time_ms: batch.elapsed_ms(),
        request_uid: &batch.request_uid,
        metadata: metadata.as_deref(),
    };
    let body = federation::write(&answer, &facts).map_err(Failure::internal)?;
    let degraded: Vec<_> = parts
        .iter()
        .zip(&counted)
        .filter_map(|(part, counted)| part.degraded(counted))
        .collect();
    let degraded = render_degraded(degraded.iter().map(|(uid, what)| (*uid, what)));
    Ok(Reply::json_bytes(StatusCode::OK, body).degraded(degraded))
}

/// The indexes of the queries, in the order of their uids: that in which a server goes through them.
fn targets(app: &App, queries: &[IndexQuery]) -> Result<Vec<Target>, Failure> {
    let mut positions: BTreeMap<IndexUid, Vec<usize>> = BTreeMap::new();
    for (position, query) in queries.iter().enumerate() {
        let uid = resolve::uid(&query.index_uid.0)?;
        positions.entry(uid).or_default().push(position);
    }
    let targets = positions.into_iter().map(|(uid, positions)| Target {
        index: resolve::index(app, &uid).ok(),
        uid,
        positions,
    });
    Ok(targets.collect())
}

fn facets_of<'a>(federation: &'a Federation, uid: &IndexUid) -> Option<&'a [String]> {
    federation.facets_by_index.0.get(uid)?.as_deref()
}

/// The list of one query, which is `asked` with the page of the federation, and with facets to count over the same documents.
async fn list(
    app: &App,
    part: &Part<'_>,
    position: usize,
    query: SearchQuery,
    asked: SearchQuery,
    over_fetch: OverFetch,
) -> Result<List, Failure> {
    twin::check_search(app, part.index, &asked).await?;
    let end = Window::of(&asked, &part.index.view).end;
    let window = Window { start: 0, end };
    let (reading, purpose) = (&part.reading, Purpose::List);
    let found = hybrid::find(app, reading, &asked, window, over_fetch, purpose).await?;
    let matching = match &found.matching {
        Some(matching) => matching.clone(),
        None if found.by_vector => query.clone(),
        None => keyword_half(&query),
    };
    Ok(List {
        position,
        query,
        matching,
        end,
        found,
    })
}

impl Part<'_> {
    fn of_index<'a>(&'a self, queries: &[IndexQuery]) -> OfIndex<'a> {
        let lists = self.lists.iter().map(|list| Listed {
            position: list.position,
            weight: queries[list.position].weight(),
            query: &list.query,
            legs: &list.found.legs,
            hits: &list.found.hits,
        });
        OfIndex {
            index: self.uid.as_str(),
            view: &self.index.view,
            lists: lists.collect(),
        }
    }

    fn degraded(&self, counted: &Counted) -> Option<(&IndexUid, Degraded)> {
        let lists = self.lists.iter().map(|list| &list.found.uncovered);
        let lacking = lists.fold(counted.uncovered.clone(), |all: ShardSet, shards| {
            all.union(shards)
        });
        (!lacking.is_empty()).then_some((self.uid, Degraded::Uncovered(lacking)))
    }
}

/// The facets of the indexes that have some, checked as a server checks them.
async fn facets(
    app: &App,
    refusals: &Refusals<'_>,
    parts: &[Part<'_>],
    counted: &[Counted],
    federation: &Federation,
) -> Result<Vec<(usize, IndexFacets)>, Failure> {
    let mut orders = Orders::default();
    let mut facets = Vec::new();
    for (at, (part, counted)) in parts.iter().zip(counted).enumerate() {
        let Some(of_index) = &counted.facets else {
            continue;
        };
        if federation.merge_facets.is_some() {
            let agrees = orders.admit(part.uid.as_str(), &part.index.view, of_index.names());
            agrees.map_err(|error| refusals.of_index_facets(part.uid, error.into()))?;
        }
        facets.push((at, of_index.clone()));
    }
    for (uid, patterns) in &federation.facets_by_index.0 {
        if parts.iter().any(|part| part.uid == uid) {
            continue;
        }
        let unused = |failure: Failure| {
            reworded(failure, |message| {
                format!(
                    "Inside `.federation.facetsByIndex.{uid}`: {message}\n - Note: index `{uid}` is not used in queries"
                )
            })
        };
        let index = resolve::index(app, uid).map_err(|error| unused(error.into()))?;
        let Some(patterns) = patterns else {
            continue;
        };
        let names = super::census::facet_names(app, &index, patterns)
            .await
            .map_err(unused)?;
        if federation.merge_facets.is_some() {
            orders
                .admit(uid.as_str(), &index.view, names.iter().map(String::as_str))
                .map_err(|error| unused(error.into()))?;
        }
    }
    Ok(facets)
}

/// Without a service for it a server refuses at the very end.
fn refuse_personalization(federation: &Federation) -> Result<(), Failure> {
    let query = SearchQuery {
        personalize: federation.personalize.clone(),
        ..SearchQuery::default()
    };
    Ok(query.refuse_personalization()?)
}

fn metadata_of(queries: &[IndexQuery], targets: &[Target]) -> Vec<u8> {
    let mut all = b"[".to_vec();
    for (position, query) in queries.iter().enumerate() {
        let target = targets
            .iter()
            .find(|target| target.positions.contains(&position));
        if let Some((uid, index)) = target.and_then(|it| Some((&it.uid, it.index.as_ref()?))) {
            if all.len() > 1 {
                all.push(b',');
            }
            all.extend_from_slice(&metadata::of(&query.query, uid, index));
        }
    }
    all.push(b']');
    all
}
