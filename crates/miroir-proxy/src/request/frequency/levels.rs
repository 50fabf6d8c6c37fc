//! From the documents with all words down to those with fewest, until the window is full.

use std::collections::HashSet;

use futures_util::future::try_join_all;
use miroir_core::id::ShardSet;
use miroir_core::merge::frequency::{self, Gate, Kept, List, Merged, Place, Words};
use miroir_core::merge::{self, Picked};
use miroir_core::wire::search::{MatchingStrategy, SearchQuery};

use crate::http::reply::Failure;
use crate::request::ranked::{Ranked, Reading};
use crate::request::scatter::ScatterEnd;

/// A query, and what was found so far.
pub(super) struct Descent<'a> {
    reading: &'a Reading<'a>,
    words: &'a Words<'a>,
    /// What its lists are asked with, but for the words.
    query: SearchQuery,
    scored: bool,
    gate: Gate<'a>,
    /// How many hits are wanted.
    end: usize,
    seen: HashSet<String>,
    pub(super) legs: Vec<merge::Leg>,
    /// Out of `legs`.
    pub(super) hits: Vec<Picked>,
    pub(super) ambiguous_ids: bool,
    pub(super) uncovered: ShardSet,
}

/// What a level was found to have.
struct Level {
    lists: Vec<(Kept, Ranked)>,
    merged: Merged,
    /// Its hits with the scores of one server, where scores matter.
    rescored: Option<merge::Leg>,
    /// The hits that are shown, by their positions.
    admitted: Vec<usize>,
}

impl<'a> Descent<'a> {
    pub(super) fn new(
        reading: &'a Reading<'a>,
        words: &'a Words<'a>,
        query: &'a SearchQuery,
        end: usize,
    ) -> Self {
        let threshold = query.ranking_score_threshold;
        let scored =
            query.show_ranking_score || query.show_ranking_score_details || threshold.is_some();
        // Nodes that rank by words score as a server does; the others need not look at documents that miss some.
        let strategy = match scored {
            true => MatchingStrategy::Last,
            false => MatchingStrategy::All,
        };
        Self {
            reading,
            words,
            query: SearchQuery {
                matching_strategy: strategy,
                show_ranking_score: scored,
                ranking_score_threshold: None,
                facets: None,
                ..query.clone()
            },
            scored,
            gate: Gate::new(threshold, reading.index.view.distinct_of(query)),
            end,
            seen: HashSet::new(),
            legs: Vec::new(),
            hits: Vec::new(),
            ambiguous_ids: false,
            uncovered: ShardSet::default(),
        }
    }

    /// Goes down the levels.
    pub(super) async fn through(&mut self, levels: &[Vec<Kept>]) -> Result<(), ScatterEnd> {
        for (at, level) in levels.iter().enumerate() {
            let place = Place {
                level: at,
                of: levels.len(),
            };
            if self.hits.len() >= self.end || self.gate.is_shut(place.share()) {
                break;
            }
            let level = self.level(level, place).await?;
            self.add(level);
        }
        Ok(())
    }

    /// The hits of a level that are new, up to the end.
    async fn level(&mut self, level: &[Kept], place: Place) -> Result<Level, ScatterEnd> {
        let wanted = self.end - self.hits.len();
        let most = self.reading.index.view.max_total_hits;
        // Hits of the levels before may come first in each list, and are left out, and so are those that are not shown.
        let (mut asked, mut needed) = (self.end, wanted);
        let mut lists = self.lists(level, asked).await?;
        loop {
            let known = lists
                .iter()
                .map(|(kept, ranked)| {
                    let may_go_on = ranked.order.picked.len() >= asked && asked < most;
                    List::of(*kept, &ranked.legs, &ranked.order, may_go_on)
                })
                .collect::<Result<Vec<_>, _>>()
                .map_err(broken)?;
            let primary_key = self.reading.index.primary_key().unwrap_or_default();
            let merged =
                frequency::merge(&known, &self.seen, primary_key, needed).map_err(broken)?;
            if merged.refill.is_empty() {
                let rescored = self
                    .scored
                    .then(|| frequency::rescored(&known, &merged, place))
                    .transpose()
                    .map_err(broken)?;
                let mut gate = self.gate.clone();
                let admitted = gate
                    .admit(&merged, rescored.as_ref(), &known, wanted)
                    .map_err(broken)?;
                if admitted.len() >= wanted || merged.hits.len() < needed {
                    self.gate = gate;
                    return Ok(Level {
                        lists,
                        merged,
                        rescored,
                        admitted,
                    });
                }
                needed *= 2;
                continue;
            }
            asked = (asked * 2).min(most);
            lists = self.lists(level, asked).await?;
        }
    }

    fn add(&mut self, level: Level) {
        let mut legs_of = Vec::with_capacity(level.lists.len());
        for (_, ranked) in level.lists {
            self.ambiguous_ids |= ranked.order.ambiguous_ids;
            self.uncovered = self.uncovered.union(&ranked.uncovered);
            // Once their hits are scored anew, what the nodes said of them would only be confused with it.
            if level.rescored.is_none() {
                legs_of.push(self.legs.len());
                self.legs.extend(ranked.legs);
            }
        }
        let own = self.legs.len();
        self.legs.extend(level.rescored);
        for hit in &level.admitted {
            let told = &level.merged.hits[*hit];
            self.hits.push(match legs_of.get(told.list) {
                Some(first) => Picked {
                    leg: first + told.picked.leg,
                    ..told.picked
                },
                None => Picked {
                    leg: own,
                    hit: *hit,
                },
            });
        }
        self.seen
            .extend(level.merged.hits.into_iter().map(|told| told.id));
    }

    /// The lists of a level, the first `end` hits of each.
    async fn lists(&self, level: &[Kept], end: usize) -> Result<Vec<(Kept, Ranked)>, ScatterEnd> {
        let text = self.query.q.as_deref().unwrap_or_default();
        let lists = level.iter().map(async |kept| {
            let list = SearchQuery {
                q: Some(self.words.query(text, *kept)),
                ..self.query.clone()
            };
            Ok((*kept, self.reading.ranked_whole(&list, end).await?))
        });
        try_join_all(lists).await
    }
}

fn broken(error: merge::MergeError) -> ScatterEnd {
    ScatterEnd::Failed(Failure::internal(error))
}
