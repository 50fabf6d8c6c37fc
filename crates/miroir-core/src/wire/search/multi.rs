//! The body of `POST /multi-search`.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map as _, Value, ValueKind, ValuePointerRef,
    take_cf_content,
};
use serde_json::Value as Json;

use super::{Federation, FederationOptions, SearchQuery};
use crate::error::{ApiError, Code};
use crate::wire::deserialize::{BodyFault, JsonFault};
use crate::wire::index::ValidUid;

/// Several searches in one request.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = BodyFault, deny_unknown_fields)]
pub struct MultiSearch {
    pub queries: Vec<IndexQuery>,
    /// Present when the results are to be merged into one list.
    #[deserr(default)]
    pub federation: Option<Federation>,
}

/// One search and the index that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexQuery {
    pub index_uid: ValidUid,
    pub query: SearchQuery,
    pub options: Option<FederationOptions>,
    /// The first of `offset`, `limit`, `page` and `hitsPerPage` that the client wrote, whatever its value.
    pub pagination: Option<&'static str>,
    /// The client wrote `showPerformanceDetails`, whatever its value.
    pub writes_performance_details: bool,
}

/// The members of a query, in the server's order: those of a search between two of its own.
const MEMBERS: &[&str] = &[
    "indexUid",
    "q",
    "offset",
    "limit",
    "page",
    "hitsPerPage",
    "attributesToRetrieve",
    "attributesToCrop",
    "cropLength",
    "cropMarker",
    "attributesToHighlight",
    "highlightPreTag",
    "highlightPostTag",
    "showMatchesPosition",
    "filter",
    "sort",
    "distinct",
    "facets",
    "matchingStrategy",
    "attributesToSearchOn",
    "rankingScoreThreshold",
    "locales",
    "hybrid",
    "vector",
    "retrieveVectors",
    "media",
    "personalize",
    "useNetwork",
    "showRankingScore",
    "showRankingScoreDetails",
    "showPerformanceDetails",
    "federationOptions",
];

const PAGINATION: [&str; 4] = ["offset", "limit", "page", "hitsPerPage"];
const PERFORMANCE: &str = "showPerformanceDetails";

impl Deserr<BodyFault> for IndexQuery {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, BodyFault> {
        let Value::Map(map) = value else {
            let problem = ErrorKind::IncorrectValueKind {
                actual: value,
                accepted: &[ValueKind::Map],
            };
            return Err(take_cf_content(BodyFault::error(None, problem, location)));
        };
        let mut index_uid = None;
        let mut options = None;
        let mut search = serde_json::Map::new();
        for (name, value) in map.into_iter() {
            let place = location.push_key(&name);
            let own = match name.as_str() {
                "indexUid" => read_uid(value, place).map(|uid| index_uid = Some(uid)),
                "federationOptions" => Option::deserialize_from_value(value.into_value(), place)
                    .map(|read| options = read),
                known if MEMBERS.contains(&known) => {
                    Json::deserialize_from_value(value.into_value(), place)
                        .map(|value| drop(search.insert(name.clone(), value)))
                }
                unknown => {
                    let problem = ErrorKind::UnknownKey {
                        key: unknown,
                        accepted: MEMBERS,
                    };
                    Err(take_cf_content(BodyFault::error::<V>(
                        None, problem, location,
                    )))
                }
            };
            if let Err(fault) = own {
                // The first problem in the client's order is the one to name.
                read_search(search, location)?;
                return Err(fault);
            }
        }
        let writes = |name: &str| search.get(name).is_some_and(|value| !value.is_null());
        let pagination = PAGINATION.into_iter().find(|name| writes(name));
        let writes_performance_details = writes(PERFORMANCE);
        let query = read_search(search, location)?;
        let index_uid = index_uid.ok_or_else(|| {
            JsonFault::<{ Code::MissingIndexUid as u16 }>::missing_field("indexUid", location)
        });
        Ok(Self {
            index_uid: index_uid.map_err(recode)?,
            query,
            options,
            pagination,
            writes_performance_details,
        })
    }
}

fn read_uid<V: IntoValue>(value: V, place: ValuePointerRef) -> Result<ValidUid, BodyFault> {
    let read: Result<ValidUid, JsonFault<{ Code::InvalidIndexUid as u16 }>> =
        ValidUid::deserialize_from_value(value.into_value(), place);
    read.map_err(recode)
}

/// The members that a query shares with a search of one index. Here, null is also what these may be.
fn read_search(
    mut members: serde_json::Map<String, Json>,
    location: ValuePointerRef,
) -> Result<SearchQuery, BodyFault> {
    members.retain(|name, value| {
        !(value.is_null() && ["offset", "limit", PERFORMANCE].contains(&name.as_str()))
    });
    SearchQuery::deserialize_from_value(Json::Object(members).into_value(), location)
}

/// A fault keeps the code that it was born with.
fn recode<const CODE: u16>(fault: JsonFault<CODE>) -> BodyFault {
    ApiError::from(fault).into()
}

impl IndexQuery {
    /// Why the query must not stand in a batch whose results stay apart.
    pub fn check_alone(&self) -> Result<(), ApiError> {
        if self.options.is_some() {
            return Err(ApiError::new(
                Code::InvalidMultiSearchFederationOptions,
                "Using `federationOptions` is not allowed in a non-federated search.\n - Hint: remove `federationOptions` from the query or add `federation` to the request.",
            ));
        }
        self.query.refuse_network()
    }

