//! `features` in SQLite.

use std::collections::BTreeMap;

use rusqlite::params;

use super::session::Session;
use crate::Result;
use crate::table::{ReadFeatures, WriteFeatures};

impl ReadFeatures for Session<'_> {
    fn switches(&self) -> Result<BTreeMap<String, bool>> {
        let rows = self.all("SELECT name, enabled FROM features", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(rows.into_iter().collect())
    }
}

impl WriteFeatures for Session<'_> {
    fn switch(&mut self, name: &str, enabled: bool) -> Result<()> {
        self.execute(
            "INSERT INTO features (name, enabled) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled",
            params![name, enabled],
        )
        .map(drop)
    }
}
