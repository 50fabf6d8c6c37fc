//! `matchingStrategy: frequency`: the fleet's counts decide which words are dropped, and each step is a list of its own.

use std::collections::HashSet;

use futures_util::future::try_join_all;
use miroir_core::id::ShardSet;
use miroir_core::merge::distinct::canonical_id;
use miroir_core::merge::frequency::Words;
use miroir_core::merge::{Picked, Window, totals};
use miroir_core::plan::Constraints;
use miroir_core::wire::search::{MatchingStrategy, SearchQuery};

use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::Failure;
use crate::request::found::Found;
use crate::request::ranked::{Ranked, Reading};
use crate::request::scatter::ScatterEnd;
use crate::request::search::explain_end;

/// The words of a query whose steps are made here. Under a distinct attribute or a threshold the steps would have to know of
/// each other; those queries, and those whose words are not certain, are left to the nodes.
pub(crate) fn words<'q>(index: &Index, query: &'q SearchQuery) -> Option<Words<'q>> {
    let is_plain = query.matching_strategy == MatchingStrategy::Frequency
        && query.ranking_score_threshold.is_none()
        && index.view.distinct_of(query).is_none()
        && index.primary_key().is_some();
    let text = query.q.as_deref().filter(|_| is_plain)?;
    Words::of(text, &index.settings)
}

/// Goes down the steps until the window is full. What matches at all is what the last step matches.
pub(crate) async fn find(
    app: &App,
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
    words: &Words<'_>,
) -> Result<Found, Failure> {
    let index = reading.index;
    let text = query.q.as_deref().unwrap_or_default();
    let frequencies = match frequencies(app, index, query, &words.questions(text)).await {
        Ok(frequencies) => frequencies,
        Err(end) => return Err(explain_end(app, index, query, end).await),
    };
    let mut steps = words.steps(text, &frequencies);
    let last = steps.pop().unwrap_or_else(|| text.to_owned());
    let mut found = Steps::default();
    for step in &steps {
        let step = SearchQuery {
            facets: None,
            ..all_of(query, step)
        };
        // What an earlier step found is found again, and left out.
        let wanted = window.end + found.hits.len();
        match reading.ranked(&step, wanted).await {
            Ok(ranked) => found.add(ranked, index, window.end)?,
            Err(end) => return Err(explain_end(app, index, query, end).await),
        }
        if found.hits.len() >= window.end {
            break;
        }
    }
    let is_full = found.hits.len() >= window.end;
    let wanted = if is_full {
        0
    } else {
        window.end + found.hits.len()
    };
    let ranked = match reading.ranked(&all_of(query, &last), wanted).await {
        Ok(ranked) => ranked,
        Err(end) => return Err(explain_end(app, index, query, end).await),
    };
    let total = totals::of_list(&ranked.legs, &ranked.order);
    let counted = found.legs.len()..found.legs.len() + ranked.legs.len();
    found.add(ranked, index, window.end)?;
    let Steps {
        legs,
        hits,
        ambiguous_ids,
        uncovered,
        ..
    } = found;
    Ok(Found::blended(
        legs,
        hits,
        ambiguous_ids,
        total,
        counted,
        uncovered,
    ))
}

/// How many documents have each word, whatever the query's filter, as a server counts.
async fn frequencies(
    app: &App,
    index: &Index,
    query: &SearchQuery,
    questions: &[String],
) -> Result<Vec<u64>, ScatterEnd> {
    let view = app.view(index.node_uid());
    let everywhere = Constraints::default();
    let reading = Reading::new(app, index, &view, &everywhere);
    let counts = questions.iter().map(async |question| {
        let question = SearchQuery {
            q: Some(question.clone()),
            matching_strategy: MatchingStrategy::All,
            attributes_to_search_on: query.attributes_to_search_on.clone(),
            locales: query.locales.clone(),
            ..SearchQuery::default()
        };
        let ranked = reading.ranked(&question, 0).await?;
        Ok(totals::of_list(&ranked.legs, &ranked.order))
    });
    try_join_all(counts).await
}

/// The query with these words, all of which must match.
fn all_of(query: &SearchQuery, words: &str) -> SearchQuery {
    SearchQuery {
        q: Some(words.to_owned()),
        matching_strategy: MatchingStrategy::All,
        ..query.clone()
    }
}

/// The lists of the steps, one behind the other.
#[derive(Default)]
struct Steps {
    legs: Vec<miroir_core::merge::Leg>,
    hits: Vec<Picked>,
    seen: HashSet<String>,
    ambiguous_ids: bool,
    uncovered: ShardSet,
}

impl Steps {
    /// Adds a list without the documents of those before, up to `end` hits in all.
    fn add(&mut self, ranked: Ranked, index: &Index, end: usize) -> Result<(), Failure> {
        let before = self.legs.len();
        let primary_key = index.primary_key().unwrap_or_default();
        for picked in ranked.order.picked {
            if self.hits.len() >= end {
                break;
            }
            let id =
                canonical_id(picked.bytes(&ranked.legs), primary_key).map_err(Failure::internal)?;
            if id.is_none_or(|id| self.seen.insert(id)) {
                self.hits.push(Picked {
                    leg: before + picked.leg,
                    hit: picked.hit,
                });
            }
        }
        self.ambiguous_ids |= ranked.order.ambiguous_ids;
        self.uncovered = self.uncovered.union(&ranked.uncovered);
        self.legs.extend(ranked.legs);
        Ok(())
    }
}
