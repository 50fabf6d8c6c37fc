//! Which of the engine's searches a query is.

use std::borrow::Cow;

use super::{DEFAULT_LIMIT, DEFAULT_OFFSET, DEFAULT_SEMANTIC_RATIO, HybridQuery, SearchQuery};

/// The kind of a search, decided as the server's `search_kind` does (`routes/indexes/search.rs`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SearchKind {
    /// By words, or a placeholder. Also what a server refuses: the parts of a query that need each other and are not there.
    Keyword,
    /// By a vector alone.
    Semantic,
    /// By words and by a vector; the vector's part of the blend, between 0 and 1.
    Hybrid(f32),
}

impl SearchQuery {
    /// The query as one whose client meant this ratio where it gives none.
    pub fn with_default_ratio(&self, default: f32) -> Cow<'_, Self> {
        match &self.hybrid {
            Some(hybrid)
                if hybrid.semantic_ratio.is_none() && default != DEFAULT_SEMANTIC_RATIO =>
            {
                Cow::Owned(Self {
                    hybrid: Some(HybridQuery {
                        semantic_ratio: Some(default),
                        ..hybrid.clone()
                    }),
                    ..self.clone()
                })
            }
            _ => Cow::Borrowed(self),
        }
    }

    pub fn kind(&self) -> SearchKind {
        let Some(hybrid) = &self.hybrid else {
            return SearchKind::Keyword;
        };
        let ratio = hybrid.semantic_ratio.unwrap_or(DEFAULT_SEMANTIC_RATIO);
        let has_words = !self.is_placeholder();
        let is_refused = self.media.is_some() && self.vector.is_some();
        let is_placeholder = !has_words && self.media.is_none() && self.vector.is_none();
        if is_refused || is_placeholder || ratio == 0.0 {
            SearchKind::Keyword
        } else if ratio == 1.0 || !has_words {
            SearchKind::Semantic
        } else {
            SearchKind::Hybrid(ratio)
        }
    }

    /// A query that a server refuses for the same reasons and answers without asking an embedder for a vector: a blend of
    /// which no hit is wanted is good enough by its words.
    pub fn without_embedding(&self) -> Self {
        let hybrid = match (&self.hybrid, &self.vector) {
            (Some(hybrid), None) if self.kind() == SearchKind::Semantic => Some(HybridQuery {
                semantic_ratio: Some(0.5),
                ..hybrid.clone()
            }),
            (hybrid, _) => hybrid.clone(),
        };
        Self {
            offset: DEFAULT_OFFSET,
            limit: if hybrid.is_some() { 0 } else { DEFAULT_LIMIT },
            page: None,
            hits_per_page: None,
            hybrid,
            ..self.clone()
        }
    }
}
