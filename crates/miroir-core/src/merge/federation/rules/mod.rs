//! Whether the hits of two queries can be compared: their ranking rules, brought to one form, must be alike in kind, one by
//! one, as far as both go.
//!
//! Nodes cannot tell, because they see one query at a time, and their rules have one more. What follows are the decisions
//! of the server's `search/ranking_rules.rs`; the text of the refusal is in [`text`].

mod canonical;
#[cfg(test)]
mod tests;
mod text;

use crate::error::{ApiError, Code};
use crate::wire::search::SearchQuery;
use canonical::{Canonical, SortRule};

/// One query, as far as its ranking rules go.
#[derive(Debug, Clone, Copy)]
pub struct Queried<'a> {
    /// Its place in the client's list.
    pub position: usize,
    /// As the client knows it.
    pub index: &'a str,
    /// The ranking rules that the client sees in the settings of the index.
    pub rules: &'a [&'a str],
    pub query: &'a SearchQuery,
}

/// What a rule compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Relevancy,
    Sort { ascending: bool },
    Distance { ascending: bool },
}

/// Where a rule that counts comes from, in the canonical rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The rules from the first to the last index, all of them relevancy: they count as one.
    Rules(usize, usize),
    Sort {
        rule: usize,
        element: usize,
    },
}

type Step = (Kind, Source);

/// The queries that were found to go together.
#[derive(Debug, Default)]
pub struct Compatible<'a> {
    /// The one with most rules, in its canonical form.
    longest: Option<(Queried<'a>, Canonical<'a>)>,
}

impl<'a> Compatible<'a> {
    /// Takes one more query in. A sort that cannot be read is left for the search itself to refuse.
    ///
    /// # Errors
    /// The server's refusal, when its hits cannot be compared with those of the others.
    pub fn admit(&mut self, queried: Queried<'a>) -> Result<(), ApiError> {
        let Some(sort) = SortRule::all(queried.query) else {
            return Ok(());
        };
        let current = Canonical::new(queried.rules, sort, queried.query);
        let Some((with, previous)) = &self.longest else {
            self.longest = Some((queried, current));
            return Ok(());
        };
        let (steps, previous_steps) = (current.steps(), previous.steps());
        let differing = steps
            .iter()
            .zip(&previous_steps)
            .find(|(step, other)| step.0 != other.0);
        if let Some((step, other)) = differing {
            return Err(ApiError::new(
                Code::InvalidMultiSearchQueryRankingRules,
                text::refusal((with, previous, *other), (&queried, &current, *step)),
            ));
        }
        if previous_steps.len() <= steps.len() {
            self.longest = Some((queried, current));
        }
        Ok(())
    }
}
