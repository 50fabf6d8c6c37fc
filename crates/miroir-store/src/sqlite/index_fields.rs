//! `index_fields` in SQLite.

use miroir_core::id::NodeUid;
use rusqlite::params;

use super::session::{Session, text};
use crate::Result;
use crate::table::{IndexFieldRow, ReadIndexFields, WriteIndexFields};

impl ReadIndexFields for Session<'_> {
    fn all(&self) -> Result<Vec<IndexFieldRow>> {
        Session::all(
            self,
            "SELECT node_uid, place, name FROM index_fields ORDER BY node_uid, place",
            [],
            |row| {
                Ok(IndexFieldRow {
                    node_uid: text(row, 0)?,
                    place: row.get(1)?,
                    name: row.get(2)?,
                })
            },
        )
    }
}

impl WriteIndexFields for Session<'_> {
    fn append(&mut self, node_uid: &NodeUid, names: &[String]) -> Result<()> {
        for name in names {
            self.execute(
                "INSERT INTO index_fields (node_uid, place, name)
                 SELECT ?1, coalesce(max(place) + 1, 0), ?2 FROM index_fields WHERE node_uid = ?1",
                params![node_uid.as_str(), name],
            )?;
        }
        Ok(())
    }

    fn forget_index(&mut self, node_uid: &NodeUid) -> Result<usize> {
        self.execute(
            "DELETE FROM index_fields WHERE node_uid = ?1",
            [node_uid.as_str()],
        )
    }
}
