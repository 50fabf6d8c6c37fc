//! `idempotency_cache`: which requests have made a task, by the key that their clients gave them.

use miroir_core::id::TaskUid;

use crate::Result;

/// Whose key it is, and the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdempotencyKey {
    /// SHA-256 of whom the key belongs to: two clients may use the same one.
    pub scope: [u8; 32],
    pub key: String,
}

/// A request that was carried out, and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRow {
    pub key: IdempotencyKey,
    /// Of everything that makes a request the same one.
    pub digest: [u8; 32],
    pub task_uid: Option<TaskUid>,
    pub status: u16,
    pub response: Vec<u8>,
    /// Milliseconds.
    pub expires_at: i64,
}

pub trait ReadIdempotency {
    /// The row of a key, expired or not.
    fn get(&self, key: &IdempotencyKey) -> Result<Option<IdempotencyRow>>;

    /// How many rows there are.
    fn count(&self) -> Result<u64>;
}

pub trait WriteIdempotency: ReadIdempotency {
    /// Adds a row or replaces it.
    fn put(&mut self, row: &IdempotencyRow) -> Result<()>;

    /// Removes rows that expire no later than `now`, and the ones that expire first where more than `most` are left; at
    /// most `limit` of each. Returns how many of the latter there were.
    fn prune(&mut self, now: i64, most: u64, limit: u64) -> Result<usize>;
}
