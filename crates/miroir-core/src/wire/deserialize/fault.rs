//! The error type that carries a code in its type and the server's text in its message.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use deserr::errors::{JsonError, QueryParamError};
use deserr::{
    DeserializeError, ErrorKind, IntoValue, MergeWithError, ValuePointerRef, take_cf_content,
};

use crate::error::{ApiError, Code};

/// How a place in the input is called: `.limit` in JSON, `limit` in a query string.
pub trait Format {
    fn describe<V: IntoValue>(problem: ErrorKind<V>, location: ValuePointerRef) -> String;
}

/// The input is a JSON body.
#[derive(Debug)]
pub enum Json {}

/// The input is a query string.
#[derive(Debug)]
pub enum Query {}

impl Format for Json {
    fn describe<V: IntoValue>(problem: ErrorKind<V>, location: ValuePointerRef) -> String {
        take_cf_content(JsonError::error(None, problem, location)).to_string()
    }
}

impl Format for Query {
    fn describe<V: IntoValue>(problem: ErrorKind<V>, location: ValuePointerRef) -> String {
        take_cf_content(QueryParamError::error(None, problem, location)).to_string()
    }
}

/// A problem with the input. `CODE` (a [`Code`] `as u16`) is what a problem found here gets; one that comes up from a
/// field keeps the code it was born with.
#[derive(Debug)]
pub struct Fault<F, const CODE: u16> {
    error: ApiError,
    format: PhantomData<F>,
}

pub type JsonFault<const CODE: u16> = Fault<Json, CODE>;
pub type QueryFault<const CODE: u16> = Fault<Query, CODE>;

impl<F, const CODE: u16> From<ApiError> for Fault<F, CODE> {
    fn from(error: ApiError) -> Self {
        Self {
            error,
            format: PhantomData,
        }
    }
}

impl<F, const CODE: u16> From<Fault<F, CODE>> for ApiError {
    fn from(fault: Fault<F, CODE>) -> Self {
        fault.error
    }
}

impl<F: Format, const CODE: u16> Fault<F, CODE> {
    /// The text for a missing field with this code, for `missing_field_error` attributes.
    pub fn missing_field(field: &str, location: ValuePointerRef) -> Self {
        take_cf_content(Self::error::<std::convert::Infallible>(
            None,
            ErrorKind::MissingField { field },
            location,
        ))
    }
}

impl<F: Format, const CODE: u16> DeserializeError for Fault<F, CODE> {
    fn error<V: IntoValue>(
        _earlier: Option<Self>,
        problem: ErrorKind<V>,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let message = F::describe(problem, location);
        ControlFlow::Break(ApiError::new(Code::from_number(CODE), message).into())
    }
}

impl<F: Format, const CODE: u16, const INNER: u16> MergeWithError<Fault<F, INNER>>
    for Fault<F, CODE>
{
    fn merge(
        _earlier: Option<Self>,
        inner: Fault<F, INNER>,
        _location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        ControlFlow::Break(inner.error.into())
    }
}

/// Why a value of the right kind is not acceptable; the place is added when it becomes a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(pub String);

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Reason {}

impl<F: Format, const CODE: u16> MergeWithError<Reason> for Fault<F, CODE> {
    fn merge(
        earlier: Option<Self>,
        reason: Reason,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let problem = ErrorKind::Unexpected { msg: reason.0 };
        Self::error::<std::convert::Infallible>(earlier, problem, location)
    }
}
