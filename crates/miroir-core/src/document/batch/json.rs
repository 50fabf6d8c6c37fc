//! A JSON payload: an array of objects, or one object, read with the calls of the server so that its errors come out.

use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::intake::Intake;
use super::{Shape, refuse_element};
use crate::document::members::StrictObject;
use crate::error::{ApiError, Payload};

/// Hands every document to `intake`. What follows the closing bracket of an array is ignored, as servers do.
pub(super) fn read<'d>(body: &'d [u8], intake: &mut Intake<'d>) -> Result<Shape, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    match deserializer.deserialize_seq(Elements(intake)) {
        Ok(Ok(())) => Ok(Shape::Array),
        Ok(Err(error)) => Err(refuse_element(Payload::Json, &error)),
        Err(error) if error.is_data() => read_object(body, intake).map(|()| Shape::Object),
        Err(error) => Err(ApiError::malformed_documents(Payload::Json, error)),
    }
}

/// The body is no array: it has to be one object, which servers check more strictly than the elements of an array.
fn read_object<'d>(body: &'d [u8], intake: &mut Intake<'d>) -> Result<(), ApiError> {
    let refused = |error: serde_json::Error| {
        if error.is_data() {
            ApiError::not_documents(Payload::Json)
        } else {
            ApiError::malformed_documents(Payload::Json, error)
        }
    };
    serde_json::from_slice::<StrictObject>(body).map_err(refused)?;
    let document = serde_json::from_slice(body).map_err(refused)?;
    intake.document(document).map_err(refused)
}

struct Elements<'i, 'd>(&'i mut Intake<'d>);

impl<'d> Visitor<'d> for Elements<'_, 'd> {
    type Value = serde_json::Result<()>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a nonempty sequence")
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while let Some(document) = elements.next_element::<&'d RawValue>()? {
            if let Err(error) = self.0.document(document) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }
}
