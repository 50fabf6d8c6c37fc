//! `matchingStrategy: frequency`: the fleet's counts decide which words documents may miss, and each set of words that is left is a
//! list of its own.

use std::collections::HashSet;
use std::ops::Range;

use futures_util::future::try_join_all;
use miroir_core::id::ShardSet;
use miroir_core::merge::frequency::{self, Kept, List, Place, Words};
use miroir_core::merge::{self, Picked, Window, totals};
use miroir_core::plan::Constraints;
use miroir_core::wire::search::{MatchingStrategy, SearchQuery};

use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::Failure;
use crate::request::found::Found;
use crate::request::ranked::{Ranked, Reading};
use crate::request::search::explained;

/// The words of a query whose lists are made here. Under a distinct attribute or a threshold the lists would have to know of
/// each other; those queries, and those whose words are not certain, are left to the nodes.
pub(crate) fn words<'q>(index: &Index, query: &'q SearchQuery) -> Option<Words<'q>> {
    let is_plain = query.matching_strategy == MatchingStrategy::Frequency
        && query.ranking_score_threshold.is_none()
        && index.view.distinct_of(query).is_none()
        && index.primary_key().is_some();
    let text = query.q.as_deref().filter(|_| is_plain)?;
    Words::of(text, &index.settings)
}

/// Goes down the levels until the window is full. What matches at all is what the last level matches.
pub(crate) async fn find(
    app: &App,
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
    words: &Words<'_>,
) -> Result<Found, Failure> {
    let mut search = Search {
        app,
        reading,
        query,
        words,
        end: window.end,
        legs: Vec::new(),
        hits: Vec::new(),
        seen: HashSet::new(),
        ambiguous_ids: false,
        uncovered: ShardSet::default(),
    };
    let levels = frequency::levels(&search.frequencies().await?);
    let last = levels.len() - 1; // of no word that may be missing there is a level, too
    let mut counted = 0..0;
    for (at, level) in levels.iter().enumerate() {
        if search.hits.len() >= window.end && at < last {
            continue;
        }
        let facets = query.facets.as_ref().filter(|_| at == last);
        let place = Place {
            level: at,
            of: levels.len(),
        };
        let list = all_of(query, facets.cloned());
        counted = search.level(level, &list, place).await?;
    }
    let Search {
        legs,
        hits,
        ambiguous_ids,
        uncovered,
        ..
    } = search;
    let total = legs[counted.clone()]
        .iter()
        .map(|leg| leg.answer.total)
        .sum();
    Ok(Found::blended(
        legs,
        hits,
        ambiguous_ids,
        total,
        counted,
        uncovered,
    ))
}

/// The query, to be given words all of which must match, and these facets.
fn all_of(query: &SearchQuery, facets: Option<Vec<String>>) -> SearchQuery {
    SearchQuery {
        matching_strategy: MatchingStrategy::All,
        show_ranking_score: shows_scores(query),
        facets,
        ..query.clone()
    }
}

fn shows_scores(query: &SearchQuery) -> bool {
    query.show_ranking_score || query.show_ranking_score_details
}

/// A query, and what was found so far.
struct Search<'a> {
    app: &'a App,
    reading: &'a Reading<'a>,
    query: &'a SearchQuery,
    words: &'a Words<'a>,
    /// How many hits are wanted.
    end: usize,
    legs: Vec<merge::Leg>,
    hits: Vec<Picked>,
    seen: HashSet<String>,
    ambiguous_ids: bool,
    uncovered: ShardSet,
}

impl Search<'_> {
    fn text(&self) -> &str {
        self.query.q.as_deref().unwrap_or_default()
    }

    /// How many documents have each word, whatever the query's filter, as a server counts.
    async fn frequencies(&self) -> Result<Vec<u64>, Failure> {
        let index = self.reading.index;
        let view = self.app.view(index.node_uid());
        let everywhere = Constraints::default();
        let reading = Reading::new(self.app, index, &view, &everywhere);
        let counts = self
            .words
            .questions(self.text())
            .into_iter()
            .map(async |question| {
                let question = SearchQuery {
                    q: Some(question),
                    matching_strategy: MatchingStrategy::All,
                    attributes_to_search_on: self.query.attributes_to_search_on.clone(),
                    locales: self.query.locales.clone(),
                    ..SearchQuery::default()
                };
                let ranked = explained(
                    self.app,
                    index,
                    self.query,
                    reading.ranked(&question, 0).await,
                )
                .await?;
                Ok(totals::of_list(&ranked.legs, &ranked.order))
            });
        try_join_all(counts).await
    }

    /// Adds the hits of a level that are new, up to the end, and returns where the legs of its last list are.
    async fn level(
        &mut self,
        level: &[Kept],
        query: &SearchQuery,
        place: Place,
    ) -> Result<Range<usize>, Failure> {
        let wanted = self.end - self.hits.len();
        // Hits of the levels before may come first in each list, and are left out.
        let mut asked = if wanted == 0 { 0 } else { self.end };
        let mut lists: Vec<(Kept, Ranked)> = self.lists(level, query, asked).await?;
        let most = self.reading.index.view.max_total_hits;
        let primary_key = self.reading.index.primary_key().unwrap_or_default();
        let (hits, rescored) = loop {
            let known: Vec<List<'_>> = lists
                .iter()
                .map(|(kept, ranked)| List {
                    kept: *kept,
                    legs: &ranked.legs,
                    order: &ranked.order,
                    goes_on: ranked.order.picked.len() >= asked && asked < most,
                })
                .collect();
            let merged = frequency::merge(&known, &self.seen, primary_key, wanted)
                .map_err(Failure::internal)?;
            if merged.refill.is_empty() {
                let rescored = shows_scores(self.query)
                    .then(|| frequency::rescored(&known, &merged.hits, place));
                break (
                    merged.hits,
                    rescored.transpose().map_err(Failure::internal)?,
                );
            }
            asked = (asked * 2).min(most);
            lists = self.lists(level, query, asked).await?;
        };
        let mut legs_of = Vec::with_capacity(lists.len());
        for (_, ranked) in lists {
            legs_of.push(self.legs.len()..self.legs.len() + ranked.legs.len());
            self.ambiguous_ids |= ranked.order.ambiguous_ids;
            self.uncovered = self.uncovered.union(&ranked.uncovered);
            self.legs.extend(ranked.legs);
        }
        let own_leg = rescored.map(|leg| {
            self.legs.push(leg);
            self.legs.len() - 1
        });
        for (hit, told) in hits.into_iter().enumerate() {
            let leg = legs_of[told.list].start + told.picked.leg;
            let picked = Picked { leg, ..told.picked };
            self.hits
                .push(own_leg.map_or(picked, |leg| Picked { leg, hit }));
            self.seen.insert(told.id);
        }
        Ok(legs_of.pop().unwrap_or_default())
    }

    /// The lists of a level, the first `end` hits of each.
    async fn lists(
        &self,
        level: &[Kept],
        query: &SearchQuery,
        end: usize,
    ) -> Result<Vec<(Kept, Ranked)>, Failure> {
        let (app, index) = (self.app, self.reading.index);
        let lists = level.iter().map(async |kept| {
            let list = SearchQuery {
                q: Some(self.words.query(self.text(), *kept)),
                ..query.clone()
            };
            let list = self.reading.ranked(&list, end).await;
            Ok((*kept, explained(app, index, self.query, list).await?))
        });
        try_join_all(lists).await
    }
}
