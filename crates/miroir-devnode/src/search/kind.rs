//! Keyword, semantic or hybrid: what a query asks for and how the engine is called for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use milli_core::score_details::ScoreDetails;
use milli_core::vector::Embedder;
use milli_core::{Error, Search, SearchResult, UserError};
use miroir_core::error::ApiError;
use miroir_core::wire::search::{DEFAULT_SEMANTIC_RATIO, SearchQuery};

use super::Context;
use crate::engine::error::to_api;

/// How long embedding a query may take.
const EMBEDDING_TIME: Duration = Duration::from_secs(3);

/// The kinds of search.
pub(crate) enum Kind {
    Keyword,
    Semantic { embedder: Named },
    Hybrid { embedder: Named, ratio: f32 },
}

/// An embedder of the index.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) embedder: Arc<Embedder>,
    pub(crate) quantized: bool,
}

impl Named {
    /// Looks an embedder up and checks the length of the client's vector.
    pub(crate) fn find(
        context: &Context<'_>,
        rtxn: &milli_core::heed::RoTxn<'_>,
        name: &str,
        vector: Option<usize>,
        missing: fn(String) -> UserError,
    ) -> Result<Self, ApiError> {
        let found = context.engine.embedders.find(context.index, rtxn, name);
        let found = found.map_err(|error| to_api(&error))?;
        let (embedder, quantized) =
            found.ok_or_else(|| to_api(&Error::UserError(missing(name.to_owned()))))?;
        if let Some(found) = vector.filter(|found| *found != embedder.dimensions()) {
            return Err(to_api(&Error::UserError(
                UserError::InvalidVectorDimensions {
                    expected: embedder.dimensions(),
                    found,
                },
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            embedder,
            quantized,
        })
    }
}

impl Kind {
    /// The kind of a query. The order of the cases is the server's and matters.
    pub(crate) fn of(
        context: &Context<'_>,
        rtxn: &milli_core::heed::RoTxn<'_>,
        query: &SearchQuery,
    ) -> Result<Self, ApiError> {
        query.check_vector_parts()?;
        if query.media.is_some() {
            return Err(ApiError::feature_not_enabled(
                "passing `media` in a search query",
                "multimodal",
                "https://github.com/orgs/meilisearch/discussions/846",
            ));
        }
        let Some(hybrid) = &query.hybrid else {
            return Ok(Kind::Keyword);
        };
        let ratio = hybrid.semantic_ratio.unwrap_or(DEFAULT_SEMANTIC_RATIO);
        if ratio == 0.0 || (query.is_placeholder() && query.vector.is_none()) {
            return Ok(Kind::Keyword);
        }
        let length = query.vector.as_ref().map(Vec::len);
        let embedder = Named::find(
            context,
            rtxn,
            &hybrid.embedder,
            length,
            UserError::InvalidSearchEmbedder,
        )?;
        if ratio == 1.0 || query.is_placeholder() {
            Ok(Kind::Semantic { embedder })
        } else {
            Ok(Kind::Hybrid { embedder, ratio })
        }
    }

    /// Hands query words and vectors to the engine.
    pub(crate) fn prepare(
        &self,
        search: &mut Search<'_>,
        query: &SearchQuery,
    ) -> Result<(), ApiError> {
        match self {
            Kind::Keyword => {
                if let Some(words) = &query.q {
                    search.query(words);
                }
            }
            Kind::Semantic { embedder } => {
                let vector = match &query.vector {
                    Some(vector) => vector.clone(),
                    None => embed(&embedder.embedder, query).map_err(|error| to_api(&error))?,
                };
                search.semantic(
                    embedder.name.clone(),
                    Arc::clone(&embedder.embedder),
                    embedder.quantized,
                    Some(vector),
                );
            }
            Kind::Hybrid { embedder, .. } => {
                if let Some(words) = &query.q {
                    search.query(words);
                }
                search.semantic(
                    embedder.name.clone(),
                    Arc::clone(&embedder.embedder),
                    embedder.quantized,
                    query.vector.clone(),
                );
            }
        }
        Ok(())
    }

    /// Runs the search; the second value is what the engine counts as found by meaning, if it was asked to.
    pub(crate) fn execute(
        &self,
        search: &Search<'_>,
    ) -> Result<(SearchResult, Option<u32>), Error> {
        match self {
            Kind::Keyword => Ok((search.execute()?, None)),
            Kind::Semantic { .. } => {
                let result = search.execute()?;
                let count = result.document_scores.len() as u32;
                Ok((result, Some(count)))
            }
            Kind::Hybrid { ratio, .. } => search.execute_hybrid(*ratio),
        }
    }

    /// The vector that was searched with, shown with `retrieveVectors`. The engine does not hand out the one it made
    /// for a hybrid search, so it is asked for again, which its cache answers.
    pub(crate) fn query_vector(
        &self,
        query: &SearchQuery,
        semantic_hits: Option<u32>,
    ) -> Option<Vec<f32>> {
        if !query.retrieve_vectors {
            return None;
        }
        match self {
            Kind::Keyword => None,
            Kind::Hybrid { .. } if semantic_hits == Some(0) => None,
            Kind::Semantic { embedder } | Kind::Hybrid { embedder, .. } => match &query.vector {
                Some(vector) => Some(vector.clone()),
                None => embed(&embedder.embedder, query).ok(),
            },
        }
    }
}

fn embed(embedder: &Embedder, query: &SearchQuery) -> Result<Vec<f32>, Error> {
    let words = query.q.as_deref().unwrap_or_default();
    let deadline = Instant::now() + EMBEDDING_TIME;
    let embedded = embedder.embed_search(words, Some(deadline));
    embedded.map_err(|error| milli_core::vector::Error::from(error).into())
}

/// How many of the shown hits were found by meaning.
pub(crate) fn shown_semantic_hits(
    shown: &[Vec<ScoreDetails>],
    counted: Option<u32>,
) -> Option<u32> {
    counted?;
    let semantic = shown.iter().filter(|scores| {
        scores
            .iter()
            .any(|detail| matches!(detail, ScoreDetails::Vector(_)))
    });
    Some(semantic.count() as u32)
}
