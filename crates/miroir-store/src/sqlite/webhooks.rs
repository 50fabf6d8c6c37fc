//! `webhooks` and `task_ends` in SQLite. Triggers of the schema write the ends.

use miroir_core::id::TaskUid;
use rusqlite::{Row, params};
use uuid::Uuid;

use super::session::{Session, count, stored, text};
use crate::Result;
use crate::table::{ReadTasks, ReadWebhooks, TaskEnd, WebhookRow, WriteWebhooks};

impl ReadWebhooks for Session<'_> {
    fn list(&self) -> Result<Vec<WebhookRow>> {
        self.all(
            "SELECT uuid, url, headers_sealed, told_up_to, created_at FROM webhooks ORDER BY uuid",
            [],
            read,
        )
    }

    fn ends_after(&self, number: u64, limit: usize) -> Result<Vec<TaskEnd>> {
        let ends = self.all(
            "SELECT number, task_uid FROM task_ends WHERE number > ?1 ORDER BY number LIMIT ?2",
            params![stored(number), stored(limit as u64)],
            |row| Ok((count(row, 0)?, TaskUid(row.get(1)?))),
        )?;
        let mut tasks = Vec::with_capacity(ends.len());
        for (number, uid) in ends {
            let task = ReadTasks::get(self, uid)?;
            tasks.extend(task.map(|task| TaskEnd { number, task }));
        }
        Ok(tasks)
    }
}

impl WriteWebhooks for Session<'_> {
    fn insert(&mut self, row: &WebhookRow) -> Result<()> {
        Session::insert(
            self,
            "webhooks",
            row.uuid,
            "INSERT INTO webhooks (uuid, url, headers_sealed, told_up_to, created_at)
             VALUES (?1, ?2, ?3, (SELECT coalesce(max(number), 0) FROM task_ends), ?4)",
            params![
                row.uuid.to_string(),
                row.url,
                row.headers_sealed,
                row.created_at
            ],
        )
    }

    fn update(&mut self, row: &WebhookRow) -> Result<()> {
        Session::update(
            self,
            "webhooks",
            row.uuid,
            "UPDATE webhooks SET url = ?2, headers_sealed = ?3 WHERE uuid = ?1",
            params![row.uuid.to_string(), row.url, row.headers_sealed],
        )
    }

    fn delete(&mut self, uuid: Uuid) -> Result<bool> {
        let deleted = self.execute("DELETE FROM webhooks WHERE uuid = ?1", [uuid.to_string()])?;
        self.forget_told()?;
        Ok(deleted > 0)
    }

    fn told(&mut self, uuid: Uuid, up_to: u64) -> Result<()> {
        self.execute(
            "UPDATE webhooks SET told_up_to = max(told_up_to, ?2) WHERE uuid = ?1",
            params![uuid.to_string(), stored(up_to)],
        )?;
        self.forget_told()
    }
}

impl Session<'_> {
    fn forget_told(&self) -> Result<()> {
        self.execute(
            "DELETE FROM task_ends
             WHERE number <= coalesce((SELECT min(told_up_to) FROM webhooks), 9223372036854775807)",
            [],
        )
        .map(drop)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<WebhookRow> {
    Ok(WebhookRow {
        uuid: text(row, 0)?,
        url: row.get(1)?,
        headers_sealed: row.get(2)?,
        told_up_to: count(row, 3)?,
        created_at: row.get(4)?,
    })
}
