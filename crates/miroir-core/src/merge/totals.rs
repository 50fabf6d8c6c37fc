//! How many documents match, and over which of them facets are counted.
//!
//! Where every matching document counts, nodes are added up. A distinct attribute and a score threshold take documents away,
//! but a server applies both only as far as it has to look: to the documents up to the end of the page, or to all when the
//! client asks for pages (`bucket_sort` and `execute_search` in milli). What that leaves is the same as what matches a
//! filter which the finished order provides, so nodes are asked once more, for counts alone ([`Counting`]).

use std::collections::{BTreeSet, HashSet};

use super::MergeError;
use super::distinct::{DistinctValue, canonical_id, quoted, values_of};
use super::normalize;
use super::order::{Leg, Order, Picked};
use super::rank::number;
use super::view::IndexView;
use crate::wire::answer::SearchAnswer;
use crate::wire::raw;
use crate::wire::search::SearchQuery;

/// What has to be asked so that total and facets are those of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counting {
    /// Nothing: the answers of the list say it ([`of_list`]).
    List,
    /// What matches without the threshold: the page was full before the first hit below it came up.
    WithoutThreshold,
    /// All that matches but these, which a threshold took away on the way to the end of the page.
    Without(Kept),
    /// Facets over the hits alone: the order has all there are, and their number is the total.
    Shown(Kept),
    /// What remains when the duplicates of the hits are gone, and nothing else is.
    WithoutDuplicates(Kept),
    /// All values of the distinct attribute, each to be counted once over all legs ([`Union`]), and facets over one document
    /// of each.
    Values(Kept),
}

/// The hits that a distinct attribute or a threshold kept, and what the attribute excludes because of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Empty when only a threshold took documents away.
    attribute: String,
    primary_key: String,
    values: BTreeSet<DistinctValue>,
    /// By leg: canonical ids.
    ids: Vec<Vec<String>>,
    /// How many hits these are.
    hits: u64,
}

/// The total that comes with a list: each leg answers for other documents.
///
/// Nodes count a distinct value once each; what the merge has seen of values that several nodes have is taken off.
pub fn of_list(legs: &[Leg], order: &Order) -> u64 {
    let sum: u64 = legs.iter().map(|leg| leg.answer.total).sum();
    sum.saturating_sub(order.dropped.len() as u64)
}

impl Counting {
    /// What a query has to be counted by, once the first `end` hits of it are in order.
    ///
    /// # Errors
    /// When a hit is not what a server writes.
    pub fn of(
        query: &SearchQuery,
        view: &IndexView,
        legs: &[Leg],
        order: &Order,
        end: usize,
    ) -> Result<Self, MergeError> {
        if legs.len() < 2 {
            return Ok(Self::List); // one node counts as one server
        }
        // A node that has delivered all that can be reached may have more, so nothing is known of what follows.
        let is_capped = |leg: &Leg| leg.answer.hits.len() >= view.max_total_hits;
        let is_full = order.picked.len() >= end || legs.iter().any(is_capped);
        let Some(attribute) = view.distinct_of(query) else {
            // With pages, a server looks at all hits, unless it has as many as can be reached.
            let stops = is_full && (!query.is_paged() || end == view.max_total_hits);
            return Ok(
                if query.ranking_score_threshold.is_some() && stops && end > 0 {
                    Self::WithoutThreshold
                } else {
                    Self::List
                },
            );
        };
        let stops = order.picked.is_empty() && !query.is_paged();
        let kept = Kept::of(view, legs, &order.picked, Some(attribute))?;
        let Some(kept) = kept.filter(|_| !stops) else {
            return Ok(Self::List);
        };
        Ok(if !is_full {
            Self::Shown(kept)
        } else if query.is_paged() {
            Self::Values(kept)
        } else {
            Self::WithoutDuplicates(kept)
        })
    }

    /// The same of the first `end` hits of several lists, `hits` out of `legs`, which are to be counted on `nodes` other legs.
    ///
    /// # Errors
    /// When a hit is not what a server writes.
    pub fn of_blend(
        query: &SearchQuery,
        view: &IndexView,
        (legs, hits): (&[Leg], &[Picked]),
        end: usize,
        nodes: usize,
    ) -> Result<Self, MergeError> {
        let distinct = view.distinct_of(query);
        let is_cut = distinct.is_some() || query.ranking_score_threshold.is_some();
        let is_asked = end > 0 || query.is_paged();
        if !is_cut || !is_asked {
            return Ok(Self::List);
        }
        let Some(kept) = Kept::of(view, legs, hits, distinct)? else {
            return Ok(Self::List);
        };
        let kept = kept.on(nodes);
        Ok(match distinct {
            _ if hits.len() < end => Self::Shown(kept),
            None => Self::List,
            Some(_) if query.is_paged() => Self::Values(kept),
            Some(_) => Self::WithoutDuplicates(kept),
        })
    }
}

