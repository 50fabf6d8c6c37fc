//! `tasks` in memory.

use std::collections::BTreeSet;

use miroir_core::id::{IndexUid, TaskUid};

use super::Tables;
use crate::table::{
    BatchPage, BatchPageRequest, NodeTaskKey, ReadTasks, TaskListFilter, TaskPage, TaskPageRequest,
    TaskRow, WriteTasks, renamed,
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
        let shown = || matching().filter(|row| filter.shows(row.kind));
        let rows = if page.oldest_first {
            shown()
                .filter(|row| first.is_none_or(|first| row.uid >= first))
                .take(page.limit)
                .cloned()
                .collect()
        } else {
            shown()
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

    fn batches(&self, filter: &TaskListFilter, page: &BatchPageRequest) -> Result<BatchPage> {
        let matching = self.tasks.values().filter(|row| filter.matches(row));
        let uids: BTreeSet<u32> = matching.filter_map(|row| filter.batch_of(row)).collect();
        let total = uids.len() as u64;
        let reached = |uid: &u32| {
            page.from.is_none_or(|from| match page.oldest_first {
                true => *uid >= from,
                false => *uid <= from,
            })
        };
        let mut uids: Vec<u32> = uids.into_iter().filter(reached).collect();
        if !page.oldest_first {
            uids.reverse();
        }
        uids.truncate(page.limit);
        Ok(BatchPage { uids, total })
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
        self.note_end(row);
        self.tasks.insert(row.uid, row.clone());
        Ok(())
    }

    fn update(&mut self, row: &TaskRow) -> Result<()> {
        if !self.tasks.contains_key(&row.uid) {
            return Err(StoreError::missing("tasks", row.uid));
        }
        self.note_end(row);
        self.tasks.insert(row.uid, row.clone());
        Ok(())
    }

    fn rename_indexes(&mut self, renames: &[(IndexUid, IndexUid)], before: TaskUid) -> Result<()> {
        let older = self.tasks.values().filter(|row| row.uid < before);
        let changed: Vec<TaskRow> = older.filter_map(|row| renamed(row, renames)).collect();
        changed.iter().try_for_each(|row| self.update(row))
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
