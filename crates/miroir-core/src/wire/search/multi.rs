//! The body of `POST /multi-search`.

use deserr::{Deserr, IntoValue, ValuePointerRef};
use serde_json::{Map, Value};

use super::SearchQuery;
use crate::error::ApiError;
use crate::wire::deserialize::BodyFault;
use crate::wire::index::ValidUid;

/// Several searches in one request.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiSearch {
    pub queries: Vec<IndexQuery>,
    /// Present when the results are to be merged into one list.
    pub federation: Option<Value>,
}

/// One search and the index that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexQuery {
    pub index_uid: ValidUid,
    pub query: SearchQuery,
}

impl MultiSearch {
    /// Reads a body. `None` when anything is wrong with it: the texts of the server name the fields of its own types, so they
    /// are best had from a server.
    pub fn read(body: &[u8]) -> Option<Self> {
        let Value::Object(mut members) = serde_json::from_slice(body).ok()? else {
            return None;
        };
        let queries = match members.remove("queries")? {
            Value::Array(queries) => queries
                .into_iter()
                .map(IndexQuery::read)
                .collect::<Option<_>>()?,
            _ => return None,
        };
        let federation = members
            .remove("federation")
            .filter(|federation| !federation.is_null());
        members.is_empty().then_some(Self {
            queries,
            federation,
        })
    }
}

impl IndexQuery {
    fn read(query: Value) -> Option<Self> {
        let Value::Object(mut members) = query else {
            return None;
        };
        let index_uid = part(members.remove("indexUid")?)?;
        // Only a federated search has options for it; elsewhere a server refuses them.
        if members
            .remove("federationOptions")
            .is_some_and(|options| !options.is_null())
        {
            return None;
        }
        let query = part::<SearchQuery>(Value::Object(Map::from_iter(members)))?;
        Some(Self { index_uid, query })
    }
}

fn part<T: Deserr<BodyFault>>(value: Value) -> Option<T> {
    let read = T::deserialize_from_value(value.into_value(), ValuePointerRef::Origin);
    read.map_err(ApiError::from).ok()
}

#[cfg(test)]
mod tests {
    use super::MultiSearch;

    #[test]
    fn queries_are_read_with_their_indexes() {
        let body = br#"{"queries":[{"indexUid":"a","q":"x","limit":3},{"q":null,"indexUid":"b"}]}"#;
        let read = MultiSearch::read(body).unwrap();
        assert_eq!(read.queries[0].index_uid.0, "a");
        assert_eq!(
            (read.queries[0].query.limit, read.queries[1].query.limit),
            (3, 20)
        );
        assert_eq!(read.federation, None);
    }

    #[test]
    fn whatever_is_wrong_is_left_to_a_server_to_word() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"queries":{}}"#,
            r#"{"queries":[{"q":"x"}]}"#,
            r#"{"queries":[{"indexUid":"a b"}]}"#,
            r#"{"queries":[{"indexUid":"a","limit":-1}]}"#,
            r#"{"queries":[{"indexUid":"a","federationOptions":{}}]}"#,
            r#"{"queries":[],"x":1}"#,
        ] {
            assert_eq!(MultiSearch::read(body.as_bytes()), None, "{body}");
        }
    }
}
