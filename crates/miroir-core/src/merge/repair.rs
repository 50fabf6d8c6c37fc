//! Scores as one server would have computed them.
//!
//! A node divides typos by the most that it can imagine for the words that match, which depends on its documents: a word
//! pair that exists joined on one node raises it there. One server would have had the highest of all nodes.

use super::order::Leg;
use super::rank::{Entry, Key, Rule, number};
use super::values::Reader;
use crate::wire::raw::RawError;

/// The highest typo denominators, by number of matching words.
#[derive(Debug, Default)]
pub struct Repair {
    most_typos: Vec<(u32, u32)>,
    /// Some hit has another one than it should.
    pub needed: bool,
}

impl Repair {
    /// Looks at all hits of all legs.
    ///
    /// # Errors
    /// When a hit's details are not what a server writes.
    pub fn of(legs: &[Leg]) -> Result<Self, RawError> {
        let mut repair = Self::default();
        let mut key = Key::default();
        for leg in legs {
            for details in leg
                .answer
                .hits
                .iter()
                .filter_map(|hit| hit.details.as_ref())
            {
                key.read(leg.answer.slice(details))?;
                let Some((words, most)) = typo_class(key.entries()) else {
                    continue;
                };
                match repair.most_typos.iter_mut().find(|known| known.0 == words) {
                    None => repair.most_typos.push((words, most)),
                    Some(known) if known.1 == most => {}
                    Some(known) => {
                        repair.needed = true;
                        known.1 = known.1.max(most);
                    }
                }
            }
        }
        Ok(repair)
    }

    /// The `maxTypoCount` that one server would show for a hit, when it is not the one in its details.
    pub fn most_typos(&self, key: &[Entry<'_>]) -> Option<u32> {
        let (words, local) = typo_class(key)?;
        let known = self.most_typos.iter().find(|known| known.0 == words)?;
        (known.1 != local).then_some(known.1)
    }

    /// The score of a whole hit with the denominator replaced, when it has to be.
    pub fn score(&self, key: &[Entry<'_>], score: &[u8]) -> Option<f64> {
        let most = self.most_typos(key)?;
        Some(Reader::default().score(key, number(score), Some(most)))
    }
}

/// Hits of one class have one denominator on one server: matching words, and the denominator here.
fn typo_class(key: &[Entry<'_>]) -> Option<(u32, u32)> {
    let mut words = 0;
    for (_, rule) in key {
        match rule {
            Rule::Words { matching, .. } => words = *matching,
            Rule::Typo { most, .. } => return Some((words, *most)),
            _ => {}
        }
    }
    None
}
