//! `nodes` in memory.

use miroir_core::id::NodeId;

use super::Tables;
use crate::table::{NodeRow, ReadNodes, WriteNodes};
use crate::{Result, StoreError};

impl ReadNodes for Tables {
    fn get(&self, id: &NodeId) -> Result<Option<NodeRow>> {
        Ok(self.nodes.get(id).cloned())
    }

    fn list(&self) -> Result<Vec<NodeRow>> {
        Ok(self.nodes.values().cloned().collect())
    }
}

impl WriteNodes for Tables {
    fn insert(&mut self, row: &NodeRow) -> Result<()> {
        if self.nodes.contains_key(&row.id) {
            return Err(StoreError::exists("nodes", &row.id));
        }
        self.nodes.insert(row.id.clone(), row.clone());
        Ok(())
    }

    fn update(&mut self, row: &NodeRow) -> Result<()> {
        if !self.nodes.contains_key(&row.id) {
            return Err(StoreError::missing("nodes", &row.id));
        }
        self.nodes.insert(row.id.clone(), row.clone());
        Ok(())
    }

    fn raise_task_uid(&mut self, id: &NodeId, task_uid: u32) -> Result<()> {
        let Some(mut row) = self.nodes.get(id).cloned() else {
            return Err(StoreError::missing("nodes", id));
        };
        if row.last_task_uid.is_none_or(|highest| highest < task_uid) {
            row.last_task_uid = Some(task_uid);
            self.nodes.insert(id.clone(), row);
        }
        Ok(())
    }
}
