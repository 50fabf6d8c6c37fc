//! Hits that match and are not shown: their score is too low, or one with the same distinct value went before.

use super::level::Merged;
use crate::merge::MergeError;
use crate::merge::distinct::Seen;
use crate::merge::order::Leg;
use crate::merge::rank::number;

/// What hits have to be to be shown, and what was shown so far.
#[derive(Debug, Clone, Default)]
pub struct Gate<'q> {
    threshold: Option<f64>,
    distinct: Option<&'q str>,
    seen: Seen,
}

impl<'q> Gate<'q> {
    pub fn new(threshold: Option<f64>, distinct: Option<&'q str>) -> Self {
        Self {
            threshold,
            distinct,
            seen: Seen::default(),
        }
    }

    /// Whether all hits with so much of the words have too low a score.
    pub fn is_shut(&self, words: f64) -> bool {
        self.threshold.is_some_and(|threshold| words < threshold)
    }

    /// The positions of the hits of a level that are shown, at most `wanted`. Scores are those of `rescored`, where hits stand in
    /// the same order.
    ///
    /// # Errors
    /// When a hit is not what a server writes.
    pub fn admit(
        &mut self,
        merged: &Merged,
        rescored: Option<&Leg>,
        lists: &[super::List<'_>],
        wanted: usize,
    ) -> Result<Vec<usize>, MergeError> {
        let mut admitted = Vec::new();
        for (at, told) in merged.hits.iter().enumerate() {
            if admitted.len() >= wanted {
                break;
            }
            let score = rescored.and_then(|leg| {
                let score = leg.answer.hits[at].score.as_ref()?;
                Some(number(leg.answer.slice(score)))
            });
            if let (Some(threshold), Some(score)) = (self.threshold, score)
                && score < threshold
            {
                continue;
            }
            if let Some(attribute) = self.distinct {
                let hit = told.picked.bytes(lists[told.list].legs);
                if !self.seen.is_new(hit, attribute)? {
                    continue;
                }
            }
            admitted.push(at);
        }
        Ok(admitted)
    }
}