impl Kept {
    /// Hits of no distinct attribute. `None` when they do not carry their ids.
    ///
    /// # Errors
    /// When a hit is not what a server writes.
    pub fn plain(
        view: &IndexView,
        legs: &[Leg],
        hits: &[Picked],
    ) -> Result<Option<Self>, MergeError> {
        Self::of(view, legs, hits, None)
    }

    /// The distinct attribute.
    pub fn attribute(&self) -> &str {
        &self.attribute
    }

    /// `None` when the hits do not carry their ids.
    fn of(
        view: &IndexView,
        legs: &[Leg],
        hits: &[Picked],
        attribute: Option<&str>,
    ) -> Result<Option<Self>, MergeError> {
        let Some(primary_key) = &view.primary_key else {
            return Ok(None);
        };
        let mut kept = Self {
            attribute: attribute.unwrap_or_default().to_owned(),
            primary_key: primary_key.clone(),
            values: BTreeSet::new(),
            ids: vec![Vec::new(); legs.len()],
            hits: hits.len() as u64,
        };
        for picked in hits {
            let hit = picked.bytes(legs);
            if let Some(attribute) = attribute {
                kept.values.extend(values_of(hit, attribute)?);
            }
            match canonical_id(hit, primary_key)? {
                Some(id) => kept.ids[picked.leg].push(id),
                None => return Ok(None),
            }
        }
        Ok(Some(kept))
    }

    /// How many hits were kept.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// The same for so many other legs, any of which may have any of the hits.
    fn on(mut self, legs: usize) -> Self {
        self.ids = vec![self.ids.concat(); legs];
        self
    }

    /// Only the hits of one leg, as a filter expression.
    pub fn hits_filter(&self, leg: usize) -> String {
        id_filter(&self.primary_key, &self.ids[leg])
    }

    /// All but the hits of one leg; `None` when it has none of them.
    pub fn rest_filter(&self, leg: usize) -> Option<String> {
        let ids = &self.ids[leg];
        (!ids.is_empty()).then(|| format!("NOT {}", id_filter(&self.primary_key, ids)))
    }

    /// Everything but what is excluded by the hits, as a filter expression: the hits of this leg, and what shares no value
    /// with any hit. Given the union of all values, nothing that a leg before this one counts either.
    pub fn remainder_filter(&self, leg: usize, union: Option<&Union>) -> String {
        let repeated = union.into_iter().flat_map(|union| &union.repeated[leg]);
        let values: BTreeSet<_> = self.values.iter().chain(repeated).collect();
        let values: Vec<String> = values
            .into_iter()
            .map(DistinctValue::as_filter_value)
            .collect();
        format!(
            "({} NOT IN [{}] OR {})",
            quoted(&self.attribute),
            values.join(", "),
            self.hits_filter(leg)
        )
    }
}

/// Documents by their ids, as a filter expression.
pub fn id_filter(primary_key: &str, ids: &[String]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| quoted(id)).collect();
    format!("{} IN [{}]", quoted(primary_key), ids.join(", "))
}

/// What the nodes' values of a distinct attribute come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Union {
    /// Documents that remain when each value counts once: all values, and the documents that have none.
    pub total: u64,
    /// By leg: values that a leg before it has too.
    repeated: Vec<BTreeSet<DistinctValue>>,
}

impl Union {
    /// `None` when it cannot be known, because a node left values out (`most` is as many as it shows) or documents have
    /// several.
    ///
    /// # Errors
    /// When a facet distribution is not what a server writes.
    pub fn of(
        answers: &[SearchAnswer],
        attribute: &str,
        most: usize,
    ) -> Result<Option<Self>, MergeError> {
        let mut seen = HashSet::new();
        let mut without_value = 0_u64;
        let mut repeated = Vec::with_capacity(answers.len());
        for answer in answers {
            let mut counted = 0_u64;
            let mut values = 0_usize;
            let mut here_too = BTreeSet::new();
            for facet in raw::members(answer.facet_distribution().unwrap_or(b"{}")) {
                let facet = facet?;
                if facet.key.decode() != attribute {
                    continue;
                }
                for value in raw::members(facet.value) {
                    let value = value?;
                    values += 1;
                    counted += number(value.value) as u64;
                    let form = normalize::facet(&value.key.decode()).into_owned();
                    if !seen.insert(form.clone()) {
                        here_too.insert(DistinctValue::String(form));
                    }
                }
            }
            if values >= most || counted > answer.total {
                return Ok(None);
            }
            without_value += answer.total - counted;
            repeated.push(here_too);
        }
        Ok(Some(Self {
            total: seen.len() as u64 + without_value,
            repeated,
        }))
    }
}
