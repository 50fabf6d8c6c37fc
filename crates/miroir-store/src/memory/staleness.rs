//! `staleness` in memory.

use miroir_core::id::{NodeId, NodeUid};

use super::Tables;
use crate::Result;
use crate::table::{ReadStaleness, StaleKey, StaleRow, StaleState, WriteStaleness};

impl ReadStaleness for Tables {
    fn get(&self, key: &StaleKey) -> Result<Option<StaleRow>> {
        Ok(self.staleness.get(key).cloned())
    }

    fn all(&self) -> Result<Vec<StaleRow>> {
        Ok(self.staleness.values().cloned().collect())
    }

    fn of_index(&self, node_uid: &NodeUid) -> Result<Vec<StaleRow>> {
        let rows = self.staleness.values();
        Ok(rows
            .filter(|row| row.key.node_uid == *node_uid)
            .cloned()
            .collect())
    }
}

impl WriteStaleness for Tables {
    fn mark(&mut self, row: &StaleRow) -> Result<()> {
        let mut marked = row.clone();
        if let Some(older) = self.staleness.get(&row.key) {
            marked = older.clone();
            marked.state = row.state;
            marked.freshness = row.freshness;
        }
        self.staleness.insert(row.key.clone(), marked);
        Ok(())
    }

    fn advance(&mut self, key: &StaleKey, freshness: u64, state: StaleState) -> Result<bool> {
        let Some(row) = self.staleness.get(key) else {
            return Ok(false);
        };
        if row.freshness != freshness {
            return Ok(false);
        }
        let row = StaleRow {
            state,
            ..row.clone()
        };
        self.staleness.insert(key.clone(), row);
        Ok(true)
    }

    fn clear(&mut self, key: &StaleKey, freshness: u64) -> Result<bool> {
        let row = self.staleness.get(key);
        let unchanged = row.is_some_and(|row| row.freshness == freshness);
        Ok(unchanged && self.staleness.remove(key))
    }

    fn forget_index(&mut self, node_uid: &NodeUid) -> Result<usize> {
        Ok(self
            .staleness
            .remove_where(|row| row.key.node_uid == *node_uid))
    }

    fn forget_node(&mut self, node_id: &NodeId) -> Result<usize> {
        Ok(self
            .staleness
            .remove_where(|row| row.key.node_id == *node_id))
    }
}
