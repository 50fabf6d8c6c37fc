//! Requests about documents: parameters and bodies of `/indexes/{uid}/documents` and what is under it.
//!
//! Facts: the server's `routes/indexes/documents.rs`.

use deserr::Deserr;
use serde::Serialize;
use serde_json::{Map, Value};

use super::deserialize::{
    BodyFault, JsonFault, List, Parameter, ParametersFault, QueryFault, StarOrList,
};
use super::search::{filter_parameter, sort_parameter};
use crate::error::{ApiError, Code};

#[cfg(test)]
mod tests;

pub const DEFAULT_LIMIT: usize = 20;

/// Parameters of the two routes that add documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
pub struct AddDocuments {
    #[deserr(default, error = QueryFault<{ Code::InvalidIndexPrimaryKey as u16 }>)]
    pub primary_key: Option<String>,
    /// An ASCII character.
    #[deserr(
        default,
        error = QueryFault<{ Code::InvalidDocumentCsvDelimiter as u16 }>,
        try_from(char) = read_csv_delimiter -> ParametersFault
    )]
    pub csv_delimiter: Option<u8>,
    #[deserr(default, error = QueryFault<{ Code::InvalidIndexCustomMetadata as u16 }>)]
    pub custom_metadata: Option<String>,
    /// Documents that do not exist yet are skipped.
    #[deserr(
        default,
        error = QueryFault<{ Code::InvalidSkipCreation as u16 }>,
        try_from(String) = read_skip_creation -> ParametersFault
    )]
    pub skip_creation: Option<bool>,
}

fn read_csv_delimiter(character: char) -> Result<Option<u8>, ParametersFault> {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() => Ok(Some(byte)),
        _ => {
            let message = format!("csv delimiter must be an ascii character. Found: `{character}`");
            Err(ApiError::new(Code::InvalidDocumentCsvDelimiter, message).into())
        }
    }
}

fn read_skip_creation(text: String) -> Result<Option<bool>, ParametersFault> {
    if text.eq_ignore_ascii_case("true") {
        Ok(Some(true))
    } else if text.eq_ignore_ascii_case("false") {
        Ok(Some(false))
    } else {
        let message = format!("skipCreation must be either `true` or `false`. Found: `{text}`");
        Err(ApiError::new(Code::InvalidSkipCreation, message).into())
    }
}

/// Parameters of every other route that writes documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
pub struct WriteParameters {
    #[deserr(default, error = QueryFault<{ Code::InvalidIndexCustomMetadata as u16 }>)]
    pub custom_metadata: Option<String>,
}

/// Parameters of `GET .../documents/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
pub struct GetDocument {
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentFields as u16 }>)]
    pub fields: StarOrList<String>,
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentRetrieveVectors as u16 }>)]
    pub retrieve_vectors: Parameter<bool>,
    /// Any value is refused: the server reads a JSON boolean here, which a query string cannot hold.
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentUseNetwork as u16 }>)]
    pub use_network: Option<bool>,
}

/// Parameters of `GET .../documents`; becomes a [`BrowseQuery`].
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
pub struct BrowseParameters {
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentOffset as u16 }>)]
    offset: Parameter<usize>,
    #[deserr(default = Parameter(DEFAULT_LIMIT), error = QueryFault<{ Code::InvalidDocumentLimit as u16 }>)]
    limit: Parameter<usize>,
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentFields as u16 }>)]
    fields: StarOrList<String>,
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentRetrieveVectors as u16 }>)]
    retrieve_vectors: Parameter<bool>,
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentIds as u16 }>)]
    ids: Option<List<String>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentFilter as u16 }>)]
    filter: Option<String>,
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentSort as u16 }>)]
    sort: Option<String>,
    /// As in [`GetDocument`].
    #[deserr(default, error = QueryFault<{ Code::InvalidDocumentUseNetwork as u16 }>)]
    use_network: Option<bool>,
}

