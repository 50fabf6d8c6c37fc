//! `replica_groups` in SQLite.

use miroir_core::id::GroupId;
use rusqlite::{Row, params};

use super::session::{Session, text};
use crate::Result;
use crate::table::{ReadReplicaGroups, ReplicaGroupRow, WriteReplicaGroups};

impl ReadReplicaGroups for Session<'_> {
    fn get(&self, id: GroupId) -> Result<Option<ReplicaGroupRow>> {
        self.one(
            "SELECT id, state, changed_at FROM replica_groups WHERE id = ?1",
            [id.0],
            read,
        )
    }

    fn list(&self) -> Result<Vec<ReplicaGroupRow>> {
        self.all(
            "SELECT id, state, changed_at FROM replica_groups ORDER BY id",
            [],
            read,
        )
    }
}

impl WriteReplicaGroups for Session<'_> {
    fn put(&mut self, row: &ReplicaGroupRow) -> Result<()> {
        self.execute(
            "INSERT OR REPLACE INTO replica_groups (id, state, changed_at) VALUES (?1, ?2, ?3)",
            params![row.id.0, row.state.as_str(), row.changed_at],
        )?;
        Ok(())
    }

    fn delete(&mut self, id: GroupId) -> Result<bool> {
        let deleted = self.execute("DELETE FROM replica_groups WHERE id = ?1", [id.0])?;
        Ok(deleted > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ReplicaGroupRow> {
    Ok(ReplicaGroupRow {
        id: GroupId(row.get(0)?),
        state: text(row, 1)?,
        changed_at: row.get(2)?,
    })
}
