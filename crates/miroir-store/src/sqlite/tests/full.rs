//! A full disk, played by SQLite's own limit on the size of the file.

use crate::sqlite::readers::Readers;
use crate::sqlite::writer::Writer;
use crate::sqlite::{connection, open};
use crate::table::ClusterKey;
use crate::{Result, StoreError, Transaction};

fn put_megabyte(tx: &mut dyn Transaction) -> Result<()> {
    tx.cluster()
        .put(ClusterKey::ClusterSecret, &vec![7; 1 << 20])
}

#[tokio::test]
async fn writes_fail_reads_go_on_and_space_is_enough_to_recover() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(open::open(&path).unwrap());
    let limited = connection::connect(&path).unwrap();
    let pages: i64 = limited
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    limited
        .query_row(
            &format!("PRAGMA max_page_count = {}", pages + 8),
            [],
            |_| Ok(()),
        )
        .unwrap();
    let writer = Writer::start(limited).unwrap();
    let readers = Readers::open(&path).unwrap();

    let small = |value: u8| {
        move |tx: &mut dyn Transaction| tx.cluster().put(ClusterKey::ClusterId, &[value])
    };
    writer.write(small(1)).await.unwrap();
    // Queued together: the one that does not fit must not take the ones beside it along.
    let (before, big, after) = tokio::join!(
        writer.write(small(2)),
        writer.write(put_megabyte),
        writer.write(small(3))
    );
    assert!(matches!(big, Err(StoreError::Full)), "{big:?}");
    assert!(
        matches!(before, Ok(()) | Err(StoreError::Full)),
        "{before:?}"
    );
    after.unwrap();
    let read = || readers.read(|tx| tx.cluster().get(ClusterKey::ClusterId));
    assert_eq!(read().await.unwrap(), Some(vec![3]));
    writer.write(small(4)).await.unwrap();
    assert_eq!(read().await.unwrap(), Some(vec![4]));
}
