//! Exact dictionary mode: which words an index consists of, and the hidden documents that tell every node all of them.
//!
//! The engine looks at its dictionary, not only at documents: a prefix has a list of its own from 100 words on, at most
//! 150, 50 and 1000 words count as one typo, two typos and continuations of a prefix, and the last word of a query may or
//! may not exist. A node that holds a part of the documents has a part of the dictionary, so these decisions can turn
//! out differently than on one server. Lexicon documents hold the words of the whole index on every node; their marker
//! is no shard's, so no read that has a shard clause ever meets one.

mod document;
mod rules;
#[cfg(test)]
mod tests;
mod words;

pub use document::{Document, MOST_POSITIONS, ids, is_id, is_lexicon_field, positions, uncount};
pub use rules::Rules;
pub use words::Extractor;

pub use crate::hash::word_hash;
