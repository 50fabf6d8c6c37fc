//! What a search ranks by (the server's `search_kind` in `routes/indexes/search.rs`).

use super::SearchQuery;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchKind {
    /// Words, or nothing at all.
    Keyword,
    /// Vectors alone.
    Semantic,
    /// Both, merged.
    Hybrid,
}

impl SearchQuery {
    /// The kind of a search whose parts go together; see [`SearchQuery::check_vector_parts`].
    pub fn kind(&self) -> SearchKind {
        let has_words = self
            .q
            .as_ref()
            .is_some_and(|words| !words.trim().is_empty());
        let Some(hybrid) = &self.hybrid else {
            return SearchKind::Keyword;
        };
        if hybrid.semantic_ratio == 0.0 {
            SearchKind::Keyword
        } else if self.media.is_none() && !has_words && self.vector.is_none() {
            SearchKind::Keyword
        } else if hybrid.semantic_ratio == 1.0 || !has_words {
            SearchKind::Semantic
        } else {
            SearchKind::Hybrid
        }
    }
}
