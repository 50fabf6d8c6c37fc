//! `nodes` in SQLite.

use miroir_core::id::{GroupId, NodeId};
use rusqlite::{Row, params};

use super::session::{Session, text};
use crate::Result;
use crate::table::{NodeRow, ReadNodes, WriteNodes};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, address, replica_group, membership, health, version, last_task_uid, incarnation, ejected, \
             changed_at, last_seen_at FROM nodes ",
            $rest
        )
    };
}

impl ReadNodes for Session<'_> {
    fn get(&self, id: &NodeId) -> Result<Option<NodeRow>> {
        self.one(select!("WHERE id = ?1"), [id.as_str()], read)
    }

    fn list(&self) -> Result<Vec<NodeRow>> {
        self.all(select!("ORDER BY id"), [], read)
    }
}

/// The parameters of insert and update, which name the columns in one order.
macro_rules! parameters {
    ($row:expr) => {
        params![
            $row.id.as_str(),
            $row.address,
            $row.replica_group.0,
            $row.membership.as_str(),
            $row.health.as_str(),
            $row.version,
            $row.last_task_uid,
            $row.incarnation,
            $row.ejected,
            $row.changed_at,
            $row.last_seen_at,
        ]
    };
}

impl WriteNodes for Session<'_> {
    fn insert(&mut self, row: &NodeRow) -> Result<()> {
        Session::insert(
            self,
            "nodes",
            &row.id,
            "INSERT INTO nodes (id, address, replica_group, membership, health, version, last_task_uid, incarnation,
                ejected, changed_at, last_seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            parameters!(row),
        )
    }

    fn update(&mut self, row: &NodeRow) -> Result<()> {
        Session::update(
            self,
            "nodes",
            &row.id,
            "UPDATE nodes SET address = ?2, replica_group = ?3, membership = ?4, health = ?5, version = ?6,
                last_task_uid = ?7, incarnation = ?8, ejected = ?9, changed_at = ?10, last_seen_at = ?11
             WHERE id = ?1",
            parameters!(row),
        )
    }

    fn raise_task_uid(&mut self, id: &NodeId, task_uid: u32) -> Result<()> {
        Session::update(
            self,
            "nodes",
            id,
            "UPDATE nodes SET last_task_uid = max(coalesce(last_task_uid, 0), ?2) WHERE id = ?1",
            params![id.as_str(), task_uid],
        )
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<NodeRow> {
    Ok(NodeRow {
        id: text(row, 0)?,
        address: row.get(1)?,
        replica_group: GroupId(row.get(2)?),
        membership: text(row, 3)?,
        health: text(row, 4)?,
        version: row.get(5)?,
        last_task_uid: row.get(6)?,
        incarnation: row.get(7)?,
        ejected: row.get(8)?,
        changed_at: row.get(9)?,
        last_seen_at: row.get(10)?,
    })
}
