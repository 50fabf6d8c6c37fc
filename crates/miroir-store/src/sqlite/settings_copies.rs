//! `settings_copies` in SQLite.

use miroir_core::id::NodeUid;
use rusqlite::params;

use super::session::{Session, count, stored, text};
use crate::Result;
use crate::table::{ReadSettingsCopies, SettingsCopyRow, WriteSettingsCopies};

impl ReadSettingsCopies for Session<'_> {
    fn all(&self) -> Result<Vec<SettingsCopyRow>> {
        Session::all(
            self,
            "SELECT node_uid, node_id, version, fingerprint, state, verified_at FROM settings_copies
             ORDER BY node_uid, node_id",
            [],
            |row| {
                Ok(SettingsCopyRow {
                    node_uid: text(row, 0)?,
                    node_id: text(row, 1)?,
                    version: count(row, 2)?,
                    fingerprint: row.get(3)?,
                    state: text(row, 4)?,
                    verified_at: row.get(5)?,
                })
            },
        )
    }
}

impl WriteSettingsCopies for Session<'_> {
    fn put(&mut self, row: &SettingsCopyRow) -> Result<()> {
        self.execute(
            "INSERT OR REPLACE INTO settings_copies (node_uid, node_id, version, fingerprint, state, verified_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                row.node_uid.as_str(),
                row.node_id.as_str(),
                stored(row.version),
                row.fingerprint,
                row.state.as_str(),
                row.verified_at,
            ],
        )?;
        Ok(())
    }

    fn forget_index(&mut self, node_uid: &NodeUid) -> Result<usize> {
        self.execute(
            "DELETE FROM settings_copies WHERE node_uid = ?1",
            [node_uid.as_str()],
        )
    }
}
