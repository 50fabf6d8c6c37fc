//! Totals and facets of a list, and the documents of its page: what is asked of the nodes once the order is known.

use std::collections::BTreeSet;

use miroir_core::merge::phases::{self, Documents};
use miroir_core::merge::recount::{self, Recount};
use miroir_core::merge::totals::{self, Counting, Kept, Union, id_filter};
use miroir_core::merge::{MergeError, NodeRequest, Picked, distinct::canonical_id};
use miroir_core::settings::values_per_facet;
use miroir_core::wire::answer::SearchAnswer;
use miroir_core::wire::search::SearchQuery;

use crate::http::reply::Failure;
use crate::request::ranked::{Ranked, Reading};
use crate::request::scatter::{LegEnd, ScatterEnd};

/// Why a second request brought nothing.
pub(crate) enum Missed {
    /// A node that the list is from is gone: the list has to be made anew.
    Lost,
    Ended(ScatterEnd),
}

impl From<ScatterEnd> for Missed {
    fn from(end: ScatterEnd) -> Self {
        Self::Ended(end)
    }
}

/// How many documents match, and the answers whose facet counts add up.
pub(crate) struct Counts {
    pub(crate) total: u64,
    /// `None` for those of the list itself.
    pub(crate) facets: Option<Vec<SearchAnswer>>,
    /// By leg: the filter on what was counted of all that matches. `None` when no filter says it.
    filters: Option<Vec<Option<String>>>,
}

impl Counts {
    /// What the answers of the list say.
    pub(crate) fn of_list(ranked: &Ranked) -> Self {
        Self {
            total: totals::of_list(&ranked.legs, &ranked.order),
            facets: None,
            filters: None,
        }
    }

    /// The same, never to be counted again: they are not of the legs of the list.
    pub(crate) fn never_again(self) -> Self {
        Self {
            filters: None,
            ..self
        }
    }

    /// What answers apart from those of the list say.
    pub(crate) fn of_answers(ranked: Ranked) -> Self {
        Self {
            total: totals::of_list(&ranked.legs, &ranked.order),
            facets: Some(ranked.legs.into_iter().map(|leg| leg.answer).collect()),
            filters: None,
        }
    }
}

