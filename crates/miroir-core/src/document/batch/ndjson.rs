//! An NDJSON payload: values one after the other, whatever the space between them.

use serde_json::value::RawValue;

use super::intake::Intake;
use super::refuse_element;
use crate::error::{ApiError, Payload};

/// Hands every document to `intake`.
pub(super) fn read<'d>(body: &'d [u8], intake: &mut Intake<'d>) -> Result<(), ApiError> {
    for document in serde_json::Deserializer::from_slice(body).into_iter::<&'d RawValue>() {
        document
            .and_then(|document| intake.document(document))
            .map_err(|error| refuse_element(Payload::Ndjson, &error))?;
    }
    Ok(())
}
