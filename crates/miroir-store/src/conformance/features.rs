//! Experimental features.

use std::collections::BTreeMap;

use super::{read, write};
use crate::Store;

pub(super) async fn switches_are_kept(store: Store) {
    for (name, enabled) in [("network", true), ("metrics", true), ("network", false)] {
        write(&store, move |tx| tx.features().switch(name, enabled)).await;
    }
    let switches = read(&store, |tx| tx.features().switches()).await;
    let expected = [("metrics".to_owned(), true), ("network".to_owned(), false)];
    assert_eq!(switches, BTreeMap::from(expected));
}
