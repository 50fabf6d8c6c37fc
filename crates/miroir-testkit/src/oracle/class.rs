//! The classes of queries.

use std::str::FromStr;

/// A family of queries that is drawn, counted and reported together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// One word.
    Words1,
    /// Two words.
    Words2,
    /// Three words.
    Words3,
    /// Words with one or two typos.
    Typos,
    /// A last word that is cut short.
    Prefixes,
    /// Filters of every kind.
    Filters,
    /// Sorting by numbers that every document has.
    SortNumbers,
    /// Sorting by strings that every document has.
    SortStrings,
    /// Sorting by fields that are missing, null or of mixed types.
    SortMissing,
    /// Facet distributions and statistics.
    Facets,
    /// Facets that are ordered by count and cut at a limit. Which of equally frequent values make it depends on the
    /// engine's tree of values, so two equal servers may differ.
    FacetsCut,
    /// `offset` and `limit`.
    OffsetLimit,
    /// `page` and `hitsPerPage`.
    PageMode,
    /// No query at all.
    Placeholder,
    /// Highlighting, cropping, positions.
    Highlight,
    /// Lists of attributes to retrieve, and attributes that are not displayed.
    Retrieve,
    /// Ranking scores and their details.
    Scores,
    /// Phrases and negative words.
    PhrasesNegative,
    /// The same through `GET`.
    GetSearch,
    /// Reading one document.
    DocumentsGet,
    /// Reading several documents: by id, by filter, by page.
    DocumentsList,
}

/// A class name that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("unknown class `{0}`")]
pub struct UnknownClass(String);

impl Class {
    /// Every class, in the order of reports.
    pub const ALL: [Self; 21] = [
        Self::Words1,
        Self::Words2,
        Self::Words3,
        Self::Typos,
        Self::Prefixes,
        Self::Filters,
        Self::SortNumbers,
        Self::SortStrings,
        Self::SortMissing,
        Self::Facets,
        Self::OffsetLimit,
        Self::PageMode,
        Self::Placeholder,
        Self::Highlight,
        Self::Retrieve,
        Self::Scores,
        Self::PhrasesNegative,
        Self::GetSearch,
        Self::DocumentsGet,
        Self::DocumentsList,
        Self::FacetsCut,
    ];

    /// The classes that run unless others are named: what a fleet serves exactly.
    #[must_use]
    pub fn served() -> Vec<Self> {
        let mut classes = Self::ALL.to_vec();
        classes.retain(|class| *class != Self::FacetsCut);
        classes
    }

    /// The name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Words1 => "words1",
            Self::Words2 => "words2",
            Self::Words3 => "words3",
            Self::Typos => "typos",
            Self::Prefixes => "prefixes",
            Self::Filters => "filters",
            Self::SortNumbers => "sort_numbers",
            Self::SortStrings => "sort_strings",
            Self::SortMissing => "sort_missing",
            Self::Facets => "facets",
            Self::FacetsCut => "facets_cut",
            Self::OffsetLimit => "offset_limit",
            Self::PageMode => "page_mode",
            Self::Placeholder => "placeholder",
            Self::Highlight => "highlight",
            Self::Retrieve => "retrieve",
            Self::Scores => "scores",
            Self::PhrasesNegative => "phrases_negative",
            Self::GetSearch => "get_search",
            Self::DocumentsGet => "documents_get",
            Self::DocumentsList => "documents_list",
        }
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|class| class.name() == name)
            .ok_or_else(|| UnknownClass(name.to_owned()))
    }
}
