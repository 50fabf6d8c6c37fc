//! A payload of documents: read once, kept as one buffer and a list of slices.
//!
//! JSON and NDJSON payloads stay in the buffer they arrived in; CSV becomes NDJSON first, as on a server, and its buffer
//! is given back. Reading answers everything that a server answers at once (shape of the payload, reserved names), and,
//! when asked, finds each document's shard in the same pass.

mod csv;
mod intake;
mod json;
mod ndjson;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::document::fields::FieldNames;
use crate::document::leg::LegBodies;
use crate::document::members::for_each_member;
use crate::document::primary_key::{self, Repeats};
use crate::document::reserved::Reserved;
use crate::error::{ApiError, Code, Payload};
use crate::id::{Shard, ShardCount, ShardSet};

use intake::{Intake, Router};

/// The content type of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json`: an array of objects, or one object.
    Json,
    /// `application/x-ndjson`: in fact any objects one after the other.
    Ndjson,
    /// `text/csv`.
    Csv { delimiter: u8 },
}

/// How the documents of a batch follow each other in its buffer, and therefore in the bodies made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Array,
    /// A single object. Servers parse it otherwise than a list (numbers are normalised), so nodes get an object too.
    Object,
    Lines,
}

/// What the primary key is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyName<'a> {
    /// The index or the request says so.
    Known(&'a str),
    /// Nobody did: the first document decides.
    Inferred,
}

/// Where documents go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    pub key: KeyName<'a>,
    pub shards: ShardCount,
}

/// A half-open range of a batch's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    /// Where `part`, a slice of `whole`, lies in it.
    fn of(part: &str, whole: &[u8]) -> Self {
        let start = part.as_ptr().addr() - whole.as_ptr().addr();
        Self {
            start,
            end: start + part.len(),
        }
    }
}

/// An expiry that a client wrote, to be stored encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expiry {
    /// The value's bytes.
    pub(super) span: Span,
    pub(super) milliseconds: u64,
}

/// A payload whose shape is right and which uses no reserved name.
#[derive(Debug, Clone)]
pub struct Batch {
    pub(super) body: Bytes,
    pub(super) shape: Shape,
    repeats: Repeats,
    pub(super) documents: Vec<Span>,
    /// In the order of the buffer.
    pub(super) expiries: Vec<Expiry>,
    names: FieldNames,
}

/// The shard of every document of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes {
    count: ShardCount,
    primary_key: Option<String>,
    ids_case_folded: bool,
    pub(super) shards: Vec<Shard>,
}

/// The outcome of routing: shards, or the error that the client's task fails with. It discards the whole payload, but
/// the index is created all the same.
pub type Routing = Result<Routes, ApiError>;

impl Batch {
    /// Reads a payload. Names that `reserved` keeps for Miroir are refused; a node, to which all names are equal, passes
    /// `None`. With a target, every document's shard is found in the same pass.
    ///
    /// # Errors
    /// What a server answers to the request itself, in its words (`missing_payload`, `malformed_payload`, `internal` for
    /// elements that are no objects), then `miroir_reserved_field` and `miroir_invalid_expires_at` for the first document
    /// in payload order that earns one.
    pub fn read(
        body: Bytes,
        format: Format,
        reserved: Option<Reserved>,
        target: Option<Target<'_>>,
    ) -> Result<(Self, Option<Routing>), ApiError> {
        if body.is_empty() {
            return Err(ApiError::missing_payload(format.payload()));
        }
        let body = match format {
            Format::Csv { delimiter } => Bytes::from(csv::to_ndjson(&body, delimiter)?),
            Format::Json | Format::Ndjson => body,
        };
        let repeats = if format == Format::Json {
            Repeats::LastWins
        } else {
            Repeats::Kept
        };
        let mut intake = Intake::new(
            &body,
            reserved,
            target.map(|target| Router::new(target, repeats)),
        );
        let shape = match format {
            Format::Json => json::read(&body, &mut intake)?,
            Format::Ndjson | Format::Csv { .. } => {
                ndjson::read(&body, &mut intake)?;
                Shape::Lines
            }
        };
        let taken = intake.finish()?;
        let batch = Self {
            body,
            shape,
            repeats,
            documents: taken.documents,
            expiries: taken.expiries,
            names: taken.names,
        };
        Ok((batch, taken.routing))
    }

