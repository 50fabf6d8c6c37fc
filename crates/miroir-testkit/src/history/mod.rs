//! Histories: clients write and read while processes die, and afterwards every answer must have been possible.
//!
//! Every document has one writer, and so have the settings, which count as one more, so the order of the writes to each is known. What
//! a client was told decides what may have become of a write: one whose task succeeded has happened, in its place; any other one may
//! have happened at any time after it was sent, once, or never.
//! [`check`] is pure and knows nothing of the fleet; [`run`] makes a history with real processes under a seeded [`plan`] of faults.

pub mod check;
mod client;
pub mod plan;
mod run;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use check::{Violation, check};
pub use run::{HistoryError, Options, Outcome, run};

/// A document's contents as far as the clients of a history write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    /// Written by [`Change::Put`].
    pub put: Option<u64>,
    /// Written by [`Change::Patch`]; a put removes it.
    pub patch: Option<u64>,
}

/// What a write does to one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Replaces the document.
    Put(u64),
    /// Adds or changes a field of the document, which comes into being if it is missing.
    Patch(u64),
    /// Removes the document.
    Delete,
}

/// What a client was told of a write in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// 202, and the task succeeded.
    Succeeded,
    /// Anything else: refused, failed, or no answer.
    Perhaps,
}

/// One thing that a client did to or saw of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A write.
    Wrote(Change, Told),
    /// All earlier tasks of the client had ended when it read this; `None`: no such document.
    Saw(Option<State>),
}

/// A write that was accepted: the number of its task, and when it began and was answered, in a count that all clients share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The client's task.
    pub task: u64,
    /// Before the request was sent.
    pub began: u64,
    /// After the answer had come.
    pub ended: u64,
}

/// Everything that happened.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Per document, in the order of its only writer. A write to all documents is in every one of them.
    pub events: BTreeMap<String, Vec<Event>>,
    /// In any order.
    pub accepted: Vec<Accepted>,
    /// What the nodes held in the end.
    pub finally: BTreeMap<String, State>,
    /// Where the nodes disagreed in the end.
    pub differences: Vec<String>,
}

impl Change {
    /// The document after the change.
    #[must_use]
    pub fn apply(self, before: Option<&State>) -> Option<State> {
        match self {
            Self::Put(version) => Some(State {
                put: Some(version),
                patch: None,
            }),
            Self::Patch(version) => Some(State {
                patch: Some(version),
                ..before.cloned().unwrap_or_default()
            }),
            Self::Delete => None,
        }
    }
}
