//! What a running node is made of.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use uuid::Uuid;

use crate::engine::Engine;
use crate::queue::{Queue, scheduler};

/// The size of the largest request body, unless `--http-payload-size-limit` says otherwise.
pub(crate) const DEFAULT_PAYLOAD_LIMIT: u64 = 100_000_000;

/// How to open a node.
pub(crate) struct Options<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) master_key: Option<String>,
    pub(crate) payload_limit: u64,
    pub(crate) indexing_threads: usize,
    /// In bytes; none leaves it to the engine.
    pub(crate) indexing_memory: Option<usize>,
}

/// The node.
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) queue: Queue,
    /// None: every route but those of keys is open.
    pub(crate) master_key: Option<String>,
    /// In bytes, after decompression.
    pub(crate) payload_limit: u64,
}

impl App {
    /// Opens the database in a folder and starts doing tasks. The error is a sentence for the person who started it.
    pub(crate) fn open(options: Options<'_>) -> Result<(Arc<Self>, JoinHandle<()>), String> {
        let directory = options.directory;
        let unusable = |error: std::io::Error| {
            format!(
                "cannot use the database folder {}: {error}. Choose another one with --db-path, or make this one readable and writable.",
                directory.display()
            )
        };
        std::fs::create_dir_all(directory).map_err(unusable)?;
        let queue = Queue::open(directory).map_err(unusable)?;
        let engine = Engine::new(
            &directory.join("indexes"),
            options.indexing_threads,
            options.indexing_memory,
        )?;
        let known: Vec<Uuid> = queue
            .state()
            .indexes
            .values()
            .map(|entry| entry.uuid)
            .collect();
        engine.remove_orphans(&known).map_err(unusable)?;
        let app = Arc::new(Self {
            engine,
            queue,
            master_key: options.master_key,
            payload_limit: options.payload_limit,
        });
        let worker = {
            let app = Arc::clone(&app);
            std::thread::Builder::new()
                .name("scheduler".to_owned())
                .spawn(move || scheduler::run(&app.engine, &app.queue))
                .map_err(|error| format!("cannot start the scheduler thread: {error}"))?
        };
        Ok((app, worker))
    }
}
