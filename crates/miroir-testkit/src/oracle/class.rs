//! The classes of queries: what is asked, who can answer it, and how equal the answers must be.
//!
//! A class is one row of a table beside its generator (`queries/*.rs`, each with its `CLASSES`). A new family of classes
//! is a file with such a table and one line in [`FAMILIES`]; the report, the command line and `docs/exactness.md` follow.

use std::str::FromStr;

use super::queries::{self, Query, Source};

/// How equal the answers of a class must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Every answer.
    Exact,
    /// So many percent; the rest is what one server's answer owes to its own state, for a known reason.
    AtLeast(f64, &'static str),
}

impl Verdict {
    /// Equal answers in percent that the class must reach.
    #[must_use]
    pub fn percent(self) -> f64 {
        match self {
            Self::Exact => 100.0,
            Self::AtLeast(percent, _) => percent,
        }
    }
}

/// What a reference must be to answer a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Any node.
    Node,
    /// A real server: the embedded node does not have it.
    Server,
}

/// One row of a table of classes.
pub struct Definition {
    /// The name on the command line and in reports.
    pub name: &'static str,
    /// What it asks, as a phrase.
    pub about: &'static str,
    /// How equal the answers must be.
    pub verdict: Verdict,
    /// Who can answer it.
    pub needs: Needs,
    /// Draws one query.
    pub(super) draw: fn(&mut Source<'_>) -> Query,
}

impl Definition {
    /// A class that any node answers and every answer of which must be equal.
    pub(super) const fn exact(
        name: &'static str,
        about: &'static str,
        draw: fn(&mut Source<'_>) -> Query,
    ) -> Self {
        Self {
            name,
            about,
            verdict: Verdict::Exact,
            needs: Needs::Node,
            draw,
        }
    }

    /// The same, judged by another verdict.
    pub(super) const fn at_least(self, percent: f64, why: &'static str) -> Self {
        Self {
            verdict: Verdict::AtLeast(percent, why),
            ..self
        }
    }

    /// The same, asked of a real server only.
    pub(super) const fn of_a_server(self) -> Self {
        Self {
            needs: Needs::Server,
            ..self
        }
    }
}

/// Every table of classes, in the order of reports.
const FAMILIES: &[&[Definition]] = &[
    queries::words::CLASSES,
    queries::filters::CLASSES,
    queries::sort::CLASSES,
    queries::distinct::CLASSES,
    queries::facets::CLASSES,
    queries::pages::CLASSES,
    queries::format::CLASSES,
    queries::routes::CLASSES,
    queries::federation::CLASSES,
    queries::vectors::CLASSES,
    queries::documents::CLASSES,
];

/// A family of queries that is drawn, counted and reported together.
#[derive(Clone, Copy)]
pub struct Class(&'static Definition);

/// A class name that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("unknown class `{0}`")]
pub struct UnknownClass(String);

impl Class {
    /// Every class, in the order of reports.
    pub fn all() -> impl Iterator<Item = Self> {
        FAMILIES.iter().flat_map(|family| family.iter()).map(Self)
    }

    /// The classes that every reference can answer.
    pub fn of_any_node() -> impl Iterator<Item = Self> {
        Self::all().filter(|class| class.needs == Needs::Node)
    }
}

impl std::ops::Deref for Class {
    type Target = Definition;

    fn deref(&self) -> &Definition {
        self.0
    }
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Class {}

impl std::fmt::Debug for Class {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.name)
    }
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|class| class.name == name)
            .ok_or_else(|| UnknownClass(name.to_owned()))
    }
}
