//! From a path to a checked file of the newest schema. The caller holds the lock.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rusqlite::Connection;

use super::connection::{connect, failure};
use super::lock::{beside, folder_of};
use super::migrations;
use crate::OpenError;

/// Files that SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    let exists = path
        .try_exists()
        .map_err(|source| io_failure(path, source))?;
    if !exists {
        create(path)?;
    }
    let metadata = fs::metadata(path).map_err(|source| io_failure(path, source))?;
    // SQLite would take an empty file for a new database.
    if metadata.len() == 0 {
        return Err(damaged(path, "it is empty"));
    }
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(|source| io_failure(path, source))?;

    let mut connection = connect(path)?;
    migrations::check_version(&connection, path)?;
    check_pages(&connection, path)?;
    migrations::apply(&mut connection, path)?;
    Ok(connection)
}

/// Makes a new store under another name and moves it into place once it is whole. So a file at `path` was complete
/// once, and one that is not was damaged: an interrupted first start cannot be mistaken for it.
fn create(path: &Path) -> Result<(), OpenError> {
    if beside(path, "-wal").exists() {
        return Err(damaged(
            path,
            "its -wal file is there, the file itself is gone",
        ));
    }
    let draft = beside(path, ".new");
    let failed = |source| io_failure(path, source);
    remove_if_there(&draft).map_err(failed)?;
    for companion in COMPANIONS {
        remove_if_there(&beside(&draft, companion)).map_err(failed)?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed)?;
    fill(&draft)?;
    File::open(&draft)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&draft, path))
        .and_then(|()| File::open(folder_of(path))?.sync_all())
        .map_err(failed)
}

fn fill(draft: &Path) -> Result<(), OpenError> {
    let failed = |error| failure(draft, error);
    // Only takes effect in a file without tables, before the journal mode is chosen.
    Connection::open(draft)
        .and_then(|connection| {
            connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM;")
        })
        .map_err(failed)?;
    let mut connection = connect(draft)?;
    migrations::begin(&connection).map_err(failed)?;
    migrations::apply(&mut connection, draft)?;
    // Closing the last connection moves the log into the file and removes it.
    connection.close().map_err(|(_, error)| failed(error))
}

fn check_pages(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let report: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| failure(path, error))?;
    if report == "ok" {
        Ok(())
    } else {
        Err(damaged(path, report.trim()))
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn damaged(path: &Path, reason: &str) -> OpenError {
    OpenError::Damaged {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn io_failure(path: &Path, source: io::Error) -> OpenError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            OpenError::Full { path }
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::Inaccessible {
            path,
            reason: source.to_string(),
        },
        _ => OpenError::Io { path, source },
    }
}
