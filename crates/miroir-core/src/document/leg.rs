//! The body that one node receives: its documents in payload order, stamped, otherwise byte for byte the client's. It is made while
//! it is sent, so that a payload that goes to many nodes is in memory once.

use std::sync::Arc;

use crate::document::batch::{Batch, Routes, Shape, Span};
use crate::document::marker::{self, SHARD_FIELD, VERSION_FIELD};
use crate::id::ShardSet;

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
    max_bytes: usize,
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

/// What all bodies for a node are made from.
#[derive(Debug)]
struct Source {
    batch: Arc<Batch>,
    routes: Arc<Routes>,
    wanted: ShardSet,
    /// The version member, rendered once.
    version: String,
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
        let version = version
            .map(|version| format!(",\"{VERSION_FIELD}\":\"{}\"", marker::of_number(version)));
        let source = Source {
            batch: Arc::clone(batch),
            routes: Arc::clone(routes),
            wanted,
            version: version.unwrap_or_default(),
            markers,
        };
        Self {
            source: Arc::new(source),
            max_bytes,
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
            if bytes + added > self.max_bytes && documents > 0 {
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
        written + comma + self.marker(position).len() + self.version.len() + "}".len()
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
        out.extend_from_slice(self.version.as_bytes());
        out.push(b'}');
    }
}
