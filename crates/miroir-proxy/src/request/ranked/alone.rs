//! A search that one node answers for all shards: its list is the list, and nothing is ranked again.
//!
//! The node is not asked how it ranks its hits, which is a third of an answer, and nobody reads it. Several copies of a node show the
//! same page nevertheless, because no two of the ids can be equal to the engine: where they could, the list is made in the usual
//! way, which puts them in order.

use miroir_core::merge::distinct::is_told_apart;
use miroir_core::merge::{MergeError, NodeRequest, Order, Picked};
use miroir_core::plan::Leg;
use miroir_core::wire::answer::SearchAnswer;
use miroir_core::wire::search::SearchQuery;

use super::{Ranked, Reading, broken, split};
use crate::request::scatter::ScatterEnd;

impl Reading<'_> {
    /// The first `end` hits of a query by words. `None`: it takes more than the word of one node.
    pub(crate) async fn alone(
        &self,
        query: &SearchQuery,
        end: usize,
    ) -> Result<Option<Ranked>, ScatterEnd> {
        let Some(leg) = self.only_leg(query) else {
            return Ok(None);
        };
        let request = NodeRequest::alone(query, &self.index.view);
        let gathered = self.round(&request, vec![(leg, end)], end).await?;
        let (sources, legs, uncovered) = split(self.scatter.judge(gathered)?);
        // The node was late or gone, and several took its place.
        let [only] = &legs[..] else { return Ok(None) };
        if !self.tells_all_apart(&only.answer).map_err(broken)? {
            return Ok(None);
        }
        self.metrics.scattered(1);
        let hits = 0..only.answer.hits.len().min(end);
        let order = Order {
            picked: hits.map(|hit| Picked { leg: 0, hit }).collect(),
            ..Order::default()
        };
        Ok(Some(Ranked {
            legs,
            sources,
            order,
            uncovered,
        }))
    }

    /// The leg that has all shards, for a query whose hits come in an order that no other node has a part in.
    fn only_leg(&self, query: &SearchQuery) -> Option<Leg> {
        let index = self.index;
        if !index.row.ids_case_folded
            || index.view.distinct_of(query).is_some()
            || query.sorts_by_distance()
        {
            return None;
        }
        let mut plan = self.plan();
        let is_whole = plan.legs.len() == 1 && plan.uncovered.is_empty();
        plan.legs.pop().filter(|_| is_whole)
    }

    fn tells_all_apart(&self, answer: &SearchAnswer) -> Result<bool, MergeError> {
        let Some(primary_key) = self.index.primary_key() else {
            return Ok(answer.hits.is_empty());
        };
        for hit in &answer.hits {
            let id = answer.member(hit, primary_key)?;
            if !id.is_some_and(is_told_apart) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
