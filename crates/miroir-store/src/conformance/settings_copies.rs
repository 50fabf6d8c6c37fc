//! Which settings the nodes have.

use super::rows::{node_id, node_uid};
use super::{read, write};
use crate::Store;
use crate::table::{SettingsCopyRow, SettingsState};

pub(super) async fn rows_are_replaced_and_forgotten(store: Store) {
    let row = |index, node, version, state| SettingsCopyRow {
        node_uid: node_uid(index),
        node_id: node_id(node),
        version,
        fingerprint: format!("{index} {version}"),
        state,
        verified_at: 17,
    };
    let put = |row: SettingsCopyRow| write(&store, move |tx| tx.settings_copies().put(&row));
    put(row("films", "b", 1, SettingsState::InLine)).await;
    put(row("films", "a", 1, SettingsState::InLine)).await;
    put(row("books", "a", 7, SettingsState::Drifted)).await;
    put(row("films", "b", 1, SettingsState::Behind)).await;
    let all = || read(&store, |tx| tx.settings_copies().all());
    let books = row("books", "a", 7, SettingsState::Drifted);
    let films = [
        row("films", "a", 1, SettingsState::InLine),
        row("films", "b", 1, SettingsState::Behind),
    ];
    assert_eq!(
        all().await,
        [std::slice::from_ref(&books), films.as_slice()].concat()
    );
    let forgotten = write(&store, |tx| {
        tx.settings_copies().forget_index(&node_uid("films"))
    });
    assert_eq!(forgotten.await, 2);
    assert_eq!(all().await, [books]);
}
