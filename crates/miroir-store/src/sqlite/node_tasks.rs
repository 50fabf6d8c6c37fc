//! `node_tasks` in SQLite.

use miroir_core::id::{NodeId, ShardSet, TaskUid};
use rusqlite::{Row, params};

use super::session::{Session, optional_json, text, unreadable};
use crate::table::{NodeTaskKey, NodeTaskRow, ReadNodeTasks, WriteNodeTasks};
use crate::{Json, Result};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT task_uid, node_id, leg, node_uid, shards, state, node_task_uid, attempts, planned_at, sent_at, \
             error FROM node_tasks ",
            $rest
        )
    };
}

impl ReadNodeTasks for Session<'_> {
    fn get(&self, key: &NodeTaskKey) -> Result<Option<NodeTaskRow>> {
        self.one(
            select!("WHERE task_uid = ?1 AND node_id = ?2 AND leg = ?3"),
            params![key.task_uid.0, key.node_id.as_str(), key.leg],
            read,
        )
    }

    fn for_task(&self, task_uid: TaskUid) -> Result<Vec<NodeTaskRow>> {
        self.all(
            select!("WHERE task_uid = ?1 ORDER BY node_id, leg"),
            [task_uid.0],
            read,
        )
    }

    fn unfinished(&self) -> Result<Vec<NodeTaskRow>> {
        self.all(
            select!(
                "WHERE state IN ('planned', 'sent', 'acked', 'unknown') ORDER BY task_uid, node_id, leg"
            ),
            [],
            read,
        )
    }

    fn by_node_task(&self, node_id: &NodeId, node_task_uid: u32) -> Result<Option<NodeTaskRow>> {
        self.one(
            select!(
                "WHERE node_id = ?1 AND node_task_uid = ?2 ORDER BY task_uid DESC, leg DESC LIMIT 1"
            ),
            params![node_id.as_str(), node_task_uid],
            read,
        )
    }
}

impl WriteNodeTasks for Session<'_> {
    fn upsert(&mut self, row: &NodeTaskRow) -> Result<()> {
        self.put_child(
            "tasks",
            row.key.task_uid,
            "INSERT OR REPLACE INTO node_tasks (task_uid, node_id, leg, node_uid, shards, state, node_task_uid,
                attempts, planned_at, sent_at, error)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                row.key.task_uid.0,
                row.key.node_id.as_str(),
                row.key.leg,
                row.node_uid.as_str(),
                Json::of(&row.shards).as_str(),
                row.state.as_str(),
                row.node_task_uid,
                row.attempts,
                row.planned_at,
                row.sent_at,
                row.error.as_ref().map(Json::as_str),
            ],
        )
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<NodeTaskRow> {
    let shards = row.get_ref(4)?.as_str()?;
    let shards: ShardSet = serde_json::from_str(shards).map_err(|error| unreadable(4, error))?;
    Ok(NodeTaskRow {
        key: NodeTaskKey {
            task_uid: TaskUid(row.get(0)?),
            node_id: text(row, 1)?,
            leg: row.get(2)?,
        },
        node_uid: text(row, 3)?,
        shards,
        state: text(row, 5)?,
        node_task_uid: row.get(6)?,
        attempts: row.get(7)?,
        planned_at: row.get(8)?,
        sent_at: row.get(9)?,
        error: optional_json(row, 10)?,
    })
}
