//! How many documents match, out of what each node counted.

use super::order::{Leg, Order};

/// The total that comes with a list: each leg answers for other documents.
///
/// Nodes count a distinct value once each; what the merge has seen of values that several nodes have is taken off.
pub fn of_list(legs: &[Leg], order: &Order) -> u64 {
    let sum: u64 = legs.iter().map(|leg| leg.answer.total).sum();
    sum.saturating_sub(order.dropped.len() as u64)
}
