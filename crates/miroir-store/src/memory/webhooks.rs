//! `webhooks` and the ends of tasks in memory.

use miroir_core::id::TaskUid;
use uuid::Uuid;

use super::Tables;
use crate::table::{ReadWebhooks, TaskEnd, TaskRow, WebhookRow, WriteWebhooks};
use crate::{Result, StoreError};

impl ReadWebhooks for Tables {
    fn list(&self) -> Result<Vec<WebhookRow>> {
        Ok(self.webhooks.values().cloned().collect())
    }

    fn ends_after(&self, number: u64, limit: usize) -> Result<Vec<TaskEnd>> {
        let ends = self.task_ends.range(number + 1..).take(limit);
        let task = |(number, uid): (&u64, &TaskUid)| {
            let task = self.tasks.get(uid)?.clone();
            let number = *number;
            Some(TaskEnd { number, task })
        };
        Ok(ends.filter_map(task).collect())
    }
}

impl WriteWebhooks for Tables {
    fn insert(&mut self, row: &WebhookRow) -> Result<()> {
        if self.webhooks.contains_key(&row.uuid) {
            return Err(StoreError::exists("webhooks", row.uuid));
        }
        let told_up_to = self.last_end();
        self.webhooks.insert(
            row.uuid,
            WebhookRow {
                told_up_to,
                ..row.clone()
            },
        );
        Ok(())
    }

    fn update(&mut self, row: &WebhookRow) -> Result<()> {
        let Some(known) = self.webhooks.get(&row.uuid) else {
            return Err(StoreError::missing("webhooks", row.uuid));
        };
        let changed = WebhookRow {
            url: row.url.clone(),
            headers_sealed: row.headers_sealed.clone(),
            ..known.clone()
        };
        self.webhooks.insert(row.uuid, changed);
        Ok(())
    }

    fn delete(&mut self, uuid: Uuid) -> Result<bool> {
        let was_there = self.webhooks.remove(&uuid);
        self.forget_told();
        Ok(was_there)
    }

    fn told(&mut self, uuid: Uuid, up_to: u64) -> Result<()> {
        if let Some(known) = self.webhooks.get(&uuid) {
            let mut row = known.clone();
            row.told_up_to = row.told_up_to.max(up_to);
            self.webhooks.insert(uuid, row);
        }
        self.forget_told();
        Ok(())
    }
}

impl Tables {
    /// To be called with every row before it is written.
    pub(super) fn note_end(&mut self, row: &TaskRow) {
        let has_ended = |row: &TaskRow| row.finished_at.is_some();
        let is_new = has_ended(row) && !self.tasks.get(&row.uid).is_some_and(has_ended);
        if is_new && row.visible && self.webhooks.len() > 0 {
            self.task_ends.insert(self.last_end() + 1, row.uid);
        }
    }

    /// The highest number that was ever used, as far as a webhook could know it.
    fn last_end(&self) -> u64 {
        let waiting = self
            .task_ends
            .range(..)
            .next_back()
            .map(|(number, _)| *number);
        let told = self.webhooks.values().map(|row| row.told_up_to).max();
        waiting.max(told).unwrap_or(0)
    }

    fn forget_told(&mut self) {
        let everybody = self.webhooks.values().map(|row| row.told_up_to).min();
        let told: Vec<u64> = self
            .task_ends
            .range(..=everybody.unwrap_or(u64::MAX))
            .map(|(number, _)| *number)
            .collect();
        for number in &told {
            self.task_ends.remove(number);
        }
    }
}
