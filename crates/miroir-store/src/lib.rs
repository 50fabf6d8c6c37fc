//! What survives a restart: the catalog, API keys, tasks and their legs, staleness, nodes, groups, epochs.
//!
//! A [`Store`] is a cheap handle over one backend: an SQLite file, or memory for tests and embedded use. Everything is
//! done in transactions: [`Store::write`] takes a closure over a [`Transaction`], which holds one trait object per table
//! ([`table`]), and an `Err` or a panic of the closure leaves nothing behind. Both backends pass one conformance suite.
//!
//! Times are integer milliseconds since 1970 unless a field says nanoseconds; the store itself never reads a clock but
//! for the date of a migration.

mod error;
mod json;
mod memory;
mod sqlite;
mod store;
pub mod table;
mod text;
mod transaction;

#[cfg(test)]
mod conformance;

pub use error::{OpenError, StoreError};
pub use json::Json;
pub use store::Store;
pub use text::UnknownText;
pub use transaction::{ReadTransaction, Transaction};

/// What every call on a table and every transaction closure returns.
pub type Result<T> = std::result::Result<T, StoreError>;