    /// Finds every document's shard, for a target that was not known (or was another) when the batch was read.
    ///
    /// # Errors
    /// The error of the client's task: no inferred key, or the first document in payload order without a valid one.
    pub fn route(&self, target: Target<'_>) -> Routing {
        let mut router = Router::new(target, self.repeats);
        for document in self.documents() {
            router.begin(document);
            for_each_member(document, |key, value| router.member(key, value))
                .expect("every document was walked when it was read");
            router.end(document);
        }
        router.finish()
    }

    /// The primary key that a server would infer; `None` for a payload without documents, which is no error.
    ///
    /// # Errors
    /// The error of the client's task.
    pub fn infer_primary_key(&self) -> Result<Option<String>, ApiError> {
        self.documents().next().map(primary_key::infer).transpose()
    }

    /// The canonical primary key of one of the batch's documents.
    ///
    /// # Errors
    /// The error of the client's task.
    pub fn key_of<'b>(&self, document: &'b RawValue, name: &str) -> Result<Cow<'b, str>, ApiError> {
        primary_key::find(document, name, self.repeats)
    }

    /// How many documents there are, `receivedDocuments` of the task.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The names of all top-level members of all documents.
    pub fn field_names(&self) -> &FieldNames {
        &self.names
    }

    /// The documents as the client wrote them (CSV: as converted), in payload order.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = &RawValue> {
        self.documents.iter().map(|span| {
            serde_json::from_slice(&self.body[span.start..span.end])
                .expect("every document was checked when it was read")
        })
    }

    /// The whole payload (CSV: as converted).
    pub fn payload(&self) -> &Bytes {
        &self.body
    }

    /// The content type of the bodies made from this batch.
    pub fn content_type(&self) -> &'static str {
        match self.shape {
            Shape::Array | Shape::Object => "application/json",
            Shape::Lines => "application/x-ndjson",
        }
    }

    /// The bodies for a node that is to receive the documents of `wanted`, in payload order, each stamped with its shard
    /// (and with `version`, when given). Several bodies when one would be longer than `max_bytes`; none without documents.
    pub fn leg_bodies(
        self: &Arc<Self>,
        routes: &Arc<Routes>,
        wanted: ShardSet,
        version: Option<u64>,
        max_bytes: usize,
    ) -> LegBodies {
        LegBodies::new(self, routes, wanted, version, max_bytes)
    }
}

impl Routes {
    /// The primary key's name. `None` only for a batch without documents whose key was to be inferred.
    pub fn primary_key(&self) -> Option<&str> {
        self.primary_key.as_deref()
    }

    /// Whether every id equals the form by which the engine compares it: none has an upper-case letter.
    pub fn ids_case_folded(&self) -> bool {
        self.ids_case_folded
    }

    /// The shard of every document, in payload order.
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// Among how many shards the documents were spread.
    pub fn shard_count(&self) -> ShardCount {
        self.count
    }

    /// The shards that receive a document.
    pub fn touched(&self) -> ShardSet {
        self.shards.iter().copied().collect()
    }
}

impl Format {
    /// The format by the `Content-Type` header, whose parameters do not count; a delimiter goes with CSV only.
    ///
    /// # Errors
    /// `missing_content_type` or `invalid_content_type`, as a server answers them.
    pub fn of(content_type: Option<&str>, csv_delimiter: Option<u8>) -> Result<Self, ApiError> {
        let accepted = Payload::DOCUMENT_CONTENT_TYPES;
        let Some(header) = content_type.filter(|header| !header.is_empty()) else {
            return Err(ApiError::missing_content_type(accepted));
        };
        let essence = header
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let format = match essence.as_str() {
            "application/json" => Format::Json,
            "application/x-ndjson" => Format::Ndjson,
            "text/csv" => {
                return Ok(Format::Csv {
                    delimiter: csv_delimiter.unwrap_or(b','),
                });
            }
            _ => return Err(ApiError::invalid_content_type(header, accepted)),
        };
        match csv_delimiter {
            Some(_) => Err(ApiError::delimiter_without_csv(&essence)),
            None => Ok(format),
        }
    }

    /// The format by the name that error texts use.
    pub fn payload(self) -> Payload {
        match self {
            Format::Json => Payload::Json,
            Format::Ndjson => Payload::Ndjson,
            Format::Csv { .. } => Payload::Csv,
        }
    }
}

/// What the server answers when a slice that should be a document is none: 400 when it is malformed, but an internal
/// error when it is something other than an object (measured on 1.50).
fn refuse_element(payload: Payload, error: &serde_json::Error) -> ApiError {
    if error.is_data() {
        ApiError::new(Code::Internal, error.to_string())
    } else {
        ApiError::malformed_documents(payload, error)
    }
}

#[cfg(test)]
mod tests;
