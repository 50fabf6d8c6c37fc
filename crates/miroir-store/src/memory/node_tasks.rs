//! `node_tasks` in memory.

use miroir_core::id::{NodeId, TaskUid};

use super::Tables;
use crate::table::{NodeTaskKey, NodeTaskRow, ReadNodeTasks, WriteNodeTasks};
use crate::{Result, StoreError};

impl Tables {
    /// The legs of a task, without a look at those of others.
    pub(super) fn legs(&self, task_uid: TaskUid) -> impl Iterator<Item = &NodeTaskRow> {
        let first = NodeTaskKey {
            task_uid,
            node_id: NodeId::parse("0").expect("the grammar's smallest node id"),
            leg: 0,
        };
        self.node_tasks
            .range(first..)
            .map(|(_, row)| row)
            .take_while(move |row| row.key.task_uid == task_uid)
    }
}

impl ReadNodeTasks for Tables {
    fn get(&self, key: &NodeTaskKey) -> Result<Option<NodeTaskRow>> {
        Ok(self.node_tasks.get(key).cloned())
    }

    fn for_task(&self, task_uid: TaskUid) -> Result<Vec<NodeTaskRow>> {
        Ok(self.legs(task_uid).cloned().collect())
    }

    fn unfinished(&self) -> Result<Vec<NodeTaskRow>> {
        let rows = self.node_tasks.values();
        Ok(rows
            .filter(|row| !row.state.is_finished())
            .cloned()
            .collect())
    }

    fn by_node_task(&self, node_id: &NodeId, node_task_uid: u32) -> Result<Option<NodeTaskRow>> {
        let mut newest_first = self.node_tasks.values().rev();
        Ok(newest_first
            .find(|row| row.key.node_id == *node_id && row.node_task_uid == Some(node_task_uid))
            .cloned())
    }
}

impl WriteNodeTasks for Tables {
    fn upsert(&mut self, row: &NodeTaskRow) -> Result<()> {
        if !self.tasks.contains_key(&row.key.task_uid) {
            return Err(StoreError::missing("tasks", row.key.task_uid));
        }
        self.node_tasks.insert(row.key.clone(), row.clone());
        Ok(())
    }
}
