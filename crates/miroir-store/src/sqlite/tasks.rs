//! `tasks` in SQLite.

use std::str::FromStr;

use miroir_core::id::{IndexUid, TaskUid};
use miroir_core::wire::deserialize::Reason;
use rusqlite::{Row, params, params_from_iter};

use super::session::{
    Session, count, json, optional_json, optional_text, stored, text, unknown, unreadable,
};
use super::task_conditions::Conditions;
use crate::Result;
use crate::table::{
    BatchPage, BatchPageRequest, ReadTasks, TaskListFilter, TaskPage, TaskPageRequest, TaskRow,
    WriteTasks, renamed,
};

const COLUMNS: &str = "uid, batch_uid, kind, visible, index_uid, addressed_as, status, origin, canceled_by, details, \
                       error, custom_metadata, degraded, enqueued_at, started_at, finished_at, applied_at, position, work";

impl ReadTasks for Session<'_> {
    fn get(&self, uid: TaskUid) -> Result<Option<TaskRow>> {
        let sql = format!("SELECT {COLUMNS} FROM tasks WHERE uid = ?1");
        self.one(&sql, [uid.0], read)
    }

    /// Both questions are answered on indexes where one fits; only the rows of the page are read.
    fn list(&self, filter: &TaskListFilter, page: &TaskPageRequest) -> Result<TaskPage> {
        let mut conditions = Conditions::of(filter);
        let total = self.one(
            &format!("SELECT count(*) FROM tasks WHERE {}", conditions.sql()),
            params_from_iter(conditions.values()),
            |row| count(row, 0),
        )?;
        let order = if page.oldest_first { "ASC" } else { "DESC" };
        if let Some(from) = page.from {
            conditions.from("uid", from.0, page.oldest_first);
        }
        conditions.shown(filter);
        let sql = format!(
            "SELECT {COLUMNS} FROM tasks
             WHERE uid IN (SELECT uid FROM tasks WHERE {} ORDER BY uid {order} LIMIT {})
             ORDER BY uid {order}",
            conditions.sql(),
            stored(page.limit as u64),
        );
        let rows = self.all(&sql, params_from_iter(conditions.values()), read)?;
        Ok(TaskPage {
            rows,
            total: total.unwrap_or(0),
        })
    }

    fn matching(&self, filter: &TaskListFilter) -> Result<Vec<TaskUid>> {
        let conditions = Conditions::of(filter);
        self.all(
            &format!(
                "SELECT uid FROM tasks WHERE {} ORDER BY uid",
                conditions.sql()
            ),
            params_from_iter(conditions.values()),
            |row| Ok(TaskUid(row.get(0)?)),
        )
    }

    fn batches(&self, filter: &TaskListFilter, page: &BatchPageRequest) -> Result<BatchPage> {
        let mut conditions = Conditions::of(filter);
        conditions.in_a_batch(filter);
        let total = self.one(
            &format!(
                "SELECT count(DISTINCT batch_uid) FROM tasks WHERE {}",
                conditions.sql()
            ),
            params_from_iter(conditions.values()),
            |row| count(row, 0),
        )?;
        if let Some(from) = page.from {
            conditions.from("batch_uid", from, page.oldest_first);
        }
        let sql = format!(
            "SELECT DISTINCT batch_uid FROM tasks WHERE {} ORDER BY batch_uid {} LIMIT {}",
            conditions.sql(),
            if page.oldest_first { "ASC" } else { "DESC" },
            stored(page.limit as u64),
        );
        let uids = self.all(&sql, params_from_iter(conditions.values()), |row| {
            row.get(0)
        })?;
        Ok(BatchPage {
            uids,
            total: total.unwrap_or(0),
        })
    }

    fn unfinished(&self) -> Result<Vec<TaskRow>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM tasks WHERE status IN ('enqueued', 'processing') ORDER BY uid"
        );
        self.all(&sql, [], read)
    }

    fn count(&self) -> Result<u64> {
        let number = self.one("SELECT count(*) FROM tasks", [], |row| count(row, 0))?;
        Ok(number.unwrap_or(0))
    }
}

