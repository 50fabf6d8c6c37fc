//! JSON trees that keep the exact text of numbers and the order of members, and the comparison of two of them.
//!
//! `serde_json::Value` would read `1.0`, `1e2` or a large integer as a float and lose how it was written; a client can
//! see that, so a comparison must see it too.

mod difference;
#[cfg(test)]
mod tests;
mod tree;

pub use difference::{Difference, differences};
pub use tree::Tree;
