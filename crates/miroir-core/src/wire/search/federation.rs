//! What a federated search asks for besides its queries: one list, its window, its facets.
//!
//! Fields, defaults, codes and texts are those of the server's `search/federated/types.rs`.

use std::collections::BTreeMap;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map as _, MergeWithError, Value, ValueKind,
    ValuePointerRef, take_cf_content,
};

use super::{DEFAULT_LIMIT, DEFAULT_OFFSET, Personalize};
use crate::error::Code;
use crate::id::IndexUid;
use crate::wire::deserialize::{BodyFault, JsonFault, Reason};

/// The member `federation` of a multi-search: its results become one list.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
pub struct Federation {
    #[deserr(default = DEFAULT_LIMIT, error = JsonFault<{ Code::InvalidSearchLimit as u16 }>)]
    pub limit: usize,
    #[deserr(default = DEFAULT_OFFSET, error = JsonFault<{ Code::InvalidSearchOffset as u16 }>)]
    pub offset: usize,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchPage as u16 }>)]
    pub page: Option<usize>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchHitsPerPage as u16 }>)]
    pub hits_per_page: Option<usize>,
    #[deserr(default, error = JsonFault<{ Code::InvalidMultiSearchFacetsByIndex as u16 }>)]
    pub facets_by_index: FacetsByIndex,
    #[deserr(default, error = JsonFault<{ Code::InvalidMultiSearchMergeFacets as u16 }>)]
    pub merge_facets: Option<MergeFacets>,
    /// Of all hits with one value, the best is shown, whatever index it is of.
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchDistinct as u16 }>)]
    pub distinct: Option<String>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchShowPerformanceDetails as u16 }>)]
    pub show_performance_details: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchPersonalize as u16 }>)]
    pub personalize: Option<Personalize>,
}

/// The facets to count, index by index. An index with null is as if it were not there, but must exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FacetsByIndex(pub BTreeMap<IndexUid, Option<Vec<String>>>);

/// Makes one distribution of all those of the indexes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr)]
#[deserr(error = JsonFault<{ Code::InvalidMultiSearchMergeFacets as u16 }>, rename_all = camelCase, deny_unknown_fields)]
pub struct MergeFacets {
    #[deserr(default, error = JsonFault<{ Code::InvalidMultiSearchMaxValuesPerFacet as u16 }>)]
    pub max_values_per_facet: Option<usize>,
}

/// The member `federationOptions` of a query.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
pub struct FederationOptions {
    /// What the scores of the query's hits are multiplied with; not negative.
    #[deserr(default = DEFAULT_WEIGHT, error = JsonFault<{ Code::InvalidMultiSearchWeight as u16 }>, try_from(f64) = check_weight -> Reason)]
    pub weight: f64,
    #[deserr(default, error = JsonFault<{ Code::InvalidMultiSearchRemote as u16 }>)]
    pub remote: Option<String>,
    #[deserr(default, error = JsonFault<{ Code::InvalidMultiSearchQueryPosition as u16 }>)]
    pub query_position: Option<usize>,
}

const DEFAULT_WEIGHT: f64 = 1.0;

fn check_weight(weight: f64) -> Result<f64, Reason> {
    if weight < 0.0 {
        return Err(Reason(
            "the value of `weight` is invalid, expected a positive float (>= 0.0).".to_owned(),
        ));
    }
    Ok(weight)
}

impl Federation {
    /// Whether the list is cut into pages, which makes nodes count to the end.
    pub fn is_paged(&self) -> bool {
        self.page.is_some() || self.hits_per_page.is_some()
    }
}

impl<E: DeserializeError + MergeWithError<Reason>> Deserr<E> for FacetsByIndex {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        let Value::Map(map) = value else {
            let problem = ErrorKind::IncorrectValueKind {
                actual: value,
                accepted: &[ValueKind::Map],
            };
            return Err(take_cf_content(E::error(None, problem, location)));
        };
        let mut facets = BTreeMap::new();
        for (key, value) in map.into_iter() {
            let Ok(uid) = key.parse() else {
                // The server names the type of its own.
                let reason = Reason(format!(
                    "the key \"{key}\" could not be deserialized into the key type `meilisearch_types::index_uid::IndexUid`"
                ));
                return Err(take_cf_content(E::merge(None, reason, location)));
            };
            let patterns =
                Option::deserialize_from_value(value.into_value(), location.push_key(&key))?;
            facets.insert(uid, patterns);
        }
        Ok(Self(facets))
    }
}
