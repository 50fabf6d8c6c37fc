//! Many nodes' answers into the one that a single server would have given.
//!
//! [`NodeRequest`] says what to ask a node, [`order`] makes one order of the lists that come back, and [`page`] writes the
//! client's answer. In between, hits are slices of the answers: only their rank is read ([`rank`]), only what Miroir added is
//! cut out ([`hit`]). The steps do not know each other, so that lists can be merged that are not the answer to one search.
//!
//! Where the answer still differs from that of one server:
//! - a facet value that documents spell differently is shown in the first spelling by bytes, not that of the oldest document;
//! - a facet with numbers, and with the same digits as strings, takes both for the number;
//! - ties at the cut of a facet list by count;
//! - totals, facet counts and statistics under a distinct attribute, and totals under a score threshold without pages
//!   (hits and their order are right).

mod copied;
pub mod distinct;
pub mod documents;
pub mod facet_search;
pub mod facets;
pub mod hit;
pub mod limits;
pub mod normalize;
pub mod order;
pub mod page;
pub mod rank;
pub mod repair;
pub mod request;
#[cfg(test)]
mod tests;
pub mod totals;
pub mod view;

pub use order::{Leg, Order, Picked, Wanted};
pub use page::{Facts, Page};
pub use request::NodeRequest;
pub use view::{FacetOrder, IndexView, TieRule, Window};

use crate::wire::raw::RawError;

/// A node's answer is not one that a Meilisearch server writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a node's answer cannot be merged")]
pub struct MergeError(#[from] RawError);
