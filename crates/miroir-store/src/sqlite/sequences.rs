//! `sequences` in SQLite.

use rusqlite::params;

use super::session::{Session, count, stored};
use crate::table::{ReadSequences, WriteSequences};
use crate::{Result, StoreError};

impl ReadSequences for Session<'_> {
    fn peek(&self, name: &str) -> Result<u64> {
        let next = self.one(
            "SELECT next FROM sequences WHERE name = ?1",
            [name],
            |row| count(row, 0),
        )?;
        Ok(next.unwrap_or(0))
    }
}

impl WriteSequences for Session<'_> {
    fn next(&mut self, name: &str) -> Result<u64> {
        let next = self.one(
            "INSERT INTO sequences (name, next) VALUES (?1, 1)
             ON CONFLICT (name) DO UPDATE SET next = next + 1
             RETURNING next",
            [name],
            |row| count(row, 0),
        )?;
        match next {
            Some(next) if next > 0 => Ok(next - 1),
            _ => Err(StoreError::Exhausted {
                name: name.to_owned(),
            }),
        }
    }

    fn skip_to(&mut self, name: &str, next: u64) -> Result<()> {
        self.execute(
            "INSERT INTO sequences (name, next) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET next = max(next, excluded.next)",
            params![name, stored(next)],
        )?;
        Ok(())
    }
}
