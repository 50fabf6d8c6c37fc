//! The target `filter`: random trees of conditions over random documents, rendered as text in any of the ways that the language allows.
//! Whichever document passes the tree must be a candidate of the text. Every fourth case is damaged text, which only must not panic.

mod document;
mod text;
mod tree;

use std::fmt;

use miroir_core::filter::{Candidates, Facts, attributes, candidates};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::Value;

use crate::Case;
use crate::mutate::damage;
use document::Id;
use tree::Tree;

pub(crate) struct FilterCase {
    filter: Value,
    /// Nothing is known of damaged text.
    truth: Option<Truth>,
    ids_case_folded: bool,
    max_candidates: usize,
}

struct Truth {
    documents: Vec<Id>,
    tree: Tree,
}

impl Case for FilterCase {
    fn draw(random: &mut StdRng) -> Self {
        let documents = document::draw(random);
        let folded = documents.iter().all(Id::is_folded);
        let tree = Tree::draw(random, &documents, 3);
        let filter = text::render(&tree, random);
        let damaged = random.random_ratio(1, 4);
        Self {
            filter: if damaged {
                broken(filter, random)
            } else {
                filter
            },
            truth: (!damaged).then_some(Truth { documents, tree }),
            // An index may be taken for one with odd ids; it is never the other way round.
            ids_case_folded: folded && random.random_ratio(4, 5),
            max_candidates: *[1, 3, 128, 128].choose(random).expect("not empty"),
        }
    }

    fn check(&self) -> Result<bool, String> {
        let facts = Facts {
            primary_key: Some("id"),
            ids_case_folded: self.ids_case_folded,
            max_candidates: self.max_candidates,
        };
        let _ = attributes(Some(&self.filter));
        let Candidates::Ids(ids) = candidates(Some(&self.filter), &facts) else {
            return Ok(false);
        };
        for (position, document) in self.truth.iter().flat_map(Truth::numbered) {
            let passes = self
                .truth
                .as_ref()
                .is_some_and(|truth| truth.tree.holds(position, document));
            if passes && !ids.contains(&document.canonical()) {
                return Err(format!(
                    "document {document} passes, but only {ids:?} are candidates"
                ));
            }
        }
        Ok(self.truth.is_some())
    }
}

impl Truth {
    fn numbered(&self) -> impl Iterator<Item = (usize, &Id)> {
        self.documents.iter().enumerate()
    }
}

fn broken(filter: Value, random: &mut StdRng) -> Value {
    let mut texts: Vec<String> = match filter {
        Value::Array(parts) => parts.into_iter().map(|part| part.to_string()).collect(),
        Value::String(text) => vec![text],
        other => vec![other.to_string()],
    };
    for text in &mut texts {
        let mut bytes = std::mem::take(text).into_bytes();
        damage(&mut bytes, &text::WORDS, &text::SEEDS, random);
        *text = String::from_utf8_lossy(&bytes).into_owned();
    }
    Value::from(texts)
}

impl fmt::Display for FilterCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (ids_case_folded {}, max_candidates {})",
            self.filter, self.ids_case_folded, self.max_candidates
        )
    }
}
