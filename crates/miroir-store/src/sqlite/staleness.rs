//! `staleness` in SQLite.

use miroir_core::id::{NodeId, NodeUid, Shard, TaskUid};
use rusqlite::{Row, params};

use super::session::{Session, count, stored, text};
use crate::Result;
use crate::table::{ReadStaleness, StaleKey, StaleRow, StaleState, WriteStaleness};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT node_uid, shard, node_id, since_position, reason, task_uid, state, freshness, created_at \
             FROM staleness ",
            $rest
        )
    };
}

impl ReadStaleness for Session<'_> {
    fn get(&self, key: &StaleKey) -> Result<Option<StaleRow>> {
        self.one(
            select!("WHERE node_uid = ?1 AND shard = ?2 AND node_id = ?3"),
            params![key.node_uid.as_str(), key.shard.0, key.node_id.as_str()],
            read,
        )
    }

    fn all(&self) -> Result<Vec<StaleRow>> {
        Session::all(self, select!("ORDER BY node_uid, shard, node_id"), [], read)
    }

    fn of_index(&self, node_uid: &NodeUid) -> Result<Vec<StaleRow>> {
        Session::all(
            self,
            select!("WHERE node_uid = ?1 ORDER BY shard, node_id"),
            [node_uid.as_str()],
            read,
        )
    }
}

impl WriteStaleness for Session<'_> {
    fn mark(&mut self, row: &StaleRow) -> Result<()> {
        self.execute(
            "INSERT INTO staleness (node_uid, shard, node_id, since_position, reason, task_uid, state, freshness,
                created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (node_uid, shard, node_id) DO UPDATE SET
                state = excluded.state, freshness = excluded.freshness",
            params![
                row.key.node_uid.as_str(),
                row.key.shard.0,
                row.key.node_id.as_str(),
                stored(row.since_position),
                row.reason.as_str(),
                row.task_uid.map(|uid| uid.0),
                row.state.as_str(),
                stored(row.freshness),
                row.created_at,
            ],
        )?;
        Ok(())
    }

    fn advance(&mut self, key: &StaleKey, freshness: u64, state: StaleState) -> Result<bool> {
        let changed = self.execute(
            "UPDATE staleness SET state = ?5
             WHERE node_uid = ?1 AND shard = ?2 AND node_id = ?3 AND freshness = ?4",
            params![
                key.node_uid.as_str(),
                key.shard.0,
                key.node_id.as_str(),
                stored(freshness),
                state.as_str()
            ],
        )?;
        Ok(changed > 0)
    }

    fn clear(&mut self, key: &StaleKey, freshness: u64) -> Result<bool> {
        let deleted = self.execute(
            "DELETE FROM staleness
             WHERE node_uid = ?1 AND shard = ?2 AND node_id = ?3 AND freshness = ?4",
            params![
                key.node_uid.as_str(),
                key.shard.0,
                key.node_id.as_str(),
                stored(freshness)
            ],
        )?;
        Ok(deleted > 0)
    }

    fn forget_index(&mut self, node_uid: &NodeUid) -> Result<usize> {
        self.execute(
            "DELETE FROM staleness WHERE node_uid = ?1",
            [node_uid.as_str()],
        )
    }

    fn forget_node(&mut self, node_id: &NodeId) -> Result<usize> {
        self.execute(
            "DELETE FROM staleness WHERE node_id = ?1",
            [node_id.as_str()],
        )
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<StaleRow> {
    Ok(StaleRow {
        key: StaleKey {
            node_uid: text(row, 0)?,
            shard: Shard(row.get(1)?),
            node_id: text(row, 2)?,
        },
        since_position: count(row, 3)?,
        reason: text(row, 4)?,
        task_uid: row.get::<_, Option<u32>>(5)?.map(TaskUid),
        state: text(row, 6)?,
        freshness: count(row, 7)?,
        created_at: row.get(8)?,
    })
}
