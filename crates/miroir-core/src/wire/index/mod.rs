//! Requests about indexes: creation, update, lists, swaps, statistics.

#[cfg(test)]
mod tests;

mod fields;

use deserr::errors::JsonError;
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, Value, ValueKind,
    ValuePointerRef, take_cf_content,
};
use serde::Serialize;

use super::deserialize::{
    BodyFault, FromParameter, JsonFault, Parameter, ParametersFault, QueryFault, Reason,
};
use crate::error::{ApiError, Code};
use crate::id::IndexUid;

pub use fields::{FieldsFilter, ListFields};

const DEFAULT_LIMIT: usize = 20;

/// An index uid as clients may write it: 1 to 400 bytes of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ValidUid(pub String);

impl ValidUid {
    /// The server's check of a uid in a path or a body.
    pub fn check(uid: &str) -> Result<(), ApiError> {
        match IndexUid::parse(uid) {
            Ok(_) => Ok(()),
            Err(_) => Err(ApiError::invalid_index_uid(uid)),
        }
    }
}

impl FromParameter for ValidUid {
    fn from_parameter(text: &str) -> Result<Self, Reason> {
        ValidUid::check(text).map_err(|error| Reason(error.message))?;
        Ok(ValidUid(text.to_owned()))
    }
}

impl<E: DeserializeError + MergeWithError<Reason>> Deserr<E> for ValidUid {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        match value {
            Value::String(uid) => ValidUid::from_parameter(&uid)
                .map_err(|reason| take_cf_content(E::merge(None, reason, location))),
            actual => Err(take_cf_content(E::error(
                None,
                ErrorKind::IncorrectValueKind {
                    actual,
                    accepted: &[ValueKind::String],
                },
                location,
            ))),
        }
    }
}

/// Body of `POST /indexes`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, Serialize)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct CreateIndex {
    #[deserr(
        error = JsonFault<{ Code::InvalidIndexUid as u16 }>,
        missing_field_error = JsonFault::<{ Code::MissingIndexUid as u16 }>::missing_field
    )]
    pub uid: ValidUid,
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexPrimaryKey as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<String>,
}

/// Body of `PATCH /indexes/{uid}`. The new uid is not validated while reading: the server checks it after the uid of the
/// path, with [`ValidUid::check`].
#[derive(Debug, Clone, PartialEq, Eq, Deserr, Serialize)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields = refuse_immutable)]
#[serde(rename_all = "camelCase")]
pub struct UpdateIndex {
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexPrimaryKey as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<String>,
    /// A rename.
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexUid as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

fn refuse_immutable(field: &str, accepted: &[&str], location: ValuePointerRef) -> BodyFault {
    let code = match field {
        "createdAt" => Code::ImmutableIndexCreatedAt,
        "updatedAt" => Code::ImmutableIndexUpdatedAt,
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

/// Parameters of `GET /indexes`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
pub struct ListIndexes {
    #[deserr(default, error = QueryFault<{ Code::InvalidIndexOffset as u16 }>)]
    pub offset: Parameter<usize>,
    #[deserr(default = Parameter(DEFAULT_LIMIT), error = QueryFault<{ Code::InvalidIndexLimit as u16 }>)]
    pub limit: Parameter<usize>,
}

/// One element of the body of `POST /swap-indexes`. That there are two uids is checked while handling it
/// ([`ApiError::swap_of_wrong_length`]).
#[derive(Debug, Clone, PartialEq, Eq, Deserr, Serialize)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct SwapIndexes {
    #[deserr(
        error = JsonFault<{ Code::InvalidSwapIndexes as u16 }>,
        missing_field_error = JsonFault::<{ Code::MissingSwapIndexes as u16 }>::missing_field
    )]
    pub indexes: Vec<ValidUid>,
    #[deserr(default, error = JsonFault<{ Code::InvalidSwapRename as u16 }>)]
    pub rename: bool,
}

/// How sizes are shown in statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
pub enum SizeFormat {
    Human,
    /// Bytes; the default.
    #[default]
    Raw,
}

/// Parameters of `GET /stats` and `GET /indexes/{uid}/stats`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
pub struct StatsParameters {
    #[deserr(default, error = QueryFault<{ Code::InvalidStatsShowInternalDatabaseSizes as u16 }>)]
    pub show_internal_database_sizes: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidStatsSizeFormat as u16 }>)]
    pub size_format: Option<SizeFormat>,
}