/// Body of `POST .../documents/fetch`. Ids are any JSON here; whether they are document ids is checked while handling
/// ([`ApiError::invalid_document_ids`]).
#[derive(Debug, Clone, PartialEq, Deserr, Serialize)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct BrowseQuery {
    #[deserr(default, error = JsonFault<{ Code::InvalidDocumentOffset as u16 }>)]
    pub offset: usize,
    #[deserr(default = DEFAULT_LIMIT, error = JsonFault<{ Code::InvalidDocumentLimit as u16 }>)]
    pub limit: usize,
    /// `None` is all fields.
    #[deserr(default, error = JsonFault<{ Code::InvalidDocumentFields as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidDocumentRetrieveVectors as u16 }>)]
    pub retrieve_vectors: bool,
    #[deserr(default, error = JsonFault<{ Code::InvalidDocumentIds as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<Value>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidDocumentFilter as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Value>,
    #[deserr(default, error = JsonFault<{ Code::InvalidDocumentSort as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Vec<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidDocumentUseNetwork as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_network: Option<bool>,
}

impl Default for BrowseQuery {
    fn default() -> Self {
        Self {
            offset: 0,
            limit: DEFAULT_LIMIT,
            fields: None,
            retrieve_vectors: false,
            ids: None,
            filter: None,
            sort: None,
            use_network: None,
        }
    }
}

impl From<BrowseParameters> for BrowseQuery {
    fn from(parameters: BrowseParameters) -> Self {
        let ids = parameters
            .ids
            .map(|ids| ids.0.into_iter().map(Value::String));
        Self {
            offset: parameters.offset.0,
            limit: parameters.limit.0,
            fields: parameters.fields.into_option(),
            retrieve_vectors: parameters.retrieve_vectors.0,
            ids: ids.map(Iterator::collect),
            filter: parameters.filter.map(filter_parameter),
            sort: parameters.sort.as_deref().map(sort_parameter),
            use_network: parameters.use_network,
        }
    }
}

impl BrowseQuery {
    /// The query as a POST body.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and JSON values always serialise")
    }

    /// The server's refusal of `useNetwork` while the feature `network` is off; its text speaks of searches here too.
    pub fn refuse_network(&self) -> Result<(), ApiError> {
        match self.use_network {
            None => Ok(()),
            Some(_) => Err(ApiError::network_not_enabled(
                "passing `useNetwork` in a search query",
            )),
        }
    }
}

/// Body of `POST .../documents/delete`. An empty filter is refused while handling ([`ApiError::empty_filter`]).
#[derive(Debug, Clone, PartialEq, Deserr, Serialize)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
pub struct DeleteByFilter {
    #[deserr(
        error = JsonFault<{ Code::InvalidDocumentFilter as u16 }>,
        missing_field_error = JsonFault::<{ Code::MissingDocumentFilter as u16 }>::missing_field
    )]
    pub filter: Value,
}

/// Body of `POST .../documents/edit`.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
pub struct EditDocuments {
    #[deserr(default, error = JsonFault<{ Code::InvalidDocumentFilter as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Value>,
    #[deserr(default, error = JsonFault<{ Code::InvalidDocumentEditionContext as u16 }>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Value>,
    /// Rhai.
    #[deserr(
        error = JsonFault<{ Code::InvalidDocumentEditionFunctionFilter as u16 }>,
        missing_field_error = JsonFault::<{ Code::MissingDocumentEditionFunction as u16 }>::missing_field
    )]
    pub function: String,
}

impl EditDocuments {
    /// The context as the object it has to be; the server checks it after the function and the filter.
    pub fn context_object(&self) -> Result<Option<&Map<String, Value>>, ApiError> {
        match &self.context {
            None => Ok(None),
            Some(Value::Object(context)) => Ok(Some(context)),
            Some(_) => Err(ApiError::new(
                Code::InvalidDocumentEditionContext,
                "The context must be an object",
            )),
        }
    }
}

/// The ids in the body of `POST .../documents/delete-batch`: an array of anything, of which what is not a string counts
/// as its JSON text.
pub fn ids_to_delete(body: &[u8]) -> Result<Vec<String>, ApiError> {
    if body.is_empty() {
        return Err(ApiError::missing_payload(crate::error::Payload::Json));
    }
    let values: Vec<Value> = serde_json::from_slice(body).map_err(|error| {
        if error.is_data() {
            ApiError::json_deserialize(error)
        } else {
            ApiError::malformed_body(error)
        }
    })?;
    let text = |value| match value {
        Value::String(id) => id,
        other => other.to_string(),
    };
    Ok(values.into_iter().map(text).collect())
}
