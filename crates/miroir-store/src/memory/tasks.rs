//! `tasks` in memory.

use miroir_core::id::TaskUid;

use super::Tables;
use crate::table::{
    NodeTaskKey, ReadTasks, TaskListFilter, TaskPage, TaskPageRequest, TaskRow, WriteTasks,
};
use crate::{Result, StoreError};

impl ReadTasks for Tables {
    fn get(&self, uid: TaskUid) -> Result<Option<TaskRow>> {
        Ok(self.tasks.get(&uid).cloned())
    }

    fn list(&self, filter: &TaskListFilter, page: &TaskPageRequest) -> Result<TaskPage> {
        let matching = || self.tasks.values().filter(|row| filter.matches(row));
        let total = matching().count() as u64;
        let first = page.from;
        let rows = if page.oldest_first {
            matching()
                .filter(|row| first.is_none_or(|first| row.uid >= first))
                .take(page.limit)
                .cloned()
                .collect()
        } else {
            matching()
                .rev()
                .filter(|row| first.is_none_or(|first| row.uid <= first))
                .take(page.limit)
                .cloned()
                .collect()
        };
        Ok(TaskPage { rows, total })
    }

    fn matching(&self, filter: &TaskListFilter) -> Result<Vec<TaskUid>> {
        let rows = self.tasks.values().filter(|row| filter.matches(row));
        Ok(rows.map(|row| row.uid).collect())
    }

    fn unfinished(&self) -> Result<Vec<TaskRow>> {
        let rows = self.tasks.values().filter(|row| !row.status.is_finished());
        Ok(rows.cloned().collect())
    }

    fn count(&self) -> Result<u64> {
        Ok(self.tasks.len() as u64)
    }
}

impl WriteTasks for Tables {
    fn insert(&mut self, row: &TaskRow) -> Result<()> {
        if self.tasks.contains_key(&row.uid) {
            return Err(StoreError::exists("tasks", row.uid));
        }
        self.tasks.insert(row.uid, row.clone());
        Ok(())
    }

    fn update(&mut self, row: &TaskRow) -> Result<()> {
        if !self.tasks.contains_key(&row.uid) {
            return Err(StoreError::missing("tasks", row.uid));
        }
        self.tasks.insert(row.uid, row.clone());
        Ok(())
    }

    fn delete(&mut self, uids: &[TaskUid]) -> Result<usize> {
        let mut deleted = 0;
        for uid in uids {
            if self.tasks.remove(uid) {
                let legs: Vec<NodeTaskKey> = self.legs(*uid).map(|leg| leg.key.clone()).collect();
                for key in &legs {
                    self.node_tasks.remove(key);
                }
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    fn prune(&mut self, finished_before: i64, limit: usize) -> Result<usize> {
        let mut old: Vec<(i64, TaskUid)> = self
            .tasks
            .values()
            .filter(|row| row.status.is_finished())
            .filter_map(|row| Some((row.finished_at?, row.uid)))
            .filter(|(finished_at, _)| *finished_at < finished_before)
            .collect();
        old.sort_unstable();
        let uids: Vec<TaskUid> = old.into_iter().take(limit).map(|(_, uid)| uid).collect();
        WriteTasks::delete(self, &uids)
    }
}
