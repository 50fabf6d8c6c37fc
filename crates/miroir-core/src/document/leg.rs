//! The body that one node receives: its documents in payload order, stamped, otherwise byte for byte the client's. It is made while
//! it is sent, so that a payload that goes to many nodes is in memory once.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::document::batch::{Batch, Format, KeyName, Routes, Shape, Span, Target};
use crate::document::marker::{self, SHARD_FIELD, VERSION_FIELD};
use crate::document::reserved::Reserved;
use crate::error::ApiError;
use crate::id::{ShardCount, ShardSet};

/// What stands around an encoded expiry instead of the client's number: two quotes and 16 symbols of 3 bytes.
const ENCODED_EXPIRY_BYTES: usize = 2 + 16 * 3;

/// So much of a body is made at a time; a document is never cut.
const PIECE_BYTES: usize = 64 << 10;

/// One request body for one node: which documents are in it, and how long it is.
#[derive(Debug, Clone)]
pub struct LegBody {
    source: Arc<Source>,
    /// Its documents are those of the node among these.
    range: Span,
    documents: usize,
    bytes: usize,
}

/// The bodies for one node, one at a time. See [`Batch::leg_bodies`].
///
/// A single document that is larger than the limit still gets a body, of its own.
#[derive(Debug, Clone)]
pub struct LegBodies {
    source: Arc<Source>,
    /// The next document that was not looked at.
    next: usize,
}

/// The bytes of a body, some documents at a time.
#[derive(Debug, Clone)]
pub struct LegPieces {
    body: LegBody,
    /// The next document that was not looked at.
    next: usize,
    begun: bool,
    written: usize,
}

/// How the bodies of a write are made from its payload, in a form that can be kept: the same payload makes the same bodies again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    is_json: bool,
    primary_key: Option<String>,
    shards: ShardCount,
    version: Option<u64>,
    max_bytes: usize,
}

/// A payload that was read again by its [`Recipe`].
#[derive(Debug, Clone)]
pub struct Restored {
    recipe: Recipe,
    batch: Arc<Batch>,
    routes: Arc<Routes>,
}

/// What all bodies for a node are made from.
#[derive(Debug)]
struct Source {
    batch: Arc<Batch>,
    routes: Arc<Routes>,
    wanted: ShardSet,
    max_bytes: usize,
    version: Option<u64>,
    /// The version member, rendered once.
    version_member: String,
    /// The shard member of every wanted shard, by shard number.
    markers: Vec<Option<String>>,
}

impl LegBodies {
    pub(super) fn new(
        batch: &Arc<Batch>,
        routes: &Arc<Routes>,
        wanted: ShardSet,
        version: Option<u64>,
        max_bytes: usize,
    ) -> Self {
        assert_eq!(
            batch.len(),
            routes.shards().len(),
            "routes of another batch"
        );
        let mut markers = Vec::new();
        for shard in wanted.iter() {
            markers.resize(shard.index() + 1, None);
            markers[shard.index()] =
                Some(format!("\"{SHARD_FIELD}\":\"{}\"", marker::of_shard(shard)));
        }
        let version_member = version
            .map(|version| format!(",\"{VERSION_FIELD}\":\"{}\"", marker::of_number(version)));
        let source = Source {
            batch: Arc::clone(batch),
            routes: Arc::clone(routes),
            wanted,
            max_bytes,
            version,
            version_member: version_member.unwrap_or_default(),
            markers,
        };
        Self {
            source: Arc::new(source),
            next: 0,
        }
    }
}

impl Iterator for LegBodies {
    type Item = LegBody;

    /// The next documents that fit into one body.
    fn next(&mut self) -> Option<LegBody> {
        let source = &self.source;
        let (open, between, close) = source.punctuation();
        let start = self.next;
        let mut documents = 0;
        let mut bytes = open.len() + close.len();
        while let Some(position) = source.next_from(self.next, source.batch.len()) {
            let separator = if documents > 0 { between.len() } else { 0 };
            let added = separator + source.length(position);
            if bytes + added > source.max_bytes && documents > 0 {
                break;
            }
            bytes += added;
            documents += 1;
            self.next = position + 1;
        }
        (documents > 0).then(|| LegBody {
            source: Arc::clone(source),
            range: Span {
                start,
                end: self.next,
            },
            documents,
            bytes,
        })
    }
}

impl LegBody {
    /// How many documents are in it, at least one.
    pub fn documents(&self) -> usize {
        self.documents
    }

    /// How many bytes its pieces have together.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The shards whose documents the node is sent, in this body and in the others for it.
    pub fn wanted(&self) -> &ShardSet {
        &self.source.wanted
    }

    /// The payload that the bodies for all nodes are made from.
    pub fn payload(&self) -> &Bytes {
        self.source.batch.payload()
    }

