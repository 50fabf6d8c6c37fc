//! The catalog.

use super::rows::{catalog, index, node_uid};
use super::{read, write};
use crate::table::CatalogRow;
use crate::{Store, StoreError};

pub(super) async fn rows_come_back_as_put(store: Store) {
    let bare = CatalogRow {
        primary_key: None,
        frozen_reason: Some("no covering set".to_owned()),
        settings_view: Some(crate::Json::from_text("{}")),
        ids_case_folded: false,
        settings_version: 0,
        ..catalog("Zebra")
    };
    let rows = [catalog("books"), catalog("a-1"), bare.clone()];
    write(&store, move |tx| {
        for row in &rows {
            tx.catalog().put(row)?;
        }
        Ok(())
    })
    .await;
    let listed = read(&store, |tx| tx.catalog().list()).await;
    assert_eq!(listed, [bare, catalog("a-1"), catalog("books")]);

    let changed = CatalogRow {
        generation: 2,
        current_node_uid: node_uid("books__2"),
        ..catalog("books")
    };
    let put = changed.clone();
    write(&store, move |tx| tx.catalog().put(&put)).await;
    read(&store, move |tx| {
        let ours = tx.catalog();
        assert_eq!(ours.get(&index("books"))?.as_ref(), Some(&changed));
        assert_eq!(ours.by_node_uid(&node_uid("books__2"))?, Some(changed));
        assert_eq!(ours.by_node_uid(&node_uid("books"))?, None);
        Ok(())
    })
    .await;
    assert!(write(&store, |tx| tx.catalog().delete(&index("books"))).await);
    assert!(!write(&store, |tx| tx.catalog().delete(&index("books"))).await);
    assert_eq!(
        read(&store, |tx| tx.catalog().get(&index("books"))).await,
        None
    );
}

pub(super) async fn node_uids_are_unique(store: Store) {
    write(&store, |tx| tx.catalog().put(&catalog("books"))).await;
    let thief = CatalogRow {
        current_node_uid: node_uid("books"),
        ..catalog("films")
    };
    let outcome = store.write(move |tx| tx.catalog().put(&thief)).await;
    assert!(matches!(
        outcome,
        Err(StoreError::Exists {
            table: "catalog",
            ..
        })
    ));
    assert_eq!(
        read(&store, |tx| tx.catalog().list()).await,
        [catalog("books")]
    );
}

pub(super) async fn two_indexes_can_swap_node_uids(store: Store) {
    write(&store, |tx| {
        tx.catalog().put(&catalog("a"))?;
        tx.catalog().put(&catalog("b"))
    })
    .await;
    let swapped = |uid: &str, node: &str| CatalogRow {
        current_node_uid: node_uid(node),
        ..catalog(uid)
    };
    write(&store, move |tx| {
        tx.catalog().delete(&index("a"))?;
        tx.catalog().put(&swapped("b", "a"))?;
        tx.catalog().put(&swapped("a", "b"))
    })
    .await;
    assert_eq!(
        read(&store, |tx| tx.catalog().list()).await,
        [swapped("a", "b"), swapped("b", "a")]
    );
}

pub(super) async fn ids_that_are_not_folded_stay_so(store: Store) {
    let folded = async |uid| {
        let row = read(&store, move |tx| tx.catalog().get(&index(uid))).await;
        row.map(|row| row.ids_case_folded)
    };
    write(&store, |tx| {
        tx.catalog().unfold_ids(&index("none"))?;
        tx.catalog().put(&catalog("books"))?;
        tx.catalog().put(&catalog("films"))?;
        tx.catalog().unfold_ids(&index("books"))?;
        // Of someone who read the row before.
        tx.catalog().put(&catalog("books"))
    })
    .await;
    assert_eq!(folded("none").await, None);
    assert_eq!(folded("books").await, Some(false));
    assert_eq!(folded("films").await, Some(true));
    let renewed = CatalogRow {
        current_node_uid: node_uid("books__2"),
        ..catalog("books")
    };
    write(&store, move |tx| tx.catalog().put(&renewed)).await;
    assert_eq!(folded("books").await, Some(true));
}

pub(super) async fn freezing_changes_nothing_else(store: Store) {
    let reason = async || {
        let row = read(&store, |tx| tx.catalog().get(&index("books"))).await;
        row.and_then(|row| row.frozen_reason)
    };
    write(&store, |tx| {
        tx.catalog().put(&catalog("books"))?;
        tx.catalog()
            .freeze(&catalog("books").current_node_uid, Some("no covering set"))?;
        // Of someone who read the row before.
        tx.catalog().put(&catalog("books"))
    })
    .await;
    assert_eq!(reason().await.as_deref(), Some("no covering set"));
    write(&store, |tx| {
        let node_uid = catalog("books").current_node_uid;
        tx.catalog().freeze(&node_uid, None)
    })
    .await;
    let thawed = read(&store, |tx| tx.catalog().get(&index("books"))).await;
    let expected = CatalogRow {
        frozen_reason: None,
        ..catalog("books")
    };
    assert_eq!(thawed, Some(expected));
}
