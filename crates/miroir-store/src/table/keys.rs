//! `keys`: API keys. Their values are not here: each follows from the master key and the uid.

use miroir_core::access::Key;
use uuid::Uuid;

use crate::Result;

pub trait ReadKeys {
    /// Every key, newest first.
    fn list(&self) -> Result<Vec<Key>>;
}

pub trait WriteKeys: ReadKeys {
    /// Adds a key; `Exists` for a uid that another key has.
    fn insert(&mut self, key: &Key) -> Result<()>;

    /// Replaces a key; `Missing` if there is none of its uid.
    fn update(&mut self, key: &Key) -> Result<()>;

    /// False if there was no such key.
    fn delete(&mut self, uid: Uuid) -> Result<bool>;
}
