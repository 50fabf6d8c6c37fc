//! Which of all that is wrong with a federated search is told: what a server comes upon first.
//!
//! A server reads every filter, then checks each query for what must not stand in a federation, and then goes through the
//! indexes in the order of their uids: the index, its queries in order, its facets. Queries run side by side here, so the
//! order is looked for once something has failed, when time no longer matters.

use std::collections::BTreeMap;

use miroir_core::error::{ApiError, Code};
use miroir_core::id::IndexUid;
use miroir_core::merge::federation;
use miroir_core::merge::federation::rules::{Compatible, Queried};
use miroir_core::wire::search::{Federation, IndexQuery, SearchQuery};
use serde_json::Value;

use super::federated::Target;
use super::{inside, reworded};
use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::Failure;
use crate::request::unreadable::{error_of, is_about_syntax};
use crate::request::{twin, unreadable};

pub(super) struct Refusals<'a> {
    pub(super) app: &'a App,
    pub(super) queries: &'a [IndexQuery],
    pub(super) federation: &'a Federation,
    pub(super) targets: &'a [Target],
}

impl Refusals<'_> {
    /// What can be told without searching.
    pub(super) async fn before_searching(&self) -> Result<(), Failure> {
        for (position, query) in self.queries.iter().enumerate() {
            if let Err(error) = query.check_federated(self.federation) {
                let unreadable = self.unreadable_filter(&mut BTreeMap::new()).await;
                return Err(unreadable.unwrap_or_else(|| inside(position, error.into())));
            }
        }
        if self.known_problems().is_empty() {
            return Ok(());
        }
        Err(self.first_of(BTreeMap::new()).await)
    }

    /// The failure to tell, given those of the queries that were searched, by position.
    pub(super) async fn first_of(&self, mut failures: BTreeMap<usize, Failure>) -> Failure {
        if let Some(failure) = self.unreadable_filter(&mut failures).await {
            return failure;
        }
        let mut known = self.known_problems();
        for target in self.targets {
            for position in &target.positions {
                if let Some(error) = known.remove(position) {
                    return inside(*position, error.into());
                }
                let failure = match (failures.remove(position), &target.index) {
                    (Some(failure), _) if !is_about_facets(&failure) => Some(failure),
                    (None, Some(index)) => {
                        let query = &self.queries[*position].query;
                        let asked = federation::own(query, self.federation);
                        twin::refusal(self.app, index, "search", asked.to_json()).await
                    }
                    _ => None,
                };
                if let Some(failure) = failure {
                    return inside(*position, failure);
                }
            }
            if let Some(index) = &target.index
                && let Some(failure) = self.refused_facets(index, &target.uid).await
            {
                return failure;
            }
        }
        let left = failures.into_iter().next();
        left.map_or_else(
            || Failure::internal("a query failed, and no reason is left"),
            |(position, failure)| inside(position, failure),
        )
    }

    /// A failure to count, which is about facets if about anything that a client wrote.
    pub(super) async fn of_facets(&self, failure: Failure) -> Failure {
        for target in self.targets {
            if let Some(index) = &target.index
                && let Some(refusal) = self.refused_facets(index, &target.uid).await
            {
                return refusal;
            }
        }
        failure
    }

    /// A failure about the facets of one of the indexes. It is told at the first query of the index.
    pub(super) fn of_index_facets(&self, uid: &IndexUid, failure: Failure) -> Failure {
        let named = reworded(failure, |message| {
            format!("Inside `.federation.facetsByIndex.{uid}`: {message}")
        });
        let target = self.targets.iter().find(|target| target.uid == *uid);
        match target.and_then(|target| target.positions.first()) {
            Some(position) => inside(*position, named),
            None => named,
        }
    }

    async fn refused_facets(&self, index: &Index, uid: &IndexUid) -> Option<Failure> {
        let patterns = self.federation.facets_by_index.0.get(uid)?.clone()?;
        let asked = SearchQuery {
            facets: Some(patterns),
            limit: 0,
            ..SearchQuery::default()
        };
        let failure = twin::refusal(self.app, index, "search", asked.to_json()).await?;
        Some(self.of_index_facets(uid, failure))
    }

    /// The first filter that cannot be read, whatever its index knows. Queries with a failure of their own were asked already.
    async fn unreadable_filter(&self, failures: &mut BTreeMap<usize, Failure>) -> Option<Failure> {
        for (position, query) in self.queries.iter().enumerate() {
            let Some(filter) = query
                .query
                .filter
                .as_ref()
                .filter(|filter| !filter.is_null())
            else {
                continue;
            };
            let failure = match failures.get(&position) {
                Some(failure) => is_about_syntax(failure).then(|| failures.remove(&position)),
                None => Some(unreadable::filter(self.app, filter).await),
            };
            if let Some(Some(failure)) = failure {
                return Some(inside(position, failure));
            }
        }
        None
    }

    /// Missing indexes, and queries whose rankings do not go together, by position.
    fn known_problems(&self) -> BTreeMap<usize, ApiError> {
        let mut problems = BTreeMap::new();
        let rules: Vec<Vec<&str>> = self.targets.iter().map(ranking_rules).collect();
        let mut compatible = Compatible::default();
        for (target, rules) in self.targets.iter().zip(&rules) {
            if target.index.is_none() {
                if let Some(position) = target.positions.first() {
                    problems.insert(*position, ApiError::index_not_found(&target.uid));
                }
                continue;
            }
            for position in &target.positions {
                let queried = Queried {
                    position: *position,
                    index: target.uid.as_str(),
                    rules,
                    query: &self.queries[*position].query,
                };
                if let Err(error) = compatible.admit(queried) {
                    problems.insert(*position, error);
                }
            }
        }
        problems
    }
}

/// The ranking rules as the client reads them.
fn ranking_rules(target: &Target) -> Vec<&str> {
    let view = target
        .index
        .as_ref()
        .and_then(|index| index.settings_view.as_ref());
    let rules = view.and_then(|view| view.get("rankingRules")?.as_array());
    rules
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn is_about_facets(failure: &Failure) -> bool {
    error_of(failure).is_some_and(|error| error.code == Code::InvalidSearchFacets)
}
