//! What the merge must know of an index, and which part of the order a client asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::order::{Order, Picked};
use crate::document::fields::FieldOrder;
use crate::lexicon::is_lexicon_field;
pub use crate::settings::FacetOrder;
use crate::wire::search::{DEFAULT_LIMIT, SearchQuery};

/// The member of a document with its vectors.
const VECTORS: &str = "_vectors";

/// The facts of one index that shape requests and answers. Built from the catalog and the user's settings, never from a
/// node's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexView {
    /// `None` while the index has no document.
    pub primary_key: Option<String>,
    /// The user's `displayedAttributes`; `None` shows all.
    pub displayed: Option<Vec<String>>,
    /// The user's `distinctAttribute`.
    pub distinct: Option<String>,
    /// The user's `faceting.maxValuesPerFacet`; nodes have a higher one.
    pub max_values_per_facet: usize,
    /// The user's `faceting.sortFacetValuesBy`; `*` is the default of all others.
    pub facet_order: BTreeMap<String, FacetOrder>,
    /// The user's `pagination.maxTotalHits`: hits beyond are not reachable.
    pub max_total_hits: usize,
    pub tie_rule: TieRule,
    /// Attributes that nodes can filter only because Miroir needs it: never shown as facets.
    pub overlay_filterable: Vec<String>,
    /// The order in which top-level members are shown; empty when it is not known.
    pub fields: Arc<FieldOrder>,
    /// Names with Miroir's prefix that belong to the client (the features that write them are off).
    pub client_fields: Vec<String>,
}

impl Default for IndexView {
    /// A fresh index: the server's defaults, no primary key.
    fn default() -> Self {
        Self {
            primary_key: None,
            displayed: None,
            distinct: None,
            max_values_per_facet: 100,
            facet_order: BTreeMap::new(),
            max_total_hits: 1000,
            tie_rule: TieRule::Hidden,
            overlay_filterable: Vec::new(),
            fields: Arc::default(),
            client_fields: Vec::new(),
        }
    }
}

/// What orders documents that are equal in all that the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TieRule {
    /// Nothing: then the leg, and the place in its list.
    Off,
    /// `<primary key>:asc` is the nodes' last rule; clients must not see it.
    Hidden,
    /// The user's own rules order by the primary key, so that nothing had to be added.
    Visible,
}

impl IndexView {
    /// Whether a field is Miroir's own.
    pub fn hides(&self, field: &str) -> bool {
        self.hides_bytes(field.as_bytes()) || is_lexicon_field(field)
    }

    pub(super) fn hides_bytes(&self, field: &[u8]) -> bool {
        let own = |own: &String| own.as_bytes() == field;
        field.starts_with(b"_miroir_") && !self.client_fields.iter().any(own)
    }

    pub fn shows(&self, field: &str) -> bool {
        !self.hides(field)
            && self
                .displayed
                .as_ref()
                .is_none_or(|displayed| displayed.iter().any(|name| name == field))
    }

    /// Whether the catalog tells which of these facets some document has had: top-level fields, by name.
    pub fn knows_facets(&self, facets: &[String]) -> bool {
        let is_known = |name: &String| !self.fields.is_empty() && is_plain_facet(name);
        facets.iter().all(is_known)
    }

    /// Those of these facets that a server shows even where nothing matches.
    pub(super) fn shown_facets<'a>(
        &'a self,
        facets: &'a [String],
    ) -> impl Iterator<Item = &'a str> {
        let had = |name: &&str| is_plain_facet(name) && self.fields.place(name).is_some();
        facets.iter().map(String::as_str).filter(had)
    }

    /// Whether a hit that was asked for its vectors shows them. A server with a list of displayed attributes looks for
    /// `_vectors` by name while no document has had that member, and from then on shows vectors only if the list does not
    /// have it (`HitMaker::new` in `search/mod.rs` of 1.50).
    pub(super) fn shows_vectors(&self) -> bool {
        self.displayed.as_ref().is_none_or(|displayed| {
            displayed.iter().any(|name| name == VECTORS) != self.fields.place(VECTORS).is_some()
        })
    }

    pub fn facet_order(&self, facet: &str) -> FacetOrder {
        let order = self
            .facet_order
            .get(facet)
            .or_else(|| self.facet_order.get("*"));
        order.copied().unwrap_or_default()
    }

    /// The attribute whose values a query wants once: its own, or the index's.
    pub fn distinct_of<'a>(&'a self, query: &'a SearchQuery) -> Option<&'a str> {
        query.distinct.as_deref().or(self.distinct.as_deref())
    }

    /// The key, in score details, of the rule that clients must not see in answers to `query`.
    pub(super) fn hidden_rule(&self, query: &SearchQuery) -> Option<String> {
        let primary_key = self
            .primary_key
            .as_ref()
            .filter(|_| self.tie_rule == TieRule::Hidden)?;
        // A field is ordered by once, by the first rule that names it: if the client's sort did, the rule is theirs.
        let sorted = |sort: &String| {
            sort.rsplit_once(':')
                .is_some_and(|(field, _)| field.trim() == primary_key)
        };
        let theirs = query.sort.iter().flatten().any(sorted);
        (!theirs).then(|| format!("{primary_key}:asc"))
    }
}

/// Neither a pattern, nor below another field, nor one of the engine's own.
fn is_plain_facet(name: &str) -> bool {
    !name.starts_with('_') && !name.contains(['*', '.'])
}

/// The part of the merged order that a query shows: hits `start..end`, none reachable beyond `maxTotalHits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub start: usize,
    /// How many hits must be ordered; also the most that one node can have to deliver.
    pub end: usize,
}

impl Window {
    /// The hits shown of an order.
    pub fn of_order(self, order: &Order) -> &[Picked] {
        order.picked.get(self.start..).unwrap_or_default()
    }

    pub fn of(query: &SearchQuery, view: &IndexView) -> Self {
        let (start, length) = if query.is_paged() {
            let length = query.hits_per_page.unwrap_or(DEFAULT_LIMIT);
            match query.page.unwrap_or(1).checked_sub(1) {
                Some(before) => (before.saturating_mul(length), length),
                None => (0, 0), // page 0 is empty
            }
        } else {
            (query.offset, query.limit)
        };
        let end = start.saturating_add(length).min(view.max_total_hits);
        Self {
            start: start.min(end),
            end,
        }
    }
}
