//! The engine: `milli-core` indexes, one LMDB environment each, opened when first needed.

pub(crate) mod documents;
pub(crate) mod embedders;
pub(crate) mod error;
pub(crate) mod stats;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use milli_core::heed::EnvOpenOptions;
use milli_core::update::IndexerConfig;
use milli_core::{Index, ThreadPoolNoAbortBuilder};
use parking_lot::Mutex;
use uuid::Uuid;

use embedders::Embedders;

/// Address space of a new index. It costs nothing until it is used, and grows when it is full.
pub(crate) const FIRST_MAP_SIZE: usize = 2 << 30;

/// How many indexes stay open, at about 2 MB each. More than this and the one idle for longest is closed.
const OPEN_INDEXES: usize = 32;

/// The folder of indexes and what indexing needs.
pub(crate) struct Engine {
    directory: PathBuf,
    indexer: IndexerConfig,
    open: Mutex<HashMap<Uuid, OpenIndex>>,
    pub(crate) embedders: Embedders,
}

struct OpenIndex {
    index: Arc<Index>,
    used: Instant,
}

impl Engine {
    /// `directory` holds one folder per index. `threads` are the indexing threads; `memory` bounds what indexing takes.
    pub(crate) fn new(
        directory: &Path,
        threads: usize,
        memory: Option<usize>,
    ) -> Result<Self, String> {
        std::fs::create_dir_all(directory)
            .map_err(|error| format!("cannot create {}: {error}", directory.display()))?;
        let pool = ThreadPoolNoAbortBuilder::new()
            .thread_name(|number| format!("indexing-{number}"))
            .num_threads(threads)
            .build()
            .map_err(|error| format!("cannot start the indexing threads: {error}"))?;
        let indexer = IndexerConfig {
            thread_pool: Some(pool),
            max_memory: memory,
            ..IndexerConfig::default()
        };
        Ok(Self {
            directory: directory.to_owned(),
            indexer,
            open: Mutex::default(),
            embedders: Embedders::default(),
        })
    }

    /// The configuration of the indexer, its thread pool included.
    pub(crate) fn indexer(&self) -> &IndexerConfig {
        &self.indexer
    }

    /// The index in folder `uuid`, which is created if it is not there. Drop it soon: it keeps the index open.
    pub(crate) fn index(
        &self,
        uuid: Uuid,
        map_size: usize,
    ) -> Result<Arc<Index>, milli_core::Error> {
        let mut open = self.open.lock();
        let now = Instant::now();
        if let Some(found) = open.get_mut(&uuid) {
            found.used = now;
            return Ok(Arc::clone(&found.index));
        }
        if open.len() >= OPEN_INDEXES {
            close_idle(&mut open);
        }
        let path = self.directory.join(uuid.to_string());
        std::fs::create_dir_all(&path)?;
        let mut options = EnvOpenOptions::new().read_txn_without_tls();
        options.map_size(map_size);
        options.max_readers(256);
        let index = Arc::new(Index::new(options, &path, true)?);
        open.insert(
            uuid,
            OpenIndex {
                index: Arc::clone(&index),
                used: now,
            },
        );
        Ok(index)
    }

    /// Closes an index, waiting for those who read it. The next call of [`Engine::index`] opens it again.
    pub(crate) fn close(&self, uuid: Uuid) {
        let mut open = self.open.lock();
        let Some(closing) = open.remove(&uuid) else {
            return;
        };
        // Nobody can get it again while the lock is held, so this ends with the last reader.
        while Arc::strong_count(&closing.index) > 1 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Removes the folder of an index that the registry no longer knows.
    pub(crate) fn remove(&self, uuid: Uuid) {
        self.close(uuid);
        let path = self.directory.join(uuid.to_string());
        if let Err(error) = std::fs::remove_dir_all(&path) {
            tracing::warn!(path = %path.display(), %error, "folder of a deleted index stays behind");
        }
    }

    /// Removes folders that no index of `known` owns: what a crash between deleting an index and its folder left.
    pub(crate) fn remove_orphans(&self, known: &[Uuid]) -> std::io::Result<()> {
        for folder in std::fs::read_dir(&self.directory)? {
            let folder = folder?;
            let uuid = folder
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            if uuid.is_some_and(|uuid| !known.contains(&uuid)) {
                std::fs::remove_dir_all(folder.path())?;
            }
        }
        Ok(())
    }
}

/// Closes the index that nobody uses and that was used longest ago.
fn close_idle(open: &mut HashMap<Uuid, OpenIndex>) {
    let idle = open
        .iter()
        .filter(|(_, index)| Arc::strong_count(&index.index) == 1)
        .min_by_key(|(_, index)| index.used)
        .map(|(uuid, _)| *uuid);
    if let Some(uuid) = idle {
        open.remove(&uuid);
    }
}
