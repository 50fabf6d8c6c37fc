//! The API keys of this fleet: durable in the store, at hand in memory, their values derived and never stored.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hmac::{Hmac, KeyInit, Mac};
use miroir_core::access::{Key, KeyValue, KeyView, key_value};
use miroir_store::{Store, StoreError};
use sha2::Sha256;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::clock;
use crate::config::Secret;

/// Every key, and how to find it.
pub(crate) struct KeyRing {
    master_key: Option<Secret>,
    /// Known to this process only: values are looked up by their digest under it, so that how long a lookup takes says
    /// nothing about a value.
    lookup_secret: [u8; 32],
    snapshot: ArcSwap<Snapshot>,
    /// Snapshots are taken one after the other, so that an older one never replaces a newer one.
    reloading: Mutex<()>,
}

#[derive(Default)]
struct Snapshot {
    /// Newest first.
    keys: Vec<Arc<Key>>,
    by_uid: HashMap<Uuid, Arc<Key>>,
    by_value: HashMap<[u8; 32], Arc<Key>>,
}

impl KeyRing {
    /// Reads the keys. An empty store gets the keys that a fresh server has.
    pub(crate) async fn open(
        store: &Store,
        master_key: Option<Secret>,
    ) -> Result<Self, StoreError> {
        store
            .write(|tx| {
                if tx.keys().list()?.is_empty() {
                    for key in fresh_keys() {
                        tx.keys().insert(&key)?;
                    }
                }
                Ok(())
            })
            .await?;
        let ring = Self {
            master_key,
            lookup_secret: rand::random(),
            snapshot: ArcSwap::default(),
            reloading: Mutex::new(()),
        };
        ring.reload(store).await?;
        Ok(ring)
    }

    /// Takes over what the store has.
    pub(crate) async fn reload(&self, store: &Store) -> Result<(), StoreError> {
        let _turn = self.reloading.lock().await;
        let keys = store.read(|tx| tx.keys().list()).await?;
        let mut snapshot = Snapshot::default();
        for key in keys.into_iter().map(Arc::new) {
            if let Some(value) = self.value(key.uid) {
                let digest = self.lookup_digest(&value);
                snapshot.by_value.insert(digest, Arc::clone(&key));
            }
            snapshot.by_uid.insert(key.uid, Arc::clone(&key));
            snapshot.keys.push(key);
        }
        self.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    pub(crate) fn has_master_key(&self) -> bool {
        self.master_key.is_some()
    }

    pub(crate) fn is_master_key(&self, presented: &str) -> bool {
        self.master_key
            .as_ref()
            .is_some_and(|master_key| master_key.is(presented))
    }

    /// The value that a key of that uid has; `None` without a master key.
    pub(crate) fn value(&self, uid: Uuid) -> Option<KeyValue> {
        let master_key = self.master_key.as_ref()?;
        Some(key_value(master_key.expose().as_bytes(), uid))
    }

    /// The key that a client presents the value of.
    pub(crate) fn by_value(&self, presented: &str) -> Option<Arc<Key>> {
        let digest = self.lookup_digest(&KeyValue::parse(presented)?);
        self.snapshot.load().by_value.get(&digest).cloned()
    }

    pub(crate) fn by_uid(&self, uid: Uuid) -> Option<Arc<Key>> {
        self.snapshot.load().by_uid.get(&uid).cloned()
    }

    /// By uid or by value, as paths name keys.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<Key>> {
        match Uuid::parse_str(name) {
            Ok(uid) => self.by_uid(uid),
            Err(_) => self.by_value(name),
        }
    }

    /// Newest first.
    pub(crate) fn all(&self) -> Vec<Arc<Key>> {
        self.snapshot.load().keys.clone()
    }

    pub(crate) fn view<'a>(&self, key: &'a Key) -> KeyView<'a> {
        key.view(self.value(key.uid))
    }

    fn lookup_digest(&self, value: &KeyValue) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.lookup_secret)
            .expect("HMAC takes keys of any length");
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// The keys of a fresh server, each a moment after the one before, so that their order is certain.
fn fresh_keys() -> [Key; 4] {
    let start = clock::now();
    let mut keys = Key::defaults(std::array::from_fn(|_| Uuid::new_v4()), start);
    for (position, key) in (0_i128..).zip(&mut keys) {
        let moment = start.as_nanoseconds() + position;
        key.created_at =
            miroir_core::wire::time::Timestamp::from_nanoseconds(moment).unwrap_or(start);
        key.updated_at = key.created_at;
    }
    keys
}
