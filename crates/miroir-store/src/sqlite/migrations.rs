//! The schema's history: append-only files, each applied once and recorded with its checksum.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, params};
use sha2::{Digest, Sha256};

use super::connection::failure;
use crate::OpenError;

/// One step of the schema. Released ones never change; a test holds their checksums.
pub(super) struct Migration {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// In order; the first has version 1.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "state",
        sql: include_str!("migrations/0001_state.sql"),
    },
    Migration {
        name: "capabilities",
        sql: include_str!("migrations/0002_capabilities.sql"),
    },
    Migration {
        name: "index_fields",
        sql: include_str!("migrations/0003_index_fields.sql"),
    },
    Migration {
        name: "lexicons",
        sql: include_str!("migrations/0004_lexicons.sql"),
    },
    Migration {
        name: "batches",
        sql: include_str!("migrations/0006_batches.sql"),
    },
    Migration {
        name: "settings_copies",
        sql: include_str!("migrations/0008_settings_copies.sql"),
    },
    Migration {
        name: "webhooks",
        sql: include_str!("migrations/0011_webhooks.sql"),
    },
];

/// The version that this build knows.
pub(super) const NEWEST: u32 = MIGRATIONS.len() as u32;

impl Migration {
    pub(super) fn checksum(&self) -> [u8; 32] {
        Sha256::digest(self.sql.as_bytes()).into()
    }
}

/// Prepares a new file for [`apply`].
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE schema_versions (
            version        INTEGER PRIMARY KEY,
            name           TEXT NOT NULL,
            checksum       BLOB NOT NULL,
            applied_at     INTEGER NOT NULL,
            binary_version TEXT NOT NULL
        ) STRICT",
    )
}

/// Refuses a file that a newer version wrote, and one that is not a store at all.
pub(super) fn check_version(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let stored = stored_version(connection).map_err(|error| match error.sqlite_error_code() {
        // "no such table"
        Some(ErrorCode::Unknown) => OpenError::Damaged {
            path: path.to_owned(),
            reason: "it is not a store of Miroir".to_owned(),
        },
        _ => failure(path, error),
    })?;
    if stored > NEWEST {
        return Err(OpenError::SchemaAhead {
            path: path.to_owned(),
            stored,
            known: NEWEST,
        });
    }
    Ok(())
}

/// Compares the applied migrations with this build's and applies the missing ones, each in its own transaction.
pub(super) fn apply(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error| failure(path, error);
    let applied = stored_version(connection).map_err(failed)?;
    for (version, migration) in (1..).zip(MIGRATIONS) {
        if version <= applied {
            compare(connection, path, version, migration)?;
            continue;
        }
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(migration.sql).map_err(failed)?;
        record(&transaction, version, migration).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

fn stored_version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row(
        "SELECT coalesce(max(version), 0) FROM schema_versions",
        [],
        |row| row.get(0),
    )
}

fn compare(
    connection: &Connection,
    path: &Path,
    version: u32,
    migration: &Migration,
) -> Result<(), OpenError> {
    let checksum: Vec<u8> = connection
        .query_row(
            "SELECT checksum FROM schema_versions WHERE version = ?1",
            [version],
            |row| row.get(0),
        )
        .map_err(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => OpenError::Damaged {
                path: path.to_owned(),
                reason: format!("schema version {version} is missing from its history"),
            },
            error => failure(path, error),
        })?;
    if checksum == migration.checksum() {
        return Ok(());
    }
    Err(OpenError::MigrationChanged {
        path: path.to_owned(),
        version,
        name: migration.name.to_owned(),
    })
}

fn record(connection: &Connection, version: u32, migration: &Migration) -> rusqlite::Result<()> {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    connection.execute(
        "INSERT INTO schema_versions (version, name, checksum, applied_at, binary_version) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            version,
            migration.name,
            migration.checksum(),
            now,
            env!("CARGO_PKG_VERSION")
        ],
    )?;
    Ok(())
}
