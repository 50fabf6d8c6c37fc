//! `keys` in memory.

use miroir_core::access::Key;
use uuid::Uuid;

use super::Tables;
use crate::table::{ReadKeys, WriteKeys};
use crate::{Result, StoreError};

impl ReadKeys for Tables {
    fn list(&self) -> Result<Vec<Key>> {
        let mut keys: Vec<Key> = self.keys.values().cloned().collect();
        keys.sort_by_key(|key| std::cmp::Reverse((key.created_at, key.uid)));
        Ok(keys)
    }
}

impl WriteKeys for Tables {
    fn insert(&mut self, key: &Key) -> Result<()> {
        if self.keys.contains_key(&key.uid) {
            return Err(StoreError::exists("keys", key.uid));
        }
        self.keys.insert(key.uid, key.clone());
        Ok(())
    }

    fn update(&mut self, key: &Key) -> Result<()> {
        if !self.keys.contains_key(&key.uid) {
            return Err(StoreError::missing("keys", key.uid));
        }
        self.keys.insert(key.uid, key.clone());
        Ok(())
    }

    fn delete(&mut self, uid: Uuid) -> Result<bool> {
        Ok(self.keys.remove(&uid))
    }
}
