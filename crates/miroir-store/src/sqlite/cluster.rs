//! `cluster` in SQLite.

use rusqlite::params;

use super::session::Session;
use crate::Result;
use crate::table::{ClusterKey, ReadCluster, WriteCluster};

impl ReadCluster for Session<'_> {
    fn get(&self, key: ClusterKey) -> Result<Option<Vec<u8>>> {
        self.one(
            "SELECT value FROM cluster WHERE key = ?1",
            [key.as_str()],
            |row| row.get(0),
        )
    }
}

impl WriteCluster for Session<'_> {
    fn put(&mut self, key: ClusterKey, value: &[u8]) -> Result<()> {
        self.execute(
            "INSERT OR REPLACE INTO cluster (key, value) VALUES (?1, ?2)",
            params![key.as_str(), value],
        )?;
        Ok(())
    }
}
