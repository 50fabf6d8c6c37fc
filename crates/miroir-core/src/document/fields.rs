//! The order of an index's top-level fields: that in which one server would have numbered them.
//!
//! A server numbers names in order of first appearance: the primary key when it is known before the first document (unless it
//! is nested, which has no number of its own), then the members of the payload, document by document, those of documents that
//! the same payload replaces or that `skipCreation` leaves out included. Numbers are never given back, not even when all
//! documents are deleted; settings number nothing, and a payload that fails as a whole (a document without a valid key, a key
//! that cannot be inferred) neither (measured on 1.50). Documents are shown in that order.

use std::collections::HashMap;
use std::sync::Arc;

/// More names than a server can number. What comes after them is of no use: the write fails.
const MOST_NAMES: usize = 1 << 16;

/// The names of an index's top-level fields, in the order in which they are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldOrder {
    names: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u32>,
}

impl FieldOrder {
    /// The place of a name among all, from 0.
    #[inline]
    pub fn place(&self, name: &str) -> Option<u32> {
        self.places.get(name).copied()
    }

    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Nothing is known of the order: documents stay as nodes write them.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// What a payload adds: of the primary key and the payload's names those that are new, in their order.
    pub fn missing<'n>(&self, primary_key: Option<&'n str>, names: &'n FieldNames) -> Vec<&'n str> {
        let key = primary_key.filter(|name| !name.contains('.'));
        let names = names.iter().filter(|name| Some(*name) != key);
        key.into_iter()
            .chain(names)
            .filter(|name| self.place(name).is_none())
            .collect()
    }

    /// Appends names; those that are there already keep their places.
    pub fn extend<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        for name in names {
            if self.place(name).is_none() {
                let place = u32::try_from(self.names.len()).expect("servers number 16 bits");
                let name: Arc<str> = name.into();
                self.names.push(Arc::clone(&name));
                self.places.insert(name, place);
            }
        }
    }
}

impl<'n> FromIterator<&'n str> for FieldOrder {
    fn from_iter<I: IntoIterator<Item = &'n str>>(names: I) -> Self {
        let mut order = Self::default();
        order.extend(names);
        order
    }
}

/// The different names of the top-level members of a payload, in order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct FieldNames {
    names: Vec<Arc<str>>,
    places: HashMap<Arc<str>, usize>,
    /// By the place of a name plus one, the place of the name that came next the last time; first, the name that began a
    /// document. Documents of one payload are mostly alike, so that a name is mostly compared with the one expected.
    next: Vec<usize>,
    /// Where in `next` the name to come is expected.
    at: usize,
}

impl FieldNames {
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Before the members of a document.
    pub(super) fn begin(&mut self) {
        self.at = 0;
    }

    #[inline]
    pub(super) fn member(&mut self, name: &str) {
        let expected = self.next.get(self.at).copied().unwrap_or(usize::MAX);
        let is_expected = self
            .names
            .get(expected)
            .is_some_and(|known| **known == *name);
        let place = if is_expected {
            expected
        } else {
            self.unexpected(name)
        };
        self.at = place + 1;
    }

    fn unexpected(&mut self, name: &str) -> usize {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None if self.names.len() == MOST_NAMES => return self.at, // nobody can take this payload
            None => {
                let name: Arc<str> = name.into();
                self.names.push(Arc::clone(&name));
                self.places.insert(name, self.names.len() - 1);
                self.names.len() - 1
            }
        };
        if self.next.len() <= self.at {
            self.next.resize(self.at + 1, usize::MAX);
        }
        self.next[self.at] = place;
        place
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldNames, FieldOrder};

    fn names(documents: &[&[&str]]) -> FieldNames {
        let mut names = FieldNames::default();
        for document in documents {
            names.begin();
            document.iter().for_each(|name| names.member(name));
        }
        names
    }

    #[test]
    fn names_are_in_order_of_first_appearance() {
        let found = names(&[
            &["id", "b", "a"],
            &["id", "a", "b"],
            &[],
            &["id", "b", "c", "a", "c"],
            &["d"],
            &["id", "b", "c", "a"],
        ]);
        assert_eq!(found.iter().collect::<Vec<_>>(), ["id", "b", "a", "c", "d"]);
    }

    #[test]
    fn a_payload_adds_what_is_new_and_a_flat_primary_key_comes_before_it() {
        let mut order = FieldOrder::default();
        let first = names(&[&["b", "id", "a"]]);
        assert_eq!(order.missing(None, &first), ["b", "id", "a"]);
        assert_eq!(order.missing(Some("b.id"), &first), ["b", "id", "a"]);
        order.extend(order.clone().missing(Some("id"), &first));
        assert_eq!(order.names().collect::<Vec<_>>(), ["id", "b", "a"]);
        let later = names(&[&["c", "a", "id"], &["d"]]);
        assert_eq!(order.missing(Some("id"), &later), ["c", "d"]);
        assert_eq!((order.place("a"), order.place("c")), (Some(2), None));
    }
}
