//! `keys` in SQLite.

use miroir_core::access::Key;
use rusqlite::{Row, params};
use uuid::Uuid;

use super::session::{Session, json, optional_text, text, unreadable};
use crate::table::{ReadKeys, WriteKeys};
use crate::{Json, Result};

impl ReadKeys for Session<'_> {
    fn list(&self) -> Result<Vec<Key>> {
        let mut keys = self.all(
            "SELECT uid, name, description, actions, indexes, expires_at, created_at, updated_at FROM keys",
            [],
            read,
        )?;
        // Not in SQL: fractions of a second have as many digits as they need, so their text does not sort.
        keys.sort_by_key(|key| std::cmp::Reverse((key.created_at, key.uid)));
        Ok(keys)
    }
}

/// The parameters of insert and update, which name the columns in one order.
macro_rules! parameters {
    ($key:expr) => {
        params![
            $key.uid.to_string(),
            $key.name,
            $key.description,
            Json::of(&$key.actions).as_str(),
            Json::of(&$key.indexes).as_str(),
            $key.expires_at.map(|end| end.to_string()),
            $key.created_at.to_string(),
            $key.updated_at.to_string(),
        ]
    };
}

impl WriteKeys for Session<'_> {
    fn insert(&mut self, key: &Key) -> Result<()> {
        Session::insert(
            self,
            "keys",
            key.uid,
            "INSERT INTO keys (uid, name, description, actions, indexes, expires_at, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            parameters!(key),
        )
    }

    fn update(&mut self, key: &Key) -> Result<()> {
        Session::update(
            self,
            "keys",
            key.uid,
            "UPDATE keys SET name = ?2, description = ?3, actions = ?4, indexes = ?5, expires_at = ?6, created_at = ?7,
                updated_at = ?8
             WHERE uid = ?1",
            parameters!(key),
        )
    }

    fn delete(&mut self, uid: Uuid) -> Result<bool> {
        let deleted = self.execute("DELETE FROM keys WHERE uid = ?1", [uid.to_string()])?;
        Ok(deleted > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        uid: text(row, 0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        actions: json(row, 3)?
            .parse()
            .map_err(|error| unreadable(3, error))?,
        indexes: json(row, 4)?
            .parse()
            .map_err(|error| unreadable(4, error))?,
        expires_at: optional_text(row, 5)?,
        created_at: text(row, 6)?,
        updated_at: text(row, 7)?,
    })
}
