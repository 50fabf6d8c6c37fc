//! Whose turn it is among copies that do equally well.
//!
//! Reads that overlap each go to the next copies, so that load is spread. Reads that come one after the other stay with the same ones
//! for a while: a node that has just answered has what it needs at hand. Where three nodes share two processors, short searches take
//! three quarters of the time, and turns of more than 20 reads change little.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Threads may race for a turn: then it is a read longer or shorter.
pub(super) struct Turns {
    number: AtomicU64,
    /// That have begun in this turn.
    reads: AtomicU32,
    length: u32,
}

impl Turns {
    /// Each ends after so many reads at the latest.
    pub(super) fn new(length: u32) -> Self {
        Self {
            number: AtomicU64::new(0),
            reads: AtomicU32::new(0),
            length: length.max(1),
        }
    }

    /// The turn of a read that begins now; `overlaps`: while others are under way.
    pub(super) fn take(&self, overlaps: bool) -> u64 {
        let begun = self.reads.fetch_add(1, Ordering::Relaxed);
        if self.is_over(begun, overlaps) {
            self.reads.store(1, Ordering::Relaxed);
            return self.number.fetch_add(1, Ordering::Relaxed) + 1;
        }
        self.number.load(Ordering::Relaxed)
    }

    /// What the next read would be given.
    pub(super) fn peek(&self, overlaps: bool) -> u64 {
        let is_over = self.is_over(self.reads.load(Ordering::Relaxed), overlaps);
        self.number.load(Ordering::Relaxed) + u64::from(is_over)
    }

    /// After so many reads. The first turn of all is not over before it has begun.
    fn is_over(&self, begun: u32, overlaps: bool) -> bool {
        begun > 0 && (overlaps || begun >= self.length)
    }
}
