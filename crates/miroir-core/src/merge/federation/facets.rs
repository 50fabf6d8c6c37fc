//! Facets of a federated search: index by index, or one distribution of all (the server's `search/federated/types.rs`).

use std::cmp::Reverse;

use crate::error::{ApiError, Code};
use crate::merge::hit::List;
use crate::merge::rank::number;
use crate::merge::recount::Recount;
use crate::merge::view::{FacetOrder, IndexView};
use crate::merge::{MergeError, facets, normalize};
use crate::wire::answer::SearchAnswer;
use crate::wire::raw::{self, RawError, push_string};
use crate::wire::search::MergeFacets;

/// The least and the greatest number of a facet, as written.
type Bounds = (Vec<u8>, Vec<u8>);

/// The facets of one index, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexFacets {
    /// Facets by name, their values in the order shown.
    distribution: Vec<(String, Vec<(String, u64)>)>,
    /// By name.
    stats: Vec<(String, Bounds)>,
}

impl IndexFacets {
    /// What the answers of the nodes, and `recounts` of what their lists lack, add up to; `total` is how many documents they counted over, `asked` the facets asked for.
    ///
    /// # Errors
    /// When an answer is not what a server writes.
    pub fn of<'a>(
        answers: impl Iterator<Item = &'a SearchAnswer> + Clone,
        recounts: &'a [Recount],
        view: &'a IndexView,
        total: u64,
        asked: &'a [String],
    ) -> Result<Self, MergeError> {
        let mut read = Self::default();
        let mut bytes = Vec::new();
        if facets::distribution(answers.clone(), recounts, view, total, asked, &mut bytes)? {
            for facet in raw::members(&bytes) {
                let facet = facet?;
                let values = raw::members(facet.value).map(|value| {
                    let value = value?;
                    Ok((value.key.decode().into_owned(), number(value.value) as u64))
                });
                let values = values.collect::<Result<_, RawError>>()?;
                read.distribution
                    .push((facet.key.decode().into_owned(), values));
            }
        }
        bytes.clear();
        if facets::stats(answers, view, &mut bytes)? {
            for facet in raw::members(&bytes) {
                let facet = facet?;
                let bounds = raw::members(facet.value)
                    .map(|bound| bound.map(|bound| bound.value.to_vec()))
                    .collect::<Result<Vec<_>, _>>()?;
                if let Ok([least, greatest]) = <[Vec<u8>; 2]>::try_from(bounds) {
                    read.stats
                        .push((facet.key.decode().into_owned(), (least, greatest)));
                }
            }
        }
        Ok(read)
    }

    /// The names of the facets.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.distribution.iter().map(|(name, _)| name.as_str())
    }

    /// Takes off what was counted of documents that turned out not to be shown. Values of which none is left disappear.
    pub fn remove(&mut self, removed: &Self) {
        for (name, values) in &removed.distribution {
            let facet = self
                .distribution
                .iter_mut()
                .find(|(known, _)| known == name);
            let Some((_, known)) = facet else {
                continue;
            };
            for (value, count) in values {
                let form = normalize::facet(value);
                let same = known
                    .iter_mut()
                    .find(|(shown, _)| shown == value || normalize::facet(shown) == form);
                if let Some((_, left)) = same {
                    *left = left.saturating_sub(*count);
                }
            }
            known.retain(|(_, count)| *count > 0);
        }
    }

    /// One distribution of those of all indexes. Values are the same when they are spelt the same, which is less than what the
    /// engine takes for equal inside one index.
    pub fn merge(indexes: &[(&IndexView, &Self)], options: MergeFacets) -> Self {
        let mut merged = Self::default();
        let mut orders: Vec<FacetOrder> = Vec::new();
        for (view, facets) in indexes {
            for (name, values) in &facets.distribution {
                let known = merged
                    .distribution
                    .iter()
                    .position(|(known, _)| known == name);
                let Some(at) = known else {
                    merged.distribution.push((name.clone(), values.clone()));
                    orders.push(view.facet_order(name));
                    continue;
                };
                let counts = &mut merged.distribution[at].1;
                for (value, count) in values {
                    match counts.iter_mut().find(|(known, _)| known == value) {
                        Some((_, sum)) => *sum += count,
                        None => counts.push((value.clone(), *count)),
                    }
                }
            }
            for (name, (least, greatest)) in &facets.stats {
                let known = merged.stats.iter_mut().find(|(known, _)| known == name);
                let Some((_, bounds)) = known else {
                    merged
                        .stats
                        .push((name.clone(), (least.clone(), greatest.clone())));
                    continue;
                };
                if number(least) < number(&bounds.0) {
                    bounds.0.clone_from(least);
                }
                if number(greatest) > number(&bounds.1) {
                    bounds.1.clone_from(greatest);
                }
            }
        }
        for ((_, values), order) in merged.distribution.iter_mut().zip(orders) {
            // Not stable, as on a server: the same algorithm puts equal counts in the same order.
            match order {
                FacetOrder::Alpha => values.sort_unstable_by(|left, right| left.0.cmp(&right.0)),
                FacetOrder::Count => values.sort_unstable_by_key(|(_, count)| Reverse(*count)),
            }
            values.truncate(options.max_values_per_facet.unwrap_or(usize::MAX));
        }
        merged
            .distribution
            .sort_by(|left, right| left.0.cmp(&right.0));
        merged.stats.sort_by(|left, right| left.0.cmp(&right.0));
        merged
    }

    pub(super) fn write_distribution(&self, out: &mut Vec<u8>) {
        let mut facets = List::open(b'{', out);
        for (name, values) in &self.distribution {
            facets.next(out);
            push_string(name, out);
            out.push(b':');
            let mut list = List::open(b'{', out);
            for (value, count) in values {
                list.next(out);
                push_string(value, out);
                out.push(b':');
                out.extend_from_slice(count.to_string().as_bytes());
            }
            list.close(b'}', out);
        }
        facets.close(b'}', out);
    }

    pub(super) fn write_stats(&self, out: &mut Vec<u8>) {
        let mut facets = List::open(b'{', out);
        for (name, (least, greatest)) in &self.stats {
            facets.next(out);
            push_string(name, out);
            out.extend_from_slice(b":{\"min\":");
            out.extend_from_slice(least);
            out.extend_from_slice(b",\"max\":");
            out.extend_from_slice(greatest);
            out.push(b'}');
        }
        facets.close(b'}', out);
    }
}

