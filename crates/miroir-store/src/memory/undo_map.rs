//! An ordered map that can take back what was changed since the last commit.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// A map with a log of the values that its changes replaced.
pub(super) struct UndoMap<K, V> {
    rows: BTreeMap<K, V>,
    /// Per change since the last commit: the key, and its value before.
    undo: Vec<(K, Option<V>)>,
}

impl<K: Ord + Clone, V: Clone> UndoMap<K, V> {
    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.rows.get(key)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows by ascending key.
    pub(super) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.values()
    }

    /// Rows whose keys are in a range, by ascending key.
    pub(super) fn range(
        &self,
        range: impl RangeBounds<K>,
    ) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.range(range)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        let before = self.rows.insert(key.clone(), value);
        self.undo.push((key, before));
    }

    /// False if there was none.
    pub(super) fn remove(&mut self, key: &K) -> bool {
        let before = self.rows.remove(key);
        let present = before.is_some();
        if present {
            self.undo.push((key.clone(), before));
        }
        present
    }

    /// Removes every row that meets a condition; returns how many did.
    pub(super) fn remove_where(&mut self, condition: impl Fn(&V) -> bool) -> usize {
        let keys: Vec<K> = self
            .rows
            .iter()
            .filter(|(_, row)| condition(row))
            .map(|(key, _)| key.clone())
            .collect();
        for key in &keys {
            self.remove(key);
        }
        keys.len()
    }

    pub(super) fn commit(&mut self) {
        self.undo.clear();
    }

    pub(super) fn roll_back(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
    }
}

impl<K, V> Default for UndoMap<K, V> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            undo: Vec::new(),
        }
    }
}
