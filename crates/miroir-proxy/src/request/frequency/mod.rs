//! `matchingStrategy: frequency`: the fleet's counts decide which words documents may miss, and each set of words that is left is a
//! list of its own.

mod levels;

use futures_util::future::try_join_all;
use futures_util::try_join;
use miroir_core::merge::frequency::{self, Kept, Words};
use miroir_core::merge::totals::{self, Counting};
use miroir_core::merge::{MergeError, Window};
use miroir_core::plan::Constraints;
use miroir_core::wire::search::{MatchingStrategy, SearchQuery};

use self::levels::Descent;
use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::Failure;
use crate::request::counted::Missed;
use crate::request::found::Found;
use crate::request::ranked::Reading;
use crate::request::scatter::ScatterEnd;

/// The words of a query whose lists are made here. Queries whose words are not certain are left to the nodes.
pub(crate) fn words<'q>(index: &Index, query: &'q SearchQuery) -> Option<Words<'q>> {
    let is_by_frequency =
        query.matching_strategy == MatchingStrategy::Frequency && index.primary_key().is_some();
    let text = query.q.as_deref().filter(|_| is_by_frequency)?;
    Words::of(text, &index.settings)
}

/// Goes down the levels until the window is full. What matches at all is what the last level matches.
pub(crate) async fn find(
    app: &App,
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
    words: &Words<'_>,
) -> Result<Found, Missed> {
    let view = &reading.index.view;
    let levels = frequency::levels(&frequencies(app, reading.index, query, words).await?);
    // Of no word that may be missing there is a level, too.
    let last = levels.last().and_then(|level| level.last());
    let matching = last.map_or_else(|| query.clone(), |kept| matching(query, words, *kept));
    // With pages, a server judges every hit by the threshold.
    let end = match query.ranking_score_threshold {
        Some(_) if query.is_paged() => view.max_total_hits,
        _ => window.end,
    };
    let mut descent = Descent::new(reading, words, query, end);
    let (counted, ()) = try_join!(reading.ranked_whole(&matching, 0), descent.through(&levels))?;
    let of = (&descent.legs[..], &descent.hits[..]);
    let counting = Counting::of_blend(query, view, of, end, counted.legs.len()).map_err(failed)?;
    let counts = reading.counted_by(counting, &matching, &counted).await?;
    let recounts = reading.recounts(&matching, &counted, &counts).await?;
    descent.hits.truncate(window.end);
    let mut legs = descent.legs;
    let first = legs.len();
    legs.extend(counted.legs);
    let found = Found::blended(
        descent.hits,
        descent.ambiguous_ids,
        counts.total,
        first..legs.len(),
        descent.uncovered.union(&counted.uncovered),
        legs,
    );
    Ok(found.with_counts(counts, recounts, matching))
}

/// The query for all that matches, which has these words.
fn matching(query: &SearchQuery, words: &Words<'_>, kept: Kept) -> SearchQuery {
    SearchQuery {
        q: Some(words.query(query.q.as_deref().unwrap_or_default(), kept)),
        matching_strategy: MatchingStrategy::All,
        ranking_score_threshold: None,
        ..query.clone()
    }
}

/// How many documents have each word, whatever the query's filter, as a server counts.
async fn frequencies(
    app: &App,
    index: &Index,
    query: &SearchQuery,
    words: &Words<'_>,
) -> Result<Vec<u64>, ScatterEnd> {
    let view = app.view(index.node_uid());
    let everywhere = Constraints::default();
    let reading = Reading::new(app, index, &view, &everywhere);
    let questions = words.questions(query.q.as_deref().unwrap_or_default());
    let counts = questions.into_iter().map(async |question| {
        let question = SearchQuery {
            q: Some(question),
            matching_strategy: MatchingStrategy::All,
            attributes_to_search_on: query.attributes_to_search_on.clone(),
            locales: query.locales.clone(),
            ..SearchQuery::default()
        };
        let ranked = reading.ranked_whole(&question, 0).await?;
        Ok(totals::of_list(&ranked.legs, &ranked.order))
    });
    try_join_all(counts).await
}

fn failed(error: MergeError) -> Missed {
    Missed::Ended(ScatterEnd::Failed(Failure::internal(error)))
}
