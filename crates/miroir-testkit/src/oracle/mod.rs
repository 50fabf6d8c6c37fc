//! The oracle: the same corpus and the same requests against a reference and a candidate; every answer must be equal.
//!
//! The reference is one server, the candidate a proxy over several. Ties are decided alike on both sides: on the
//! reference `<primary key>:asc` is appended to the ranking rules, a candidate appends it by itself and hides it.
//! Everything is drawn from a seed, so a difference can be seen again.
//!
//! Most indexes have few words, each of them in many documents, so that every node knows every word; what depends on a
//! node's dictionary is judged on an index of many words. Whatever a class asks, how equal its answers must be is said in
//! its row of a table: see [`Class`] for how to add one.

mod answer;
mod class;
mod corpus;
mod fleet;
mod load;
mod profile;
mod queries;
mod report;
mod run;
mod settings;
#[cfg(test)]
mod tests;
mod vocabulary;
mod world;

pub use class::{Class, Definition, Needs, UnknownClass, Verdict};
pub use fleet::{Fleet, FleetShape};
use miroir_core::id::ShardCount;
pub use report::{Mismatch, Report, Score};
pub use run::{run, run_and};

use crate::client::ClientError;

/// What to ask for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Everything random follows from it.
    pub seed: u64,
    /// Queries per class.
    pub queries: usize,
    /// Documents per index. Below 100 the words get rare and dictionaries start to matter.
    pub documents: usize,
    /// Fill the shards of an index with so many of them unevenly, and most of them not at all.
    pub skew: Option<ShardCount>,
    /// The classes to run, in this order.
    pub classes: Vec<Class>,
    /// Queries at once.
    pub concurrency: usize,
    /// Members of an object may come in any order.
    pub ignore_member_order: bool,
    /// The candidate is an ordinary server too: it gets the tie rule as well. For checking the oracle itself.
    pub candidate_is_plain: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            queries: 20,
            documents: 300,
            skew: None,
            classes: Class::all().collect(),
            concurrency: 4,
            ignore_member_order: false,
            candidate_is_plain: false,
        }
    }
}

/// Why there is no report. Differing answers are no error; they are the report.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// A server did not answer.
    #[error("the {side} does not answer")]
    Unreachable {
        /// `reference` or `candidate`.
        side: &'static str,
        /// What happened.
        #[source]
        source: ClientError,
    },
    /// A server refused a step of the preparation.
    #[error("the {side} refused to {step}: {answer}")]
    Refused {
        /// `reference` or `candidate`.
        side: &'static str,
        /// What was asked.
        step: String,
        /// Its answer.
        answer: String,
    },
}
