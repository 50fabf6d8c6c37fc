//! The schema's history.

use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::sqlite::migrations::{MIGRATIONS, NEWEST};
use crate::{OpenError, Store};

/// SHA-256 of each migration. Changing a line here means that every store in the field is refused.
const FROZEN: &[&str] = &[
    "9d2252870a0706583df3a145ff8b43a85033b1fbf12ea7c23019628899f684bd",
    "4b54114f4c72262930160033e4521407561f4cd3a046ad7228479d7c78ac1ab1",
    "dd8369613bb74eb6aec4262f3ea68a04926b18eadfdf46543addc91e28e74e3f",
    "673e36695bcbe18de1a2d1d682476c15ee41ecab1e49ffbc4c1f4f3d21db04df",
    "1e055df248212760bfecde9a007181468eeef4b193ad3eb20eaa964ec547b112",
    "b746b648b28d56209491a8692b4f61cd3bcc64e0080fee9b24cc26038d8babd0",
    "97c7a318657369ce482a1f7b5e87f5918a334e34eb84983fb539e363552fae0c",
];

fn stored() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(Store::open_sqlite(&path).unwrap());
    (folder, path)
}

#[test]
fn released_migrations_never_change() {
    let checksums: Vec<String> = MIGRATIONS
        .iter()
        .map(|migration| {
            let bytes = migration.checksum();
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        })
        .collect();
    assert_eq!(checksums, FROZEN);
}

#[test]
fn a_second_start_applies_nothing() {
    let (_folder, path) = stored();
    let history = || {
        let connection = Connection::open(&path).unwrap();
        let mut statement = connection
            .prepare("SELECT version, name, applied_at FROM schema_versions ORDER BY version")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap()
            .collect::<Result<Vec<(u32, String, i64)>, _>>()
            .unwrap()
    };
    let first = history();
    assert_eq!(first.len() as u32, NEWEST);
    assert!(first.iter().all(|(_, _, applied_at)| *applied_at > 0));
    drop(Store::open_sqlite(&path).unwrap());
    assert_eq!(history(), first);
}

#[test]
fn a_newer_schema_is_refused_with_both_versions() {
    let (_folder, path) = stored();
    let newer = NEWEST + 1;
    Connection::open(&path)
        .unwrap()
        .execute(
            "INSERT INTO schema_versions VALUES (?1, 'later', x'00', 1, '9.9.9')",
            [newer],
        )
        .unwrap();
    let error = Store::open_sqlite(&path).map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, OpenError::SchemaAhead { stored, known, .. } if stored == newer && known == NEWEST)
    );
    assert!(text.starts_with("schema_version_ahead"), "{text}");
    assert!(
        text.contains(&newer.to_string()) && text.contains(&NEWEST.to_string()),
        "{text}"
    );
}

#[test]
fn a_changed_migration_is_refused() {
    let (_folder, path) = stored();
    Connection::open(&path)
        .unwrap()
        .execute(
            "UPDATE schema_versions SET checksum = x'00' WHERE version = 1",
            [],
        )
        .unwrap();
    let error = Store::open_sqlite(&path).map(|_| ()).unwrap_err();
    assert!(
        matches!(error, OpenError::MigrationChanged { version: 1, name, .. } if name == "state")
    );
}

#[test]
fn an_older_store_gets_what_it_lacks() {
    let (_folder, path) = stored();
    let connection = Connection::open(&path).unwrap();
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
    let count = |connection: &Connection| -> u32 {
        connection.query_row(tables, [], |row| row.get(0)).unwrap()
    };
    let all = count(&connection);
    let mut statement = connection
        .prepare("SELECT upper(type) || ' ' || name FROM sqlite_schema ORDER BY type")
        .unwrap();
    let names: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(|name| name.unwrap())
        .collect();
    let later: String = MIGRATIONS[1..].iter().map(|step| step.sql).collect();
    for name in names {
        if later.contains(&format!("CREATE {name} ")) {
            connection.execute_batch(&format!("DROP {name}")).unwrap();
        }
    }
    connection
        .execute("DELETE FROM schema_versions WHERE version > 1", [])
        .unwrap();
    assert!(count(&connection) < all);
    drop(statement);
    drop(connection);
    drop(Store::open_sqlite(&path).unwrap());
    assert_eq!(count(&Connection::open(&path).unwrap()), all);
}
