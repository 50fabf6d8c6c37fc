//! Documents as they arrive (JSON, NDJSON, CSV) into the NDJSON that is stored.

use bytes::Bytes;
use indexmap::IndexMap;
use miroir_core::document::batch::{Batch, Format};
use miroir_core::error::ApiError;
use serde_json::value::RawValue;

/// The documents of a body as NDJSON, and how many there are. Of members of a JSON object with equal names the last value
/// stays, at the place of the first; NDJSON is stored as it is.
pub(super) fn read(format: Format, body: Bytes) -> Result<(Vec<u8>, u64), ApiError> {
    let capacity = body.len();
    let (batch, _) = Batch::read(body, format, None, None)?;
    let mut stored = Vec::with_capacity(capacity);
    for document in batch.documents() {
        if format == Format::Json {
            let members: IndexMap<String, &RawValue> =
                serde_json::from_str(document.get()).map_err(crate::engine::error::internal)?;
            serde_json::to_writer(&mut stored, &members).map_err(crate::engine::error::internal)?;
        } else {
            stored.extend_from_slice(document.get().as_bytes());
        }
        stored.push(b'\n');
    }
    Ok((stored, batch.len() as u64))
}
