//! Bodies and query strings into types, with the server's error texts and a code per field.
//!
//! A type derives `Deserr` with `error = JsonFault<{ Code::BadRequest as u16 }>` (or [`QueryFault`]); a field that has a
//! code of its own says `error = JsonFault<{ Code::InvalidSearchQ as u16 }>`. The first problem in the order of the
//! client's text is the one reported; missing fields come last.

mod fault;
mod parameter;

#[cfg(test)]
mod tests;

use deserr::{Deserr, IntoValue, ValuePointerRef};

use crate::error::{ApiError, Code, Payload};

pub use fault::{Fault, Format, Json, JsonFault, Query, QueryFault, Reason};
pub use parameter::{FromParameter, List, Parameter, StarOr, StarOrList};

/// The error a whole JSON body is read with: anything without a code of its own is `bad_request`.
pub type BodyFault = JsonFault<{ Code::BadRequest as u16 }>;

/// The error a whole query string is read with.
pub type ParametersFault = QueryFault<{ Code::BadRequest as u16 }>;

/// Reads the body of a JSON route.
///
/// An empty body is `missing_payload`, a syntax error `malformed_payload`, any other problem what `T` says.
pub fn from_json<T: Deserr<BodyFault>>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() {
        return Err(ApiError::missing_payload(Payload::Json));
    }
    let value: serde_json::Value =
        serde_json::from_slice(body).map_err(ApiError::malformed_body)?;
    from_value(value)
}

/// As [`from_json`] for a value that has been parsed already.
pub fn from_value<T: Deserr<BodyFault>>(value: serde_json::Value) -> Result<T, ApiError> {
    T::deserialize_from_value(value.into_value(), ValuePointerRef::Origin).map_err(ApiError::from)
}

/// Reads a query string (without `?`): `+` is a space, percent sequences are decoded (invalid UTF-8 becomes U+FFFD), the
/// last of several equal names wins.
pub fn from_query<T: Deserr<ParametersFault>>(query: &str) -> Result<T, ApiError> {
    let value: serde_json::Value = serde_urlencoded::from_str(query).map_err(|error| {
        ApiError::new(
            Code::BadRequest,
            format!("Query deserialize error: {error}"),
        )
    })?;
    T::deserialize_from_value(value.into_value(), ValuePointerRef::Origin).map_err(ApiError::from)
}
