//! Requests about API keys.

#[cfg(test)]
mod tests;

use std::str::FromStr;

use deserr::errors::JsonError;
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValuePointerRef, take_cf_content,
};
use uuid::Uuid;

use super::deserialize::{BodyFault, JsonFault, Parameter, ParametersFault, QueryFault, Reason};
use super::time::{Timestamp, read_date};
use crate::access::{Action, IndexPattern};
use crate::error::{ApiError, Code};

const DEFAULT_LIMIT: usize = 20;

/// Body of `POST /keys`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
pub struct CreateKey {
    #[deserr(default, error = JsonFault<{ Code::InvalidApiKeyDescription as u16 }>)]
    pub description: Option<String>,
    #[deserr(default, error = JsonFault<{ Code::InvalidApiKeyName as u16 }>)]
    pub name: Option<String>,
    /// `None` lets the server choose.
    #[deserr(default, error = JsonFault<{ Code::InvalidApiKeyUid as u16 }>, try_from(&String) = read_uid -> Reason)]
    pub uid: Option<Uuid>,
    #[deserr(
        error = JsonFault<{ Code::InvalidApiKeyActions as u16 }>,
        missing_field_error = JsonFault::<{ Code::MissingApiKeyActions as u16 }>::missing_field
    )]
    pub actions: Vec<Action>,
    #[deserr(
        error = JsonFault<{ Code::InvalidApiKeyIndexes as u16 }>,
        missing_field_error = JsonFault::<{ Code::MissingApiKeyIndexes as u16 }>::missing_field
    )]
    pub indexes: Vec<IndexPattern>,
    /// Must be given; `null` is for ever. That it lies in the future is for [`Expiry::must_be_future`] to say.
    #[deserr(
        error = JsonFault<{ Code::InvalidApiKeyExpiresAt as u16 }>,
        missing_field_error = JsonFault::<{ Code::MissingApiKeyExpiresAt as u16 }>::missing_field,
        try_from(Option<String>) = Expiry::read -> Reason
    )]
    pub expires_at: Expiry,
}

/// When a key ends, as the client wrote it and as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry(Option<(String, Timestamp)>);

/// What becomes of a field that a patch may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It was not named.
    #[default]
    Keep,
    /// It was named with `null`.
    Clear,
    Set(T),
}

/// Body of `PATCH /keys/{uid or value}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields = refuse_immutable)]
pub struct PatchKey {
    #[deserr(default, error = JsonFault<{ Code::InvalidApiKeyDescription as u16 }>)]
    pub description: Change<String>,
    #[deserr(default, error = JsonFault<{ Code::InvalidApiKeyName as u16 }>)]
    pub name: Change<String>,
}

/// Parameters of `GET /keys`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
pub struct ListKeys {
    #[deserr(default, error = QueryFault<{ Code::InvalidApiKeyOffset as u16 }>)]
    pub offset: Parameter<usize>,
    #[deserr(default = Parameter(DEFAULT_LIMIT), error = QueryFault<{ Code::InvalidApiKeyLimit as u16 }>)]
    pub limit: Parameter<usize>,
}

fn read_uid(text: &str) -> Result<Option<Uuid>, Reason> {
    Uuid::from_str(text)
        .map(Some)
        .map_err(|error| Reason(error.to_string()))
}

fn refuse_immutable(field: &str, accepted: &[&str], location: ValuePointerRef) -> BodyFault {
    let code = match field {
        "uid" => Code::ImmutableApiKeyUid,
        "actions" => Code::ImmutableApiKeyActions,
        "indexes" => Code::ImmutableApiKeyIndexes,
        "expiresAt" => Code::ImmutableApiKeyExpiresAt,
        "createdAt" => Code::ImmutableApiKeyCreatedAt,
        "updatedAt" => Code::ImmutableApiKeyUpdatedAt,
        _ => {
            let problem: ErrorKind<std::convert::Infallible> = ErrorKind::UnknownKey {
                key: field,
                accepted,
            };
            let message = take_cf_content(JsonError::error(None, problem, location)).to_string();
            return ApiError::new(Code::BadRequest, message).into();
        }
    };
    ApiError::immutable_field(code, field, accepted).into()
}

// === impl Change ===

impl<T> Change<T> {
    /// The field after the patch.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

impl<T: Deserr<E>, E: DeserializeError> Deserr<E> for Change<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        match value {
            Value::Null => Ok(Self::Clear),
            value => T::deserialize_from_value(value, location).map(Self::Set),
        }
    }
}

// === impl Expiry ===

impl Expiry {
    /// RFC 3339, or without a zone, or a day: those are in UTC.
    fn read(text: Option<String>) -> Result<Self, Reason> {
        let Some(text) = text else {
            return Ok(Self(None));
        };
        match instant(&text) {
            Some(instant) => Ok(Self(Some((text, instant)))),
            None => Err(bad_date(&text)),
        }
    }

    /// The instant, if there is one.
    ///
    /// # Errors
    /// When it is over, with the same words as for a text that is no date.
    pub fn must_be_future(&self, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
        match &self.0 {
            None => Ok(None),
            Some((_, end)) if *end > now => Ok(Some(*end)),
            Some((text, _)) => Err(ApiError::new(
                Code::InvalidApiKeyExpiresAt,
                format!("Invalid value at `.expiresAt`: {}", bad_date(text)),
            )),
        }
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let with_zone = || text.parse().ok();
    let without_zone = || {
        let separator = text.as_bytes().get(10)?;
        // Digits of the right number, so that nothing but seconds can stand before the zone that is put there.
        let is_plain = text.len() == 19 && matches!(separator, b'T' | b' ');
        is_plain.then(|| format!("{text}Z").parse().ok()).flatten()
    };
    let day = || read_date(text).map(Timestamp::midnight);
    with_zone().or_else(without_zone).or_else(day)
}

fn bad_date(text: &str) -> Reason {
    Reason(format!(
        "`{text}` is not a valid date. It should follow the RFC 3339 format to represents a date or datetime in the future or specified as a null value. e.g. 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'.\n"
    ))
}
