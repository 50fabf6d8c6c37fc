//! Orders of fields.

use super::rows::node_uid;
use super::{read, write};
use crate::Store;
use crate::table::IndexFieldRow;

pub(super) async fn names_keep_the_order_in_which_they_came(store: Store) {
    let append = |uid: &'static str, names: &'static [&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        write(&store, move |tx| {
            tx.index_fields().append(&node_uid(uid), &names)
        })
    };
    append("films", &["id", "title"]).await;
    append("books", &["isbn"]).await;
    append("films", &[]).await;
    append("films", &["", "a\u{0}b"]).await;
    let rows = |uid, names: &[&str]| {
        let row = |(place, name): (u32, &&str)| IndexFieldRow {
            node_uid: node_uid(uid),
            place,
            name: (*name).to_owned(),
        };
        (0..).zip(names).map(row).collect::<Vec<_>>()
    };
    let films = ["id", "title", "", "a\u{0}b"];
    assert_eq!(
        read(&store, |tx| tx.index_fields().all()).await,
        [rows("books", &["isbn"]), rows("films", &films)].concat()
    );
    let forgotten = write(&store, |tx| {
        tx.index_fields().forget_index(&node_uid("films"))
    });
    assert_eq!(forgotten.await, 4);
    assert_eq!(
        read(&store, |tx| tx.index_fields().all()).await,
        rows("books", &["isbn"])
    );
}
