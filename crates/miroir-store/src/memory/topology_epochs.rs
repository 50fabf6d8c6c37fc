//! `topology_epochs` in memory.

use super::Tables;
use crate::table::{KEPT_EPOCHS, ReadTopologyEpochs, TopologyEpochRow, WriteTopologyEpochs};
use crate::{Result, StoreError};

impl ReadTopologyEpochs for Tables {
    fn get(&self, epoch: u64) -> Result<Option<TopologyEpochRow>> {
        Ok(self.topology_epochs.get(&epoch).cloned())
    }

    fn latest(&self) -> Result<Option<TopologyEpochRow>> {
        Ok(self.topology_epochs.values().next_back().cloned())
    }

    fn list(&self) -> Result<Vec<TopologyEpochRow>> {
        Ok(self.topology_epochs.values().rev().cloned().collect())
    }
}

impl WriteTopologyEpochs for Tables {
    fn append(&mut self, row: &TopologyEpochRow) -> Result<()> {
        if self
            .latest()?
            .is_some_and(|latest| latest.epoch >= row.epoch)
        {
            return Err(StoreError::exists("topology_epochs", row.epoch));
        }
        self.topology_epochs.insert(row.epoch, row.clone());
        let oldest = row.epoch.saturating_sub(KEPT_EPOCHS - 1);
        self.topology_epochs
            .remove_where(|kept| kept.epoch < oldest);
        Ok(())
    }

    fn activate(&mut self, epoch: u64, at: i64) -> Result<()> {
        let Some(mut row) = self.topology_epochs.get(&epoch).cloned() else {
            return Err(StoreError::missing("topology_epochs", epoch));
        };
        row.active_at = row.active_at.or(Some(at));
        self.topology_epochs.insert(epoch, row);
        Ok(())
    }
}
