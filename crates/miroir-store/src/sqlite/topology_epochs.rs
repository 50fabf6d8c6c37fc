//! `topology_epochs` in SQLite.

use rusqlite::{Row, params};

use super::session::{Session, count, json, stored};
use crate::table::{KEPT_EPOCHS, ReadTopologyEpochs, TopologyEpochRow, WriteTopologyEpochs};
use crate::{Result, StoreError};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT epoch, snapshot, reason, created_at, active_at FROM topology_epochs ",
            $rest
        )
    };
}

impl ReadTopologyEpochs for Session<'_> {
    fn get(&self, epoch: u64) -> Result<Option<TopologyEpochRow>> {
        self.one(select!("WHERE epoch = ?1"), [stored(epoch)], read)
    }

    fn latest(&self) -> Result<Option<TopologyEpochRow>> {
        self.one(select!("ORDER BY epoch DESC LIMIT 1"), [], read)
    }

    fn list(&self) -> Result<Vec<TopologyEpochRow>> {
        self.all(select!("ORDER BY epoch DESC"), [], read)
    }
}

impl WriteTopologyEpochs for Session<'_> {
    fn append(&mut self, row: &TopologyEpochRow) -> Result<()> {
        if self
            .latest()?
            .is_some_and(|latest| latest.epoch >= row.epoch)
        {
            return Err(StoreError::exists("topology_epochs", row.epoch));
        }
        self.execute(
            "INSERT INTO topology_epochs (epoch, snapshot, reason, created_at, active_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                stored(row.epoch),
                row.snapshot.as_str(),
                row.reason,
                row.created_at,
                row.active_at
            ],
        )?;
        let oldest = row.epoch.saturating_sub(KEPT_EPOCHS - 1);
        self.execute(
            "DELETE FROM topology_epochs WHERE epoch < ?1",
            [stored(oldest)],
        )?;
        Ok(())
    }

    fn activate(&mut self, epoch: u64, at: i64) -> Result<()> {
        self.update(
            "topology_epochs",
            epoch,
            "UPDATE topology_epochs SET active_at = coalesce(active_at, ?2) WHERE epoch = ?1",
            params![stored(epoch), at],
        )
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<TopologyEpochRow> {
    Ok(TopologyEpochRow {
        epoch: count(row, 0)?,
        snapshot: json(row, 1)?,
        reason: row.get(2)?,
        created_at: row.get(3)?,
        active_at: row.get(4)?,
    })
}
