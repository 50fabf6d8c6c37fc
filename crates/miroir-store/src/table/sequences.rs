//! `sequences`: numbers from 0 without gaps, never handed out twice.

use miroir_core::id::TaskUid;

use crate::{Result, StoreError};

/// Client-visible tasks; 32 bits, because SDKs parse them as such.
pub const TASK_UID: &str = "task_uid";
/// Client-visible batches of tasks.
pub const BATCH_UID: &str = "batch_uid";

pub trait ReadSequences {
    /// The number that the next call of `next` returns.
    fn peek(&self, name: &str) -> Result<u64>;
}

pub trait WriteSequences: ReadSequences {
    /// Takes the next number. A transaction that rolls back gives it back, so committed numbers are dense.
    fn next(&mut self, name: &str) -> Result<u64>;

    /// The next number becomes at least this one; never a lower one.
    fn skip_to(&mut self, name: &str, next: u64) -> Result<()>;

    /// Takes the next task uid; `Exhausted` after 2^32 - 1.
    fn next_task_uid(&mut self) -> Result<TaskUid> {
        let number = self.next(TASK_UID)?;
        u32::try_from(number)
            .map(TaskUid)
            .map_err(|_| StoreError::Exhausted {
                name: TASK_UID.to_owned(),
            })
    }
}
