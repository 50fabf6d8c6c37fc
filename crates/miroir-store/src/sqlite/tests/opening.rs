//! Which files are opened, and what is said of the others.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::table::ClusterKey;
use crate::{OpenError, Store};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

/// Opening must fail; the store's errors have no `Debug` of a store to show.
fn refusal(path: &Path) -> OpenError {
    Store::open_sqlite(path).map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let (_folder, path) = place();
    for restart in 0..3_u8 {
        let store = Store::open_sqlite(&path).unwrap();
        let before = store
            .read(|tx| tx.cluster().get(ClusterKey::ClusterId))
            .await
            .unwrap();
        assert_eq!(before, restart.checked_sub(1).map(|last| vec![last]));
        store
            .write(move |tx| tx.cluster().put(ClusterKey::ClusterId, &[restart]))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_second_open_is_refused_until_the_first_is_closed() {
    let (_folder, path) = place();
    let first = Store::open_sqlite(&path).unwrap();
    let error = refusal(&path);
    assert!(
        matches!(&error, OpenError::InUse { holder: Some(holder), .. } if *holder == std::process::id())
    );
    let text = error.to_string();
    assert!(text.contains("in use by another Miroir process"), "{text}");
    assert!(text.contains("task_store.path"), "{text}");
    let clone = first.clone();
    drop(first);
    refusal(&path);
    drop(clone);
    Store::open_sqlite(&path).unwrap();
}

#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    let (folder, path) = place();
    let store = Store::open_sqlite(&path).unwrap();
    store
        .write(|tx| tx.cluster().put(ClusterKey::ClusterSecret, &[1; 32]))
        .await
        .unwrap();
    let modes = |folder: &TempDir| {
        fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                (
                    entry.file_name(),
                    entry.metadata().unwrap().permissions().mode() & 0o777,
                )
            })
            .collect::<Vec<_>>()
    };
    let open = modes(&folder);
    assert_eq!(open.len(), 4, "file, lock, log and its index: {open:?}");
    assert!(open.iter().all(|(_, mode)| *mode == 0o600), "{open:?}");
    drop(store);
    assert_eq!(modes(&folder).len(), 2, "a clean end leaves no log");

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let _store = Store::open_sqlite(&path).unwrap();
    assert!(modes(&folder).iter().all(|(_, mode)| *mode == 0o600));
}

#[test]
fn a_missing_folder_is_named_with_its_remedy() {
    let (folder, _) = place();
    let missing = folder.path().join("data");
    let error = refusal(&missing.join("store.db"));
    let text = error.to_string();
    assert!(matches!(error, OpenError::FolderMissing { folder } if folder == missing));
    assert!(text.contains("create it"), "{text}");
}

#[test]
fn damaged_files_are_refused_and_left_alone() {
    let (_folder, path) = place();
    drop(Store::open_sqlite(&path).unwrap());
    let whole = fs::read(&path).unwrap();

    let mut scribbled = whole.clone();
    scribbled[4096 * 3..4096 * 20].fill(0xA5);
    let cases = [
        ("empty", Vec::new()),
        (
            "text",
            b"this is not a database, it is a letter to somebody else".to_vec(),
        ),
        ("cut", whole[..whole.len() / 2].to_vec()),
        ("scribbled", scribbled),
    ];
    for (name, bytes) in cases {
        fs::write(&path, &bytes).unwrap();
        let error = refusal(&path);
        let text = error.to_string();
        assert!(matches!(error, OpenError::Damaged { .. }), "{name}: {text}");
        assert!(text.contains("miroir-ctl store restore"), "{name}: {text}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
    }
    fs::write(&path, &whole).unwrap();
    Store::open_sqlite(&path).unwrap();
}

#[test]
fn another_programs_database_is_refused() {
    let (_folder, path) = place();
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE letters (body TEXT)")
        .unwrap();
    drop(other);
    let text = refusal(&path).to_string();
    assert!(text.contains("not a store of Miroir"), "{text}");
}

#[test]
fn a_log_without_its_file_is_not_a_new_store() {
    let (folder, path) = place();
    fs::write(folder.path().join("store.db-wal"), b"log").unwrap();
    assert!(matches!(refusal(&path), OpenError::Damaged { .. }));
    assert!(!path.exists());
}

#[test]
fn an_interrupted_first_start_is_begun_again() {
    let (folder, path) = place();
    fs::write(folder.path().join("store.db.new"), b"half").unwrap();
    fs::write(folder.path().join("store.db.new-wal"), b"half").unwrap();
    drop(Store::open_sqlite(&path).unwrap());
    assert!(!folder.path().join("store.db.new").exists());
}