    /// Why the query must not stand in a federation, for whatever can be told from the request alone. The order of the checks is the
    /// server's.
    pub fn check_federated(&self, federation: &Federation) -> Result<(), ApiError> {
        let remote = self
            .options
            .as_ref()
            .is_some_and(|options| options.remote.is_some());
        if let Some(name) = self.pagination {
            return Err(ApiError::new(
                Code::InvalidMultiSearchQueryPagination,
                format!(
                    "Using pagination options is not allowed in federated queries.\n - Hint: remove `{name}` from the query or remove `federation` from the request\n - Hint: pass `federation.limit` and `federation.offset` for pagination in federated search"
                ),
            ));
        }
        if let Some(facets) = self.query.facets.as_ref().filter(|list| !list.is_empty()) {
            return Err(ApiError::new(
                Code::InvalidMultiSearchQueryFacets,
                format!(
                    "Using facet options is not allowed in federated queries.\n - Hint: remove `facets` from the query or remove `federation` from the request\n - Hint: pass `federation.facetsByIndex.{}: {facets:?}` for facets in federated search",
                    self.index_uid.0
                ),
            ));
        }
        if self.query.personalize.is_some() {
            return Err(ApiError::new(
                Code::InvalidMultiSearchQueryPersonalization,
                "Using `.personalize` is not allowed in federated queries.\n - Hint: remove `personalize` from the query or remove `federation` from the request\n - Hint: pass `federation.personalize` for personalization in federated search",
            ));
        }
        if remote && self.query.use_network == Some(true) {
            return Err(ApiError::new(
                Code::InvalidMultiSearchFederationOptions,
                "Using `.useNetwork` is not allowed as the same time as `.federationOptions.remote`.\n  - Hint: to perform an explicit query against a remote, remove `.useNetwork`.\n  - Hint: to automatically perform queries against the entire network, remove `.federationOptions.remote`.",
            ));
        }
        if self.writes_performance_details {
            return Err(ApiError::new(
                Code::InvalidMultiSearchQueryShowPerformanceDetails,
                "Using `.showPerformanceDetails` is not allowed in federated queries.\n - Hint: remove `showPerformanceDetails` from the query or remove `federation` from the request",
            ));
        }
        if self.query.distinct.is_some() && federation.distinct.is_some() {
            return Err(ApiError::new(
                Code::InvalidMultiSearchDistinct,
                "Using `distinct` options is not allowed in federated queries when it also appears in `.federation.distinct`.\n - Hint: remove `distinct` from the query or remove `federation` from the request\n  - Note: `distinct` at the query level is discouraged in federated search.",
            ));
        }
        self.query.refuse_network()?;
        if remote {
            return Err(ApiError::network_not_enabled(
                "Performing a remote federated search",
            ));
        }
        if self
            .options
            .as_ref()
            .is_some_and(|options| options.query_position.is_some())
        {
            return Err(ApiError::network_not_enabled(
                "Using `federationOptions.queryPosition`",
            ));
        }
        Ok(())
    }

    /// What the scores of the query's hits are multiplied with.
    pub fn weight(&self) -> f64 {
        self.options.as_ref().map_or(1.0, |options| options.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::{MEMBERS, MultiSearch};
    use crate::error::ApiError;
    use crate::wire::deserialize::from_json;
    use crate::wire::search::SearchQuery;

    fn read(body: &str) -> Result<MultiSearch, ApiError> {
        from_json(body.as_bytes())
    }

    #[test]
    fn queries_are_read_with_their_indexes() {
        let body = r#"{"queries":[{"indexUid":"a","q":"x","limit":3},{"q":null,"indexUid":"b","limit":null}]}"#;
        let read = read(body).unwrap();
        assert_eq!(read.queries[0].index_uid.0, "a");
        assert_eq!(
            (read.queries[0].query.limit, read.queries[1].query.limit),
            (3, 20)
        );
        assert_eq!(
            (read.queries[0].pagination, read.queries[1].pagination),
            (Some("limit"), None)
        );
        assert_eq!(read.federation, None);
    }

    #[test]
    fn the_members_are_those_of_a_search_and_two_more() {
        let error = from_json::<SearchQuery>(br#"{"?":1}"#).unwrap_err().message;
        let shared: Vec<String> = MEMBERS[1..MEMBERS.len() - 1]
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        assert!(
            error.ends_with(&format!("expected one of {}", shared.join(", "))),
            "{error}"
        );
    }

    #[test]
    fn the_first_problem_is_named() {
        let cases = [
            (
                r#"{"queries":[{"q":1,"indexUid":"a b"}]}"#,
                "Invalid value type at `.queries[0].q`: expected a string, but found a positive integer: `1`",
            ),
            (
                r#"{"queries":[{"indexUid":"a","limit":-1,"x":1}]}"#,
                "Invalid value type at `.queries[0].limit`: expected a positive integer, but found a negative integer: `-1`",
            ),
            (
                r#"{"queries":[{"q":"x"}]}"#,
                "Missing field `indexUid` inside `.queries[0]`",
            ),
            (
                r#"{"federation":{"facetsByIndex":{"a b":[]}},"queries":[]}"#,
                "Invalid value at `.federation.facetsByIndex`: the key \"a b\" could not be deserialized into the key type `meilisearch_types::index_uid::IndexUid`",
            ),
        ];
        for (body, message) in cases {
            assert_eq!(read(body).unwrap_err().message, message, "{body}");
        }
    }
}