    /// Its content type.
    pub fn content_type(&self) -> &'static str {
        self.source.batch.content_type()
    }

    /// How they are made from it.
    pub fn recipe(&self) -> Recipe {
        let Source {
            batch,
            routes,
            max_bytes,
            version,
            ..
        } = &*self.source;
        Recipe {
            is_json: batch.shape != Shape::Lines,
            primary_key: routes.primary_key().map(str::to_owned),
            shards: routes.shard_count(),
            version: *version,
            max_bytes: *max_bytes,
        }
    }

    /// The same bytes every time.
    pub fn pieces(&self) -> LegPieces {
        LegPieces {
            next: self.range.start,
            body: self.clone(),
            begun: false,
            written: 0,
        }
    }

    /// All pieces in one buffer.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes);
        for piece in self.pieces() {
            out.extend_from_slice(&piece);
        }
        out
    }
}

impl Recipe {
    /// Reads the payload again.
    ///
    /// # Errors
    /// The payload is not the one that the recipe was taken with.
    pub fn restore(self, payload: Bytes, reserved: Option<Reserved>) -> Result<Restored, ApiError> {
        let format = match self.is_json {
            true => Format::Json,
            false => Format::Ndjson,
        };
        let target = Target {
            key: match &self.primary_key {
                Some(name) => KeyName::Known(name),
                None => KeyName::Inferred,
            },
            shards: self.shards,
        };
        let (batch, _) = Batch::read(payload, format, reserved, None)?;
        let routes = batch.route(target)?;
        Ok(Restored {
            recipe: self,
            batch: Arc::new(batch),
            routes: Arc::new(routes),
        })
    }
}

impl Restored {
    /// The bodies for a node, as they were.
    pub fn bodies(&self, wanted: ShardSet) -> LegBodies {
        let Recipe {
            version, max_bytes, ..
        } = self.recipe;
        LegBodies::new(&self.batch, &self.routes, wanted, version, max_bytes)
    }
}

impl Iterator for LegPieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let LegBody {
            source,
            range,
            bytes,
            ..
        } = &self.body;
        let left = bytes - self.written;
        if left == 0 {
            return None;
        }
        let (open, between, close) = source.punctuation();
        let mut out = Vec::with_capacity(left.min(PIECE_BYTES + PIECE_BYTES / 8));
        if !self.begun {
            out.extend_from_slice(open);
        }
        while out.len() < PIECE_BYTES {
            let Some(position) = source.next_from(self.next, range.end) else {
                out.extend_from_slice(close);
                break;
            };
            if self.begun {
                out.extend_from_slice(between);
            }
            self.begun = true;
            source.write(position, &mut out);
            self.next = position + 1;
        }
        self.written += out.len();
        debug_assert!(self.written <= *bytes, "a body is as long as was said");
        Some(out)
    }
}

impl Source {
    /// The first document of the node at or after a position.
    fn next_from(&self, position: usize, end: usize) -> Option<usize> {
        let shards = &self.routes.shards()[..end];
        (position..end).find(|position| self.wanted.contains(shards[*position]))
    }

    /// What stands before, between and after documents.
    fn punctuation(&self) -> (&'static [u8], &'static [u8], &'static [u8]) {
        match self.batch.shape {
            Shape::Array => (b"[", b",", b"]"),
            Shape::Object => (b"", b"", b""),
            Shape::Lines => (b"", b"\n", b""),
        }
    }

    fn expiries_of(&self, document: Span) -> impl Iterator<Item = &super::batch::Expiry> {
        let expiries = &self.batch.expiries;
        let first = expiries.partition_point(|expiry| expiry.span.start < document.start);
        expiries[first..]
            .iter()
            .take_while(move |expiry| expiry.span.start < document.end)
    }

    fn marker(&self, position: usize) -> &str {
        self.markers[self.routes.shards()[position].index()]
            .as_deref()
            .expect("a marker was rendered for every wanted shard")
    }

    /// A document without its closing brace and the space before it.
    fn unclosed(&self, position: usize) -> Span {
        let Span { start, end } = self.batch.documents[position];
        let end = start + self.batch.body[start..end - 1].trim_ascii_end().len();
        Span { start, end }
    }

    /// How many bytes [`Self::write`] writes.
    fn length(&self, position: usize) -> usize {
        let Span { start, end } = self.unclosed(position);
        let expiries = self.expiries_of(Span { start, end });
        let written: usize = expiries.fold(end - start, |length, expiry| {
            length - (expiry.span.end - expiry.span.start) + ENCODED_EXPIRY_BYTES
        });
        let comma = usize::from(end > start + 1);
        written + comma + self.marker(position).len() + self.version_member.len() + "}".len()
    }

    fn write(&self, position: usize, out: &mut Vec<u8>) {
        let body = &self.batch.body;
        let Span { start, end } = self.unclosed(position);
        let mut copied = start;
        for expiry in self.expiries_of(Span { start, end }) {
            out.extend_from_slice(&body[copied..expiry.span.start]);
            out.push(b'"');
            out.extend_from_slice(marker::of_number(expiry.milliseconds).as_bytes());
            out.push(b'"');
            copied = expiry.span.end;
        }
        out.extend_from_slice(&body[copied..end]);
        if end > start + 1 {
            out.push(b',');
        }
        out.extend_from_slice(self.marker(position).as_bytes());
        out.extend_from_slice(self.version_member.as_bytes());
        out.push(b'}');
    }
}
