//! The body of `POST /multi-search`.

use deserr::{Deserr, IntoValue, ValuePointerRef};
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::deserialize::{BodyFault, JsonFault};
use miroir_core::wire::index::ValidUid;
use miroir_core::wire::search::SearchQuery;
use serde_json::{Map, Value};

/// One search of several.
pub(crate) struct Part {
    pub(crate) uid: String,
    pub(crate) query: SearchQuery,
}

/// Reads the searches. A federation is refused: its merge by weighted scores is the server's own, not the engine's.
pub(crate) fn parts(body: &[u8]) -> Result<Vec<Part>, ApiError> {
    let body: Map<String, Value> =
        serde_json::from_slice(body).map_err(ApiError::malformed_body)?;
    if let Some(unknown) = body
        .keys()
        .find(|key| !["queries", "federation"].contains(&key.as_str()))
    {
        let message = format!("Unknown field `{unknown}`: expected one of `queries`, `federation`");
        return Err(ApiError::new(Code::BadRequest, message));
    }
    let queries = match body.get("queries") {
        Some(Value::Array(queries)) => queries.clone(),
        Some(other) => {
            let read: Result<Vec<Value>, BodyFault> = Vec::deserialize_from_value(
                other.clone().into_value(),
                ValuePointerRef::Origin.push_key("queries"),
            );
            return Err(read.err().map_or_else(
                || ApiError::new(Code::BadRequest, "`.queries` is not an array"),
                ApiError::from,
            ));
        }
        None => return Err(ApiError::new(Code::BadRequest, "Missing field `queries`")),
    };
    let federated = body.get("federation").is_some_and(|value| !value.is_null());
    let queries = queries.into_iter().enumerate();
    let parts: Result<Vec<Part>, ApiError> = queries
        .map(|(place, query)| part(place, query, federated))
        .collect();
    let parts = parts?;
    if federated {
        let message = "federated search is not available: this is miroir-devnode on the engine milli-core 1.15.1";
        return Err(ApiError::new(Code::InvalidMultiSearchFederated, message));
    }
    Ok(parts)
}

fn part(place: usize, query: Value, federated: bool) -> Result<Part, ApiError> {
    let queries = ValuePointerRef::Origin.push_key("queries");
    let location = queries.push_index(place);
    let mut query = query;
    let members = query.as_object_mut();
    let uid = members.and_then(|members| {
        if members.remove("federationOptions").is_some_and(|value| !value.is_null()) && !federated {
            return Some(Err(ApiError::new(
                Code::InvalidMultiSearchFederationOptions,
                format!("Inside `.queries[{place}]`: Using `federationOptions` is not allowed in a non-federated search.\n - Hint: remove `federationOptions` from the query or add `federation` to the request."),
            )));
        }
        members.shift_remove("indexUid").map(|uid| {
            let uid: Result<ValidUid, JsonFault<{ Code::InvalidIndexUid as u16 }>> =
                ValidUid::deserialize_from_value(uid.into_value(), location.push_key("indexUid"));
            uid.map_err(ApiError::from)
        })
    });
    let query: Result<SearchQuery, BodyFault> =
        SearchQuery::deserialize_from_value(query.into_value(), location);
    let query = query.map_err(ApiError::from)?;
    let uid = uid.unwrap_or_else(|| {
        let message = format!("Missing field `indexUid` inside `.queries[{place}]`");
        Err(ApiError::new(Code::MissingIndexUid, message))
    })?;
    Ok(Part { uid: uid.0, query })
}