/// The parameters of insert and update, which name the columns in one order.
macro_rules! parameters {
    ($row:expr) => {
        params![
            $row.uid.0,
            $row.batch_uid,
            $row.kind.name(),
            $row.visible,
            $row.index_uid.as_ref().map(|uid| uid.as_str()),
            $row.addressed_as,
            $row.status.name(),
            $row.origin.as_str(),
            $row.canceled_by.map(|uid| uid.0),
            $row.details.as_str(),
            $row.error.as_ref().map(|error| error.as_str()),
            $row.custom_metadata,
            $row.degraded.as_ref().map(|degraded| degraded.as_str()),
            $row.enqueued_at,
            $row.started_at,
            $row.finished_at,
            $row.applied_at,
            $row.position.map(stored),
            $row.work.as_ref().map(|work| work.as_str()),
        ]
    };
}

impl WriteTasks for Session<'_> {
    fn insert(&mut self, row: &TaskRow) -> Result<()> {
        Session::insert(
            self,
            "tasks",
            row.uid,
            "INSERT INTO tasks (uid, batch_uid, kind, visible, index_uid, addressed_as, status, origin, canceled_by,
                details, error, custom_metadata, degraded, enqueued_at, started_at, finished_at, applied_at, position,
                work)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
            parameters!(row),
        )
    }

    fn update(&mut self, row: &TaskRow) -> Result<()> {
        Session::update(
            self,
            "tasks",
            row.uid,
            "UPDATE tasks SET batch_uid = ?2, kind = ?3, visible = ?4, index_uid = ?5, addressed_as = ?6, status = ?7,
                origin = ?8, canceled_by = ?9, details = ?10, error = ?11, custom_metadata = ?12, degraded = ?13,
                enqueued_at = ?14, started_at = ?15, finished_at = ?16, applied_at = ?17, position = ?18, work = ?19
             WHERE uid = ?1",
            parameters!(row),
        )
    }

    fn rename_indexes(&mut self, renames: &[(IndexUid, IndexUid)], before: TaskUid) -> Result<()> {
        let names: Vec<&str> = renames.iter().map(|(old, _)| old.as_str()).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM tasks
             WHERE uid < ?1 AND (index_uid IN (SELECT value FROM json_each(?2)) OR kind = 'indexSwap')"
        );
        let rows = self.all(
            &sql,
            params![before.0, crate::Json::of(&names).as_str()],
            read,
        )?;
        let changed = rows.iter().filter_map(|row| renamed(row, renames));
        for row in changed {
            WriteTasks::update(self, &row)?;
        }
        Ok(())
    }

    fn delete(&mut self, uids: &[TaskUid]) -> Result<usize> {
        let mut deleted = 0;
        for uid in uids {
            deleted += self.execute("DELETE FROM tasks WHERE uid = ?1", [uid.0])?;
        }
        Ok(deleted)
    }

    fn prune(&mut self, finished_before: i64, limit: usize) -> Result<usize> {
        self.execute(
            "DELETE FROM tasks WHERE uid IN (
                SELECT uid FROM tasks
                WHERE finished_at < ?1 AND status IN ('succeeded', 'failed', 'canceled')
                ORDER BY finished_at, uid LIMIT ?2)",
            params![finished_before, stored(limit as u64)],
        )
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<TaskRow> {
    let position: Option<i64> = row.get(17)?;
    Ok(TaskRow {
        uid: TaskUid(row.get(0)?),
        batch_uid: row.get(1)?,
        kind: named(row, 2)?,
        visible: row.get(3)?,
        index_uid: optional_text(row, 4)?,
        addressed_as: row.get(5)?,
        status: named(row, 6)?,
        origin: text(row, 7)?,
        canceled_by: row.get::<_, Option<u32>>(8)?.map(TaskUid),
        details: json(row, 9)?,
        error: optional_json(row, 10)?,
        custom_metadata: row.get(11)?,
        degraded: optional_json(row, 12)?,
        enqueued_at: row.get(13)?,
        started_at: row.get(14)?,
        finished_at: row.get(15)?,
        applied_at: row.get(16)?,
        position: position
            .map(u64::try_from)
            .transpose()
            .map_err(|error| unreadable(17, error))?,
        work: optional_json(row, 18)?,
    })
}

/// A column with one of the server's names.
fn named<T: FromStr<Err = Reason>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse()
        .map_err(|Reason(reason)| unknown(column, reason))
}
