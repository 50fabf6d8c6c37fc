//! `idempotency_cache` in memory.

use super::Tables;
use crate::Result;
use crate::table::{IdempotencyKey, IdempotencyRow, ReadIdempotency, WriteIdempotency};

impl ReadIdempotency for Tables {
    fn get(&self, key: &IdempotencyKey) -> Result<Option<IdempotencyRow>> {
        Ok(self.idempotency.get(key).cloned())
    }

    fn count(&self) -> Result<u64> {
        Ok(self.idempotency.len() as u64)
    }
}

impl WriteIdempotency for Tables {
    fn put(&mut self, row: &IdempotencyRow) -> Result<()> {
        self.idempotency.insert(row.key.clone(), row.clone());
        Ok(())
    }

    fn prune(&mut self, now: i64, most: u64, limit: u64) -> Result<usize> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut rows: Vec<(i64, IdempotencyKey)> = self
            .idempotency
            .values()
            .map(|row| (row.expires_at, row.key.clone()))
            .collect();
        rows.sort();
        let expired = rows
            .iter()
            .take_while(|(at, _)| *at <= now)
            .count()
            .min(limit);
        let left = rows.len() - expired;
        let surplus = left
            .saturating_sub(usize::try_from(most).unwrap_or(usize::MAX))
            .min(limit);
        for (_, key) in rows.iter().take(expired + surplus) {
            self.idempotency.remove(key);
        }
        Ok(surplus)
    }
}
