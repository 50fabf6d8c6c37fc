//! The body that one node receives: its documents in payload order, stamped, otherwise byte for byte the client's.

use crate::document::batch::{Batch, Routes, Shape, Span};
use crate::document::marker::{self, SHARD_FIELD, VERSION_FIELD};
use crate::id::{Shard, ShardSet};

/// What stands around an encoded expiry instead of the client's number: two quotes and 16 symbols of 3 bytes.
const ENCODED_EXPIRY_BYTES: usize = 2 + 16 * 3;

/// One request body for one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegBody {
    pub bytes: Vec<u8>,
    /// How many documents are in it, at least one.
    pub documents: usize,
}

/// The bodies for one node, made one at a time. See [`Batch::leg_bodies`].
///
/// A single document that is larger than the limit still gets a body, of its own.
#[derive(Debug, Clone)]
pub struct LegBodies<'b> {
    batch: &'b Batch,
    routes: &'b Routes,
    wanted: &'b ShardSet,
    /// The version member, rendered once.
    version: Option<String>,
    /// The shard member of every wanted shard, by shard number.
    markers: Vec<Option<String>>,
    max_bytes: usize,
    /// The next document that was not looked at.
    next: usize,
}

impl<'b> LegBodies<'b> {
    pub(super) fn new(
        batch: &'b Batch,
        routes: &'b Routes,
        wanted: &'b ShardSet,
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
        Self {
            batch,
            routes,
            wanted,
            version,
            markers,
            max_bytes,
            next: 0,
        }
    }

    /// The positions of the next documents that fit into one body, and at most how long it gets.
    fn select(&self) -> (Vec<usize>, usize) {
        let mut selected = Vec::new();
        let mut bytes = "[]".len();
        for position in self.next..self.batch.len() {
            let shard = self.routes.shards()[position];
            if !self.wanted.contains(shard) {
                continue;
            }
            let added = self.stamped_bytes(position, shard);
            if bytes + added > self.max_bytes && !selected.is_empty() {
                break;
            }
            bytes += added;
            selected.push(position);
        }
        (selected, bytes)
    }

    /// At most how many bytes a document takes, its separator included.
    fn stamped_bytes(&self, position: usize, shard: Shard) -> usize {
        let Span { start, end } = self.batch.documents[position];
        let expiries = self.expiries_of(Span { start, end }).count();
        let version = self.version.as_ref().map_or(0, String::len);
        (end - start)
            + ",".len()
            + self.marker(shard).len()
            + version
            + ",".len()
            + expiries * ENCODED_EXPIRY_BYTES
    }

    fn expiries_of(&self, document: Span) -> impl Iterator<Item = &'b super::batch::Expiry> {
        let expiries = &self.batch.expiries;
        let first = expiries.partition_point(|expiry| expiry.span.start < document.start);
        expiries[first..]
            .iter()
            .take_while(move |expiry| expiry.span.start < document.end)
    }

    fn marker(&self, shard: Shard) -> &str {
        self.markers[shard.index()]
            .as_deref()
            .expect("a marker was rendered for every wanted shard")
    }

    fn write(&self, position: usize, out: &mut Vec<u8>) {
        let Span { start, end } = self.batch.documents[position];
        let body = &self.batch.body;
        let end = start + body[start..end - 1].trim_ascii_end().len(); // without the closing brace and the space before it
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
        out.extend_from_slice(self.marker(self.routes.shards()[position]).as_bytes());
        if let Some(version) = &self.version {
            out.extend_from_slice(version.as_bytes());
        }
        out.push(b'}');
    }
}

impl Iterator for LegBodies<'_> {
    type Item = LegBody;

    fn next(&mut self) -> Option<LegBody> {
        let (selected, bytes) = self.select();
        let last = *selected.last()?;
        self.next = last + 1;
        let (open, between, close): (&[u8], &[u8], &[u8]) = match self.batch.shape {
            Shape::Array => (b"[", b",", b"]"),
            Shape::Object => (b"", b"", b""),
            Shape::Lines => (b"", b"\n", b""),
        };
        let mut out = Vec::with_capacity(bytes);
        out.extend_from_slice(open);
        for (place, position) in selected.iter().enumerate() {
            if place > 0 {
                out.extend_from_slice(between);
            }
            self.write(*position, &mut out);
        }
        out.extend_from_slice(close);
        Some(LegBody {
            bytes: out,
            documents: selected.len(),
        })
    }
}
