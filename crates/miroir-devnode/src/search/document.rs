//! Documents as they are shown: members in the order of the index's fields, values as the client wrote them.

use std::collections::HashSet;

use milli_core::vector::parsed_vectors::{ExplicitVectors, VectorOrArrayOfVectors};
use milli_core::{Error, FieldsIdsMap, Index, InternalError};
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::pointer::{self, Selected};

/// The member that holds vectors.
pub(crate) const VECTORS: &str = "_vectors";

/// A document or a part of it. Values are JSON text: spaces are gone and strings have their shortest form, but numbers are
/// as they came, which a tree of values would not keep.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document(pub(crate) Vec<(String, Box<RawValue>)>);

impl Document {
    /// Sets a member, at the end if it is new.
    pub(crate) fn set(&mut self, name: &str, value: &Value) -> Result<(), Error> {
        let raw = serde_json::value::to_raw_value(value).map_err(InternalError::SerdeJson)?;
        match self.0.iter_mut().find(|(member, _)| member == name) {
            Some((_, old)) => *old = raw,
            None => self.0.push((name.to_owned(), raw)),
        }
        Ok(())
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        let position = self.0.iter().position(|(member, _)| member == name)?;
        Some(self.0.remove(position).1)
    }

    /// The parsed value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        let (_, raw) = self.0.iter().find(|(member, _)| member == name)?;
        serde_json::from_str(raw.get()).ok()
    }

    /// Writes the members into an open map.
    pub(crate) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.0
            .iter()
            .try_for_each(|(name, value)| map.serialize_entry(name, value))
    }
}

impl serde::Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.write(&mut map)?;
        map.end()
    }
}

/// Reads the selected part of a stored document.
pub(crate) fn read(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    fields: &FieldsIdsMap,
    number: u32,
    selectors: &HashSet<&str>,
) -> Result<Document, Error> {
    let stored = index.document(rtxn, number)?;
    let mut document = Document::default();
    for (field, bytes) in stored.iter() {
        let Some(name) = fields.name(field) else {
            continue;
        };
        let raw = match pointer::of_member(name, selectors) {
            Selected::Nothing => continue,
            Selected::All => compact(bytes)?,
            Selected::Inside(inner) => {
                let value = serde_json::from_slice(bytes).map_err(InternalError::SerdeJson)?;
                match pointer::select_inside(value, &inner) {
                    Some(value) => {
                        serde_json::value::to_raw_value(&value).map_err(InternalError::SerdeJson)?
                    }
                    None => continue,
                }
            }
        };
        document.0.push((name.to_owned(), raw));
    }
    Ok(document)
}

/// Reads a stored document as a tree.
pub(crate) fn read_tree(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    fields: &FieldsIdsMap,
    number: u32,
) -> Result<Map<String, Value>, Error> {
    milli_core::all_obkv_to_json(index.document(rtxn, number)?, fields)
}

/// Puts the vectors of a document into its `_vectors` member, next to what is stored there for unknown embedders.
pub(crate) fn add_vectors(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    number: u32,
    document: &mut Document,
) -> Result<(), Error> {
    let stored = document.take(VECTORS);
    let stored = stored.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
    let mut vectors = match stored {
        Some(Value::Object(vectors)) => vectors,
        _ => Map::new(),
    };
    let configurations = index.embedding_configs(rtxn)?;
    for (name, embeddings) in index.embeddings(rtxn, number)? {
        let regenerate = !configurations
            .iter()
            .any(|found| found.name == name && found.user_provided.contains(number));
        let explicit = ExplicitVectors {
            embeddings: Some(VectorOrArrayOfVectors::from_array_of_vectors(embeddings)),
            regenerate,
        };
        let value = serde_json::to_value(explicit).map_err(InternalError::SerdeJson)?;
        vectors.insert(name, value);
    }
    document.set(VECTORS, &Value::Object(vectors))
}

/// JSON text as a server writes it: it reads stored fields into values, so that spaces go and numbers take their shortest form.
fn compact(bytes: &[u8]) -> Result<Box<RawValue>, Error> {
    let value: Value = serde_json::from_slice(bytes).map_err(InternalError::SerdeJson)?;
    let text = serde_json::to_string(&value).map_err(InternalError::SerdeJson)?;
    Ok(RawValue::from_string(text).map_err(InternalError::SerdeJson)?)
}
