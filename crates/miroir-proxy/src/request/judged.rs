//! A score threshold, judged by the scores of one server: the list is made without it and cut, and what was cut is counted.

use miroir_core::merge::phases;
use miroir_core::merge::repair::Repair;
use miroir_core::merge::threshold::{self, Cut, Sieved};
use miroir_core::merge::totals::{Counting, Kept};
use miroir_core::merge::{MergeError, Picked, Window};
use miroir_core::wire::search::SearchQuery;

use crate::http::reply::Failure;
use crate::request::counted::{Counts, Missed};
use crate::request::found::{Found, Purpose};
use crate::request::ranked::{Ranked, Reading};
use crate::request::scatter::ScatterEnd;

/// With a list that has to be longer, so many times more hits are asked for.
const LONGER: usize = 4;

/// The threshold that is to be judged here. None where one node answers alone, or nothing is to be shown.
pub(crate) fn threshold(reading: &Reading<'_>, query: &SearchQuery, window: Window) -> Option<f64> {
    let threshold = query.ranking_score_threshold?;
    (window.end > 0 && reading.plan().legs.len() > 1).then_some(threshold)
}

/// The hits of a query that reach its threshold. `None` when nodes have to judge: hits that reach it stand among more others than
/// can be looked at.
pub(crate) async fn look(
    reading: &Reading<'_>,
    query: &SearchQuery,
    threshold: f64,
    window: Window,
    two_phases: bool,
    purpose: Purpose,
) -> Result<Option<Found>, Missed> {
    let view = &reading.index.view;
    let open = SearchQuery {
        ranking_score_threshold: None,
        show_ranking_score: true,
        ..query.clone()
    };
    let is_distinct = view.distinct_of(query).is_some();
    let sieved = async || sieved(reading, &open, threshold, window, two_phases, purpose).await;
    if !is_distinct
        && query.sort.is_some()
        && let Some(found) = sieved().await?
    {
        return Ok(Some(found));
    }
    if query.sort.is_some() {
        return Ok(None);
    }
    let list = if two_phases {
        phases::ranks(&open)
    } else {
        open.clone()
    };
    let mut ranked = reading.ranked(&list, window.end).await?;
    let repair = Repair::of(&ranked.legs).map_err(|error| failed(error.into()))?;
    let cut = cut(&ranked, &repair, threshold, window.end)?;
    let counts = match cut {
        None if is_distinct => return Ok(None),
        None => return sieved().await,
        Some(Cut::After(hits)) => {
            ranked.order.picked.truncate(hits);
            reading.shown(query, &ranked, window.end).await?
        }
        Some(_) if view.distinct_of(query).is_some() => {
            reading.counts(query, &ranked, window.end).await?
        }
        // The page is full before any hit that does not reach it.
        Some(_) if !query.is_paged() || window.end == view.max_total_hits => {
            reading.counted_by(Counting::List, &open, &ranked).await?
        }
        Some(_) => reading.all_above(query, &open, &repair, threshold).await?,
    };
    let documents = match two_phases {
        true => {
            let page = window.of_order(&ranked.order);
            match reading.documents(query, &ranked, page).await? {
                Some(documents) => Some(documents),
                // Ids that the engine takes for equal.
                None => return Ok(None),
            }
        }
        false => None,
    };
    let recounts = reading.recounts(&open, &ranked, &counts).await?;
    Ok(Some(Found::new(ranked, documents, counts, recounts)))
}

