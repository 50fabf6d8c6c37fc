//! `idempotency_cache` in SQLite.

use miroir_core::id::TaskUid;
use rusqlite::params;

use super::session::{Session, count, stored};
use crate::Result;
use crate::table::{IdempotencyKey, IdempotencyRow, ReadIdempotency, WriteIdempotency};

impl ReadIdempotency for Session<'_> {
    fn get(&self, key: &IdempotencyKey) -> Result<Option<IdempotencyRow>> {
        self.one(
            "SELECT body_sha256, task_uid, status, response, expires_at FROM idempotency_cache
             WHERE scope = ?1 AND key = ?2",
            params![key.scope, key.key],
            |row| {
                Ok(IdempotencyRow {
                    key: key.clone(),
                    digest: row.get(0)?,
                    task_uid: row.get::<_, Option<u32>>(1)?.map(TaskUid),
                    status: row.get(2)?,
                    response: row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default(),
                    expires_at: row.get(4)?,
                })
            },
        )
    }

    fn count(&self) -> Result<u64> {
        let rows = self.one("SELECT count(*) FROM idempotency_cache", [], |row| {
            count(row, 0)
        })?;
        Ok(rows.unwrap_or(0))
    }
}

impl WriteIdempotency for Session<'_> {
    fn put(&mut self, row: &IdempotencyRow) -> Result<()> {
        self.execute(
            "INSERT OR REPLACE INTO idempotency_cache (scope, key, body_sha256, task_uid, status, response, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                row.key.scope,
                row.key.key,
                row.digest,
                row.task_uid.map(|uid| uid.0),
                row.status,
                row.response,
                row.expires_at,
            ],
        )?;
        Ok(())
    }

    fn prune(&mut self, now: i64, most: u64, limit: u64) -> Result<usize> {
        self.execute(
            "DELETE FROM idempotency_cache WHERE rowid IN (
                SELECT rowid FROM idempotency_cache WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
            params![now, stored(limit)],
        )?;
        let surplus = ReadIdempotency::count(self)?
            .saturating_sub(most)
            .min(limit);
        self.execute(
            "DELETE FROM idempotency_cache WHERE rowid IN (
                SELECT rowid FROM idempotency_cache ORDER BY expires_at LIMIT ?1)",
            [stored(surplus)],
        )
    }
}
