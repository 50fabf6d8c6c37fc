//! What a search found, of whatever kind it was, and how a search by words finds it.

use std::ops::Range;

use miroir_core::id::ShardSet;
use miroir_core::merge::phases::{self, Documents};
use miroir_core::merge::recount::Recount;
use miroir_core::merge::{self, Picked, Window};
use miroir_core::wire::answer::SearchAnswer;
use miroir_core::wire::search::SearchQuery;

use crate::app::App;
use crate::http::reply::Failure;
use crate::request::counted::{Counts, Missed};
use crate::request::ranked::{Ranked, Reading};
use crate::request::scatter::unavailable;
use crate::request::search::explain_end;
use crate::request::{frequency, judged};

/// What hits are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// They are the answer.
    Page,
    /// They are compared with hits of other searches, by their scores and with their documents.
    List,
}

/// All that an answer is written from.
pub(crate) struct Found {
    pub(crate) legs: Vec<merge::Leg>,
    /// Best first, from the first hit of all on; out of `legs`.
    pub(crate) hits: Vec<Picked>,
    /// The documents of the page; `None` when the hits have them.
    pub(crate) documents: Option<Documents>,
    pub(crate) total: u64,
    /// Documents were found by their vectors, too: all that the filter lets through counts as found.
    pub(crate) by_vector: bool,
    /// Where lists by vectors stand beside lists by words: for each leg the one with the list by words of its node, if that made one.
    pub(crate) word_legs: Option<Vec<Option<usize>>>,
    /// The legs that counted each document once.
    counted: Range<usize>,
    /// Answers to a question of its own about counts, which are right where those of the legs are not.
    facets: Option<Vec<SearchAnswer>>,
    /// A query that matches the same documents whatever a node has of its words; `None` when the query itself does.
    pub(crate) matching: Option<SearchQuery>,
    /// What the lists of those that counted lack.
    pub(crate) recounts: Vec<Recount>,
    /// Some ids were equal to the engine, and stand in the order of their canonical form.
    pub(crate) ambiguous_ids: bool,
    /// Shards that no leg answers for.
    pub(crate) uncovered: ShardSet,
}

impl From<Ranked> for Found {
    fn from(ranked: Ranked) -> Self {
        let counts = Counts::of_list(&ranked);
        Self::new(ranked, None, counts, Vec::new())
    }
}

impl Found {
    pub(crate) fn new(
        ranked: Ranked,
        documents: Option<Documents>,
        counts: Counts,
        recounts: Vec<Recount>,
    ) -> Self {
        Self {
            counted: 0..ranked.legs.len(),
            ambiguous_ids: ranked.order.ambiguous_ids,
            hits: ranked.order.picked,
            legs: ranked.legs,
            documents,
            total: counts.total,
            by_vector: false,
            word_legs: None,
            facets: counts.facets,
            matching: None,
            recounts,
            uncovered: ranked.uncovered,
        }
    }

    /// Hits out of several lists, of which those in `counted` (positions in `legs`) have seen every document.
    pub(crate) fn blended(
        hits: Vec<Picked>,
        ambiguous_ids: bool,
        total: u64,
        counted: Range<usize>,
        uncovered: ShardSet,
        legs: Vec<merge::Leg>,
    ) -> Self {
        Self {
            legs,
            hits,
            documents: None,
            total,
            by_vector: false,
            word_legs: None,
            counted,
            facets: None,
            matching: None,
            recounts: Vec::new(),
            ambiguous_ids,
            uncovered,
        }
    }

    /// The same, counted in this way, of a query that matches as much as `matching`.
    pub(crate) fn with_counts(
        self,
        counts: Counts,
        recounts: Vec<Recount>,
        matching: SearchQuery,
    ) -> Self {
        Self {
            total: counts.total,
            facets: counts.facets,
            recounts,
            matching: Some(matching),
            ..self
        }
    }

    /// The same, vectors having had their part in it.
    pub(crate) fn with_vectors(self) -> Self {
        Self {
            by_vector: true,
            ..self
        }
    }

    /// The same, knowing for each leg where the list by words of its node is.
    pub(crate) fn with_word_legs(self, word_legs: Vec<Option<usize>>) -> Self {
        Self {
            word_legs: Some(word_legs),
            ..self
        }
    }

    /// The answers whose facet counts add up.
    pub(crate) fn counted(&self) -> Vec<&SearchAnswer> {
        match &self.facets {
            Some(answers) => answers.iter().collect(),
            None => self.legs[self.counted.clone()]
                .iter()
                .map(|leg| &leg.answer)
                .collect(),
        }
    }
}

/// Finds the hits of a query that ranks by words, or not at all.
pub(crate) async fn by_words(
    app: &App,
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
    purpose: Purpose,
) -> Result<Found, Failure> {
    let index = reading.index;
    let words = frequency::words(index, query);
    let two = purpose == Purpose::Page
        && phases::are_two(query, &index.view, window, reading.asked(window.end));
    // Ways that few searches take are in boxes, or all searches would be as large.
    let look = async || match &words {
        Some(words) => Box::pin(frequency::find(app, reading, query, window, words)).await,
        None => look(reading, query, window, two, purpose).await,
    };
    let end = loop {
        match look().await {
            Ok(found) => return Ok(found),
            Err(Missed::Ended(end)) => break end,
            // A node was lost between two questions about one list. It is not asked again, so this ends.
            Err(Missed::Lost) if reading.has_time() => {}
            Err(Missed::Lost) => return Err(unavailable(&index.shards().all())),
        }
    };
    Err(Box::pin(explain_end(app, index, query, end)).await)
}

async fn look(
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
    two_phases: bool,
    purpose: Purpose,
) -> Result<Found, Missed> {
    if !two_phases
        && purpose == Purpose::Page
        && let Some(ranked) = reading.alone(query, window.end).await?
    {
        return Ok(Found::from(ranked));
    }
    if let Some(threshold) = judged::threshold(reading, query, window) {
        let judged = judged::look(reading, query, threshold, window, two_phases, purpose);
        if let Some(found) = Box::pin(judged).await? {
            return Ok(found);
        }
    }
    if two_phases && let Some(found) = Box::pin(in_two_phases(reading, query, window)).await? {
        return Ok(found);
    }
    let ranked = reading.ranked(query, window.end).await?;
    let counts = reading.counts(query, &ranked, window.end).await?;
    let recounts = reading.recounts(query, &ranked, &counts).await?;
    Ok(Found::new(ranked, None, counts, recounts))
}

/// Ranks first and gets the documents of the page after that; `None` if the page cannot be made so.
async fn in_two_phases(
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
) -> Result<Option<Found>, Missed> {
    let ranked = reading.ranked(&phases::ranks(query), window.end).await?;
    let page = window.of_order(&ranked.order);
    let documents = reading.documents(query, &ranked, page);
    let counts = reading.counts(query, &ranked, window.end);
    let (documents, counts) = futures_util::try_join!(documents, counts)?;
    if documents.is_none() {
        return Ok(None);
    }
    let recounts = reading.recounts(query, &ranked, &counts).await?;
    Ok(Some(Found::new(ranked, documents, counts, recounts)))
}