/// The orders of the facets of several indexes, which must agree where facets are merged.
#[derive(Debug, Default)]
pub struct Orders<'a> {
    /// Facet, the first index that has it, and its order there.
    known: Vec<(String, &'a str, FacetOrder)>,
}

impl<'a> Orders<'a> {
    /// Takes the facets of one more index in.
    ///
    /// # Errors
    /// The server's refusal when it orders a facet otherwise than an index before it.
    pub fn admit<'f>(
        &mut self,
        index: &'a str,
        view: &IndexView,
        names: impl Iterator<Item = &'f str>,
    ) -> Result<(), ApiError> {
        for name in names {
            let order = view.facet_order(name);
            let Some((_, first, first_order)) = self.known.iter().find(|known| known.0 == name)
            else {
                self.known.push((name.to_owned(), index, order));
                continue;
            };
            if *first_order != order {
                return Err(ApiError::new(
                    Code::InvalidMultiSearchFacetOrder,
                    format!(
                        "Inconsistent order for values in facet `{name}`: index `{first}` orders {}, but index `{index}` orders {}.\n - Hint: Remove `federation.mergeFacets` or change `faceting.sortFacetValuesBy` to be consistent in settings.",
                        worded(*first_order),
                        worded(order)
                    ),
                ));
            }
        }
        Ok(())
    }
}

fn worded(order: FacetOrder) -> &'static str {
    match order {
        FacetOrder::Alpha => "alphabetically",
        FacetOrder::Count => "by count",
    }
}
