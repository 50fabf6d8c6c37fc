//! A score threshold, judged by the scores of one server: the list is made without it and cut, and what was cut is counted.

use miroir_core::merge::phases;
use miroir_core::merge::repair::Repair;
use miroir_core::merge::threshold::{self, Cut};
use miroir_core::merge::totals::Counting;
use miroir_core::merge::{MergeError, Window};
use miroir_core::wire::search::SearchQuery;

use crate::http::reply::Failure;
use crate::request::counted::{Counts, Missed};
use crate::request::found::Found;
use crate::request::ranked::{Ranked, Reading};
use crate::request::scatter::ScatterEnd;

/// The hits of a query that reach its threshold. `None` when nodes have to judge: one of them answers alone, nothing is to be
/// shown, or hits that reach it stand among others because something else than scores comes first.
pub(crate) async fn look(
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
    two_phases: bool,
) -> Result<Option<Found>, Missed> {
    let view = &reading.index.view;
    let is_scored = window.end > 0 && query.sort.is_none() && reading.plan().legs.len() > 1;
    let Some(threshold) = query.ranking_score_threshold.filter(|_| is_scored) else {
        return Ok(None);
    };
    let open = SearchQuery {
        ranking_score_threshold: None,
        show_ranking_score: true,
        ..query.clone()
    };
    let list = if two_phases {
        phases::ranks(&open)
    } else {
        open.clone()
    };
    let mut ranked = reading.ranked(&list, window.end).await?;
    let repair = Repair::of(&ranked.legs).map_err(|error| failed(error.into()))?;
    let cut = cut(&ranked, &repair, threshold, window.end)?;
    let counts = match cut {
        None => return Ok(None),
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
