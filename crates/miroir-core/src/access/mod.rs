//! Who may do what: API keys, what each of them opens, and what a tenant token narrows.
//!
//! The rules are a server's (reference 4): a fleet that takes over a server's master key and key uids honours every key
//! and every token that its users already hold.

mod action;
mod key;
mod pattern;
mod rules;
#[cfg(test)]
mod tests;
mod value;

pub use action::Action;
pub use key::{Key, KeyView};
pub use pattern::{IndexPattern, InvalidIndexPattern};
pub use rules::{Access, IndexSearchRules, Refusal, SearchRules, both_filters};
pub use value::{KeyValue, key_value};