/// The same where something else than scores comes first. `open` is the query without its threshold.
async fn sieved(
    reading: &Reading<'_>,
    open: &SearchQuery,
    threshold: f64,
    window: Window,
    two_phases: bool,
    purpose: Purpose,
) -> Result<Option<Found>, Missed> {
    let view = &reading.index.view;
    let most = view.max_total_hits;
    // With pages, a server looks at everything.
    let enough = if open.is_paged() { most } else { window.end };
    let (mut end, mut two_phases) = (window.end, two_phases);
    let (mut ranked, kept, dropped) = loop {
        let list = if two_phases {
            phases::ranks(open)
        } else {
            open.clone()
        };
        let ranked = reading.ranked(&list, end).await?;
        let repair = Repair::of(&ranked.legs).map_err(|error| failed(error.into()))?;
        let is_complete = ranked.order.picked.len() < end;
        let (legs, order) = (&ranked.legs, &ranked.order);
        let sieved = threshold::sieve(legs, order, is_complete, &repair, threshold, enough);
        match sieved.map_err(failed)? {
            Sieved::Full { kept, dropped } => break (ranked, kept, Some(dropped)),
            Sieved::All { kept } => break (ranked, kept, None),
            Sieved::Unknown => {}
        }
        let matching: u64 = ranked.legs.iter().map(|leg| leg.answer.total).sum();
        if end >= most || open.is_paged() && matching > most as u64 {
            return Ok(None);
        }
        end = match open.is_paged() {
            true => most,
            false => end.saturating_mul(LONGER).min(most),
        };
        two_phases |= purpose == Purpose::Page;
    };
    let counting = |hits: &[Picked]| Kept::plain(view, &ranked.legs, hits).map_err(failed);
    let counting = match &dropped {
        Some(dropped) if dropped.is_empty() => Some(Counting::List),
        Some(dropped) => counting(dropped)?.map(Counting::Without),
        None => counting(&kept)?.map(Counting::Shown),
    };
    let Some(counting) = counting else {
        return Ok(None);
    };
    let counts = reading.counted_by(counting, open, &ranked).await?;
    ranked.order.picked = kept;
    ranked.order.picked.truncate(window.end);
    let documents = match two_phases {
        true => {
            let page = window.of_order(&ranked.order);
            match reading.documents(open, &ranked, page).await? {
                Some(documents) => Some(documents),
                // Ids that the engine takes for equal.
                None => return Ok(None),
            }
        }
        false => None,
    };
    let recounts = reading.recounts(open, &ranked, &counts).await?;
    Ok(Some(Found::new(ranked, documents, counts, recounts)))
}

/// Where the threshold ends the list, whose own end is one, too.
fn cut(
    ranked: &Ranked,
    repair: &Repair,
    threshold: f64,
    end: usize,
) -> Result<Option<Cut>, Missed> {
    let cut = threshold::cut(&ranked.legs, &ranked.order, repair, threshold).map_err(failed)?;
    let hits = ranked.order.picked.len();
    Ok(match cut {
        Cut::Nowhere => None,
        Cut::Beyond if hits < end => Some(Cut::After(hits)),
        cut => Some(cut),
    })
}

impl Reading<'_> {
    /// Counts the hits of a list that is complete.
    async fn shown(
        &self,
        query: &SearchQuery,
        ranked: &Ranked,
        end: usize,
    ) -> Result<Counts, Missed> {
        let hits = (&ranked.legs[..], &ranked.order.picked[..]);
        let view = &self.index.view;
        let counting = Counting::of_blend(query, view, hits, end, ranked.legs.len());
        self.counted_by(counting.map_err(failed)?, query, ranked)
            .await
    }

    /// Counts all that reaches the threshold, on and behind a full page. Nodes that score alike can be asked; others could
    /// take a hit away that reaches it.
    async fn all_above(
        &self,
        query: &SearchQuery,
        open: &SearchQuery,
        repair: &Repair,
        threshold: f64,
    ) -> Result<Counts, Missed> {
        if repair.needed {
            let end = self.index.view.max_total_hits;
            let mut all = self.ranked(&phases::ranks(open), end).await?;
            if let Some(Cut::After(hits)) = cut(&all, repair, threshold, end)? {
                all.order.picked.truncate(hits);
                return Ok(self.shown(query, &all, end).await?.never_again());
            }
            return Ok(Counts::of_answers(all));
        }
        let judged = self.ranked(&phases::ranks(query), 0).await?;
        Ok(Counts::of_answers(judged))
    }
}

fn failed(error: MergeError) -> Missed {
    Missed::Ended(ScatterEnd::Failed(Failure::internal(error)))
}
