//! Embedders: built from an index's settings when a search or an indexing task needs them, and shared between indexes.

use std::collections::HashMap;
use std::sync::Arc;

use milli_core::index::IndexEmbeddingConfig;
use milli_core::prompt::Prompt;
use milli_core::vector::{Embedder, EmbedderOptions, EmbeddingConfigs};
use milli_core::{Error, Index, UserError};
use parking_lot::Mutex;

/// How many embeddings of search queries each embedder remembers.
const CACHED_EMBEDDINGS: usize = 150;

/// The embedders that have been built.
#[derive(Default)]
pub(crate) struct Embedders {
    built: Mutex<HashMap<EmbedderOptions, Arc<Embedder>>>,
}

impl Embedders {
    /// The embedders of these settings.
    pub(crate) fn configure(
        &self,
        configurations: Vec<IndexEmbeddingConfig>,
    ) -> Result<EmbeddingConfigs, Error> {
        let mut embedders = HashMap::new();
        for IndexEmbeddingConfig { name, config, .. } in configurations {
            let prompt = Prompt::try_from(config.prompt.clone())
                .map_err(|error| Error::UserError(UserError::InvalidPrompt(error)))?;
            let quantized = config.quantized();
            let embedder = self.build(config.embedder_options)?;
            embedders.insert(name, (embedder, Arc::new(prompt), quantized));
        }
        Ok(EmbeddingConfigs::new(embedders))
    }

    /// The embedder called `name` of an index, and whether its vectors are binary quantized.
    pub(crate) fn find(
        &self,
        index: &Index,
        rtxn: &milli_core::heed::RoTxn<'_>,
        name: &str,
    ) -> Result<Option<(Arc<Embedder>, bool)>, Error> {
        let configurations = index.embedding_configs(rtxn)?;
        let Some(found) = configurations.into_iter().find(|found| found.name == name) else {
            return Ok(None);
        };
        let quantized = found.config.quantized();
        Ok(Some((
            self.build(found.config.embedder_options)?,
            quantized,
        )))
    }

    fn build(&self, options: EmbedderOptions) -> Result<Arc<Embedder>, Error> {
        if let Some(found) = self.built.lock().get(&options) {
            return Ok(Arc::clone(found));
        }
        // Outside the lock: a remote embedder asks its service for the number of dimensions.
        let embedder = Embedder::new(options.clone(), CACHED_EMBEDDINGS)
            .map_err(milli_core::vector::Error::from)?;
        let embedder = Arc::new(embedder);
        self.built.lock().insert(options, Arc::clone(&embedder));
        Ok(embedder)
    }
}