impl Reading<'_> {
    /// Counts what `query` matches, given the first `end` hits of it.
    pub(crate) async fn counts(
        &self,
        query: &SearchQuery,
        ranked: &Ranked,
        end: usize,
    ) -> Result<Counts, Missed> {
        let view = &self.index.view;
        let counting = Counting::of(query, view, &ranked.legs, &ranked.order, end);
        let counting = counting.map_err(failed)?;
        self.counted_by(counting, query, ranked).await
    }

    /// Counts what `query` matches in this way.
    pub(crate) async fn counted_by(
        &self,
        counting: Counting,
        query: &SearchQuery,
        ranked: &Ranked,
    ) -> Result<Counts, Missed> {
        let legs = 0..ranked.legs.len();
        let is_plain =
            self.index.view.distinct_of(query).is_none() && query.ranking_score_threshold.is_none();
        let filters: Vec<Option<String>> = match &counting {
            Counting::List => {
                let filters = is_plain.then(|| vec![None; legs.len()]);
                return Ok(Counts {
                    filters,
                    ..Counts::of_list(ranked)
                });
            }
            Counting::Values(kept) => return self.values(query, ranked, kept).await,
            Counting::WithoutThreshold => vec![None; legs.len()],
            Counting::Without(dropped) if query.facets.is_none() => {
                let all = totals::of_list(&ranked.legs, &ranked.order);
                return Ok(Counts {
                    total: all.saturating_sub(dropped.hits()),
                    facets: Some(Vec::new()),
                    filters: None,
                });
            }
            Counting::Without(dropped) => legs.map(|leg| dropped.rest_filter(leg)).collect(),
            Counting::WithoutDuplicates(kept) => legs
                .map(|leg| Some(kept.remainder_filter(leg, None)))
                .collect(),
            Counting::Shown(kept) if query.facets.is_none() => {
                return Ok(Counts {
                    total: kept.hits(),
                    facets: Some(Vec::new()),
                    filters: None,
                });
            }
            Counting::Shown(kept) => legs.map(|leg| Some(kept.hits_filter(leg))).collect(),
        };
        let request = NodeRequest::whole(&plain(query), &self.index.view);
        let answers = self.add_up(ranked, &request, |leg| filters[leg].clone());
        Ok(match answers.await? {
            None => Counts::of_list(ranked),
            Some(answers) => Counts {
                total: sum(&answers),
                facets: Some(answers),
                filters: Some(filters),
            },
        })
    }

    /// Counts under a distinct attribute for pages: every value once, shown or not.
    async fn values(
        &self,
        query: &SearchQuery,
        ranked: &Ranked,
        kept: &Kept,
    ) -> Result<Counts, Missed> {
        let view = &self.index.view;
        let values = SearchQuery {
            facets: Some(vec![kept.attribute().to_owned()]),
            ..bare(query)
        };
        let values = NodeRequest::whole(&values, view);
        let most = values_per_facet(view.max_values_per_facet, self.index.shards());
        let union = match self.add_up(ranked, &values, |_| None).await? {
            Some(answers) => Union::of(&answers, kept.attribute(), most).map_err(failed)?,
            None => None,
        };
        if let (Some(Union { total, .. }), None) = (&union, &query.facets) {
            return Ok(Counts {
                total: *total,
                facets: None,
                filters: None,
            });
        }
        let request = NodeRequest::new(&bare(query), view);
        let filter = |leg| Some(kept.remainder_filter(leg, union.as_ref()));
        let answers = self.add_up(ranked, &request, filter).await?;
        Ok(answers.map_or_else(
            || Counts::of_list(ranked),
            |answers| Counts {
                total: union.map_or_else(|| sum(&answers), |union| union.total),
                facets: Some(answers),
                filters: None,
            },
        ))
    }

    /// Counts again what the nodes left out of their lists of the most frequent values. Where no filter says what they counted,
    /// their lists have to do.
    pub(crate) async fn recounts(
        &self,
        query: &SearchQuery,
        ranked: &Ranked,
        counts: &Counts,
    ) -> Result<Vec<Recount>, Missed> {
        let view = &self.index.view;
        let Some(counted) = counts.filters.as_ref().filter(|filters| filters.len() > 1) else {
            return Ok(Vec::new());
        };
        if query.facets.is_none() {
            return Ok(Vec::new());
        }
        let lists: Vec<&SearchAnswer> = match &counts.facets {
            Some(answers) => answers.iter().collect(),
            None => ranked.legs.iter().map(|leg| &leg.answer).collect(),
        };
        let most = values_per_facet(view.max_values_per_facet, self.index.shards());
        let mut recounts = Vec::new();
        for left_out in recount::left_out(&lists, view, most).map_err(failed)? {
            let one_facet = SearchQuery {
                facets: Some(vec![left_out.facet().to_owned()]),
                ..plain(query)
            };
            let request = NodeRequest::whole(&one_facet, view);
            let ask = |leg: usize| {
                let values = left_out.filter(leg)?;
                let both: Vec<String> = counted[leg].iter().cloned().chain([values]).collect();
                Some((Some(both.join(" AND ")), 0))
            };
            match self.again(ranked, &request, ask).await {
                Ok(answers) => recounts.push(Recount { left_out, answers }),
                // It cannot be filtered by equality, or has a strange value.
                Err(LegEnd::Rejected(_)) => {}
                Err(LegEnd::Lost) => return Err(Missed::Lost),
            }
        }
        Ok(recounts)
    }

    /// Asks every leg for counts alone. `None` when a node refuses the question, which only a strange value in a filter
    /// can make it do.
    async fn add_up(
        &self,
        ranked: &Ranked,
        request: &NodeRequest,
        filter: impl Fn(usize) -> Option<String>,
    ) -> Result<Option<Vec<SearchAnswer>>, Missed> {
        let ask = |leg| Some((filter(leg), 0));
        match self.again(ranked, request, ask).await {
            Ok(answers) => Ok(Some(answers)),
            Err(LegEnd::Rejected(answer)) => {
                tracing::warn!(
                    status = answer.status.as_u16(),
                    code = answer.error_code(),
                    "a node refuses to count"
                );
                Ok(None)
            }
            Err(LegEnd::Lost) => Err(Missed::Lost),
        }
    }

    /// The documents of a page whose hits came without. `None` when they cannot be told apart by their keys, or one is gone.
    pub(crate) async fn documents(
        &self,
        query: &SearchQuery,
        ranked: &Ranked,
        page: &[Picked],
    ) -> Result<Option<Documents>, Missed> {
        let view = &self.index.view;
        let Some(primary_key) = view.primary_key.as_deref() else {
            return Ok(None);
        };
        let mut ids = vec![Vec::new(); ranked.legs.len()];
        for picked in page {
            match canonical_id(picked.bytes(&ranked.legs), primary_key)
                .map_err(|error| failed(error.into()))?
            {
                Some(id) => ids[picked.leg].push(id),
                None => return Ok(None),
            }
        }
        let request = NodeRequest::whole(&phases::documents(query), view);
        let ask = |leg: usize| {
            let ids: &Vec<String> = &ids[leg];
            let filter = || (Some(id_filter(primary_key, ids)), ids.len());
            (!ids.is_empty()).then(filter)
        };
        match self.again(ranked, &request, ask).await {
            Ok(answers) => {
                Documents::locate(&ranked.legs, page, primary_key, answers).map_err(failed)
            }
            Err(LegEnd::Rejected(_)) => Ok(None),
            Err(LegEnd::Lost) => Err(Missed::Lost),
        }
    }
}

fn sum(answers: &[SearchAnswer]) -> u64 {
    answers.iter().map(|answer| answer.total).sum()
}

/// The query for its counts alone: one that shows nothing.
fn bare(query: &SearchQuery) -> SearchQuery {
    SearchQuery {
        offset: 0,
        limit: 0,
        page: query.page.map(|_| 1),
        hits_per_page: query.is_paged().then_some(0),
        sort: None,
        attributes_to_retrieve: Some(BTreeSet::new()),
        attributes_to_highlight: None,
        attributes_to_crop: None,
        show_matches_position: false,
        retrieve_vectors: false,
        ..query.clone()
    }
}

/// The same, matching all that its filter and its words match.
fn plain(query: &SearchQuery) -> SearchQuery {
    SearchQuery {
        page: None,
        hits_per_page: None,
        ranking_score_threshold: None,
        ..bare(query)
    }
}

fn failed(error: MergeError) -> Missed {
    Missed::Ended(ScatterEnd::Failed(Failure::internal(error)))
}
