//! Many nodes' answers into the one that a single server would have given.
//!
//! [`NodeRequest`] says what to ask a node, [`limits`] how many hits of it, [`order`] makes one order of the lists that come
//! back, [`totals`] and [`phases`] say what else has to be asked once the order is known, and [`page`] writes the client's
//! answer. In between, hits are slices of the answers: only their rank is read ([`rank`]), only what Miroir added is
//! cut out ([`hit`]). The steps do not know each other, so that lists can be merged that are not the answer to one search.
//!
//! Where the answer still differs from that of one server:
//! - a facet value that documents spell differently is shown in the first spelling by bytes, not that of the oldest document;
//! - values of a facet that every node left out of its list of the most frequent ones;
//! - a facet with numbers, and with the same digits as strings, takes both for the number;
//! - ties at the cut of a facet list by count;
//! - with pages and a distinct attribute, what [`totals`] cannot know: the total where documents have several values or a node
//!   has more values than it shows, and which document of a value is counted by facets, beyond the hits of the page;
//! - hits of a distinct attribute with several values, beyond the hits that a node can deliver;
//! - words missed by `matchingStrategy: frequency` where they are not plain words: each node goes by its own documents.

mod copied;
pub mod distinct;
pub mod documents;
pub mod facet_search;
pub mod facets;
pub mod federation;
pub mod frequency;
mod geo;
pub mod hit;
pub mod hybrid;
pub mod limits;
pub mod marked;
pub mod member_order;
pub mod normalize;
pub mod order;
pub mod page;
pub mod phases;
pub mod rank;
pub mod recount;
pub mod repair;
pub mod request;
pub mod similar;
#[cfg(test)]
mod tests;
pub mod threshold;
pub mod totals;
pub mod values;
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
