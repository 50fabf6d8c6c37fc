//! Conditions as a tree that can be evaluated.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::document::{Id, Literal};
use super::text::OTHERS;

#[derive(Debug)]
pub(super) enum Tree {
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    /// The id equals one of the literals.
    In(Vec<Literal>),
    /// Any other condition. Which documents pass it is anybody's guess, one bit each: the reader must be right whatever it means.
    Other {
        text: &'static str,
        passes: u64,
    },
}

impl Tree {
    pub(super) fn draw(random: &mut StdRng, documents: &[Id], depth: u32) -> Self {
        let kind = if depth == 0 {
            0
        } else {
            random.random_range(0..8)
        };
        let parts = |random: &mut StdRng| -> Vec<Tree> {
            let count = random.random_range(2..=4);
            (0..count)
                .map(|_| Self::draw(random, documents, depth - 1))
                .collect()
        };
        match kind {
            5 => Self::Or(parts(random)),
            6 | 7 => Self::And(parts(random)),
            4 if random.random_ratio(1, 2) => {
                Self::Not(Box::new(Self::draw(random, documents, depth - 1)))
            }
            _ if random.random_ratio(2, 3) => {
                let count = *[1, 1, 1, 0, 2, 5].choose(random).expect("not empty");
                Self::In(
                    (0..count)
                        .map(|_| Literal::draw(random, documents))
                        .collect(),
                )
            }
            _ => Self::Other {
                text: OTHERS.choose(random).expect("not empty"),
                passes: random.random(),
            },
        }
    }

    /// Whether the document, which has this position among all, passes.
    pub(super) fn holds(&self, position: usize, id: &Id) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(position, id)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(position, id)),
            Self::Not(part) => !part.holds(position, id),
            Self::In(literals) => literals.iter().any(|literal| id.equals(literal)),
            Self::Other { passes, .. } => passes >> position & 1 == 1,
        }
    }
}
