//! `catalog` in SQLite.

use miroir_core::id::{IndexUid, NodeUid, ShardCount};
use rusqlite::{Row, params};

use super::session::{Session, count, json, optional_json, stored, text, unreadable};
use crate::Result;
use crate::table::{CatalogRow, ReadCatalog, WriteCatalog};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT uid, current_node_uid, generation, primary_key, shards, user_settings, settings_version, \
             settings_fingerprint, ids_case_folded, frozen_reason, created_at, updated_at, settings_view FROM catalog ",
            $rest
        )
    };
}

impl ReadCatalog for Session<'_> {
    fn get(&self, uid: &IndexUid) -> Result<Option<CatalogRow>> {
        self.one(select!("WHERE uid = ?1"), [uid.as_str()], read)
    }

    fn by_node_uid(&self, node_uid: &NodeUid) -> Result<Option<CatalogRow>> {
        self.one(
            select!("WHERE current_node_uid = ?1"),
            [node_uid.as_str()],
            read,
        )
    }

    fn list(&self) -> Result<Vec<CatalogRow>> {
        self.all(select!("ORDER BY uid"), [], read)
    }
}

impl WriteCatalog for Session<'_> {
    fn put(&mut self, row: &CatalogRow) -> Result<()> {
        self.insert(
            "catalog",
            &row.current_node_uid,
            "INSERT INTO catalog (uid, current_node_uid, generation, primary_key, shards, user_settings,
                settings_version, settings_fingerprint, ids_case_folded, frozen_reason, created_at, updated_at,
                settings_view)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (uid) DO UPDATE SET
                current_node_uid = excluded.current_node_uid, generation = excluded.generation,
                primary_key = excluded.primary_key, shards = excluded.shards,
                user_settings = excluded.user_settings, settings_version = excluded.settings_version,
                settings_fingerprint = excluded.settings_fingerprint,
                ids_case_folded = excluded.ids_case_folded
                    AND (catalog.ids_case_folded OR catalog.current_node_uid <> excluded.current_node_uid),
                frozen_reason = CASE WHEN catalog.current_node_uid = excluded.current_node_uid
                    THEN catalog.frozen_reason ELSE excluded.frozen_reason END,
                created_at = excluded.created_at, updated_at = excluded.updated_at,
                settings_view = excluded.settings_view",
            params![
                row.uid.as_str(),
                row.current_node_uid.as_str(),
                row.generation,
                row.primary_key,
                row.shards.get(),
                row.user_settings.as_str(),
                stored(row.settings_version),
                row.settings_fingerprint,
                row.ids_case_folded,
                row.frozen_reason,
                row.created_at,
                row.updated_at,
                row.settings_view.as_ref().map(|view| view.as_str()),
            ],
        )
    }

    fn unfold_ids(&mut self, uid: &IndexUid) -> Result<()> {
        self.execute(
            "UPDATE catalog SET ids_case_folded = 0 WHERE uid = ?1",
            [uid.as_str()],
        )?;
        Ok(())
    }

    fn freeze(&mut self, node_uid: &NodeUid, reason: Option<&str>) -> Result<()> {
        self.execute(
            "UPDATE catalog SET frozen_reason = ?2 WHERE current_node_uid = ?1",
            params![node_uid.as_str(), reason],
        )?;
        Ok(())
    }

    fn delete(&mut self, uid: &IndexUid) -> Result<bool> {
        let deleted = self.execute("DELETE FROM catalog WHERE uid = ?1", [uid.as_str()])?;
        Ok(deleted > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<CatalogRow> {
    let shards = ShardCount::new(count(row, 4)?).map_err(|error| unreadable(4, error))?;
    Ok(CatalogRow {
        uid: text(row, 0)?,
        current_node_uid: text(row, 1)?,
        generation: row.get(2)?,
        primary_key: row.get(3)?,
        shards,
        user_settings: json(row, 5)?,
        settings_version: count(row, 6)?,
        settings_fingerprint: row.get(7)?,
        ids_case_folded: row.get(8)?,
        frozen_reason: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
        settings_view: optional_json(row, 12)?,
    })
}
