//! Making two copies equal while both are written, document by document (topology.md 3).
//!
//! A batch of documents is read from both nodes when both have applied everything up to one position of the index's sequence. What is
//! equal there stays equal, because both get the same from there on. What differs is written to the destination through its lane, in
//! turn, unless it was written since that position: then what was read is older than what the destination gets. Everything that was
//! not equal is looked at again, until nothing is left. So copying, catching up and verifying are one loop, and to begin again after
//! an interruption costs reads only.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Method;
use miroir_core::document::digest::{digest, transfer};
use miroir_core::id::ShardSet;
use miroir_node::ContentType;
use tokio::time::{Instant, timeout};

use super::decide::{BatchSize, Step, step};
use super::nodes::Documents;
use super::{Repairing, Stopped};
use crate::cluster::lanes::LegRequest;
use crate::cluster::touches::Touched;
use crate::cluster::worker::Pace;
use crate::fault::{self, Fault};

/// The first round copies, the second one verifies, the third one catches up; from this one on clients are made to wait.
const FIRST_HELD_ROUND: usize = 3;
/// More rounds mean that the nodes do not make the same of the same document.
const MOST_ROUNDS: usize = 12;

/// Makes the documents of these shards equal on both nodes, which have applied everything up to some position since the repair began.
pub(super) async fn settle(
    repairing: &Repairing<'_>,
    shards: &ShardSet,
    primary_key: &str,
    pace: &Pace,
) -> Result<(), Stopped> {
    let (source, destination) = (repairing.source(), repairing.destination());
    let mut open: BTreeSet<String> = BTreeSet::new();
    for copy in [&source, &destination] {
        open.extend(copy.list(shards, primary_key).await?);
    }
    let mut size = BatchSize::new(repairing.app.config.rebalancer.migration_batch_size);
    for round in 0..MOST_ROUNDS {
        let mut left = std::mem::take(&mut open);
        while !left.is_empty() {
            let mut batch = Vec::with_capacity(size.get());
            while batch.len() < size.get()
                && let Some(id) = left.pop_first()
            {
                batch.push(id);
            }
            let is_held = round >= FIRST_HELD_ROUND;
            let changes = compare(repairing, &batch, primary_key, is_held, &mut size, pace).await?;
            open.extend(changes.left);
        }
        if open.is_empty() {
            return Ok(());
        }
    }
    let id = open.pop_first().unwrap_or_default();
    Err(Stopped::NeverEqual { id })
}

/// Compares one batch and sends the destination what it lacks, and rests. To wait until busy nodes have caught up is a rest already, but
/// not while clients are held: what they waited they get back, also when it was in vain.
async fn compare(
    repairing: &Repairing<'_>,
    batch: &[String],
    primary_key: &str,
    is_held: bool,
    size: &mut BatchSize,
    pace: &Pace,
) -> Result<Changes, Stopped> {
    let index = &repairing.unit.index;
    let mut turn = Some(repairing.turn().await?);
    let held = Instant::now();
    if !is_held {
        repairing.app.touches.watch(index);
        turn = None;
    }
    let look = async {
        repairing.caught_up().await?;
        read(repairing, batch, primary_key, size).await
    };
    let read = if is_held {
        let limit = repairing.app.config.rebalancer.cutover_hold_ms.duration();
        match timeout(limit, look).await {
            Ok(read) => read?,
            Err(_) => {
                drop(turn);
                pace.rest(held).await;
                return Ok(Changes::none_of(batch));
            }
        }
    } else {
        look.await?
    };
    let turn = match turn {
        Some(turn) => turn,
        None => repairing.turn().await?,
    };
    let touched = repairing.app.touches.take(index);
    let changes = Changes::of(batch, &read, &touched)?;
    repairing.app.metrics.work.copied(changes.copies.len());
    let requests = changes.requests(repairing, primary_key)?;
    if requests.is_empty() {
        drop(turn);
    } else {
        let end = repairing.push(requests);
        drop(turn);
        repairing.taken(end).await?;
        fault::point(Fault::CopySent);
    }
    pace.rest(if is_held { held } else { read.begun }).await;
    Ok(changes)
}

struct Read {
    begun: Instant,
    source: Documents,
    destination: Documents,
}

async fn read(
    repairing: &Repairing<'_>,
    batch: &[String],
    primary_key: &str,
    size: &mut BatchSize,
) -> Result<Read, Stopped> {
    let read = Read {
        begun: Instant::now(),
        source: repairing.source().documents(batch, primary_key).await?,
        destination: repairing
            .destination()
            .documents(batch, primary_key)
            .await?,
    };
    if batch.len() == size.get() {
        size.observe(read.source.bytes);
    }
    Ok(read)
}

/// What a batch comes to.
#[derive(Default)]
struct Changes {
    copies: Vec<Bytes>,
    deletions: Vec<String>,
    /// Documents that have to be looked at again.
    left: Vec<String>,
}

impl Changes {
    fn none_of(batch: &[String]) -> Self {
        Self {
            left: batch.to_vec(),
            ..Self::default()
        }
    }

    fn of(batch: &[String], read: &Read, touched: &Touched) -> Result<Self, Stopped> {
        let mut changes = Self::default();
        let digest_of = |documents: &Documents, id: &String| {
            let document = documents.by_id.get(id);
            document.map(|document| digest(document)).transpose()
        };
        for id in batch {
            let (source, destination) = (
                digest_of(&read.source, id)?,
                digest_of(&read.destination, id)?,
            );
            match step(source, destination, touched.contains(id)) {
                Step::Settled => continue,
                Step::Copy => changes.copies.extend(read.source.by_id.get(id).cloned()),
                Step::Delete => changes.deletions.push(id.clone()),
                Step::Again => {}
            }
            changes.left.push(id.clone());
        }
        Ok(changes)
    }

    fn requests(
        &self,
        repairing: &Repairing<'_>,
        primary_key: &str,
    ) -> Result<Vec<LegRequest>, Stopped> {
        let index = &repairing.unit.index;
        let most_bytes = repairing.app.config.scatter.node_max_body_bytes.length();
        let request = |path: String, body: Vec<u8>| LegRequest {
            method: Method::POST,
            path,
            body: Some((ContentType::Json, body.into())),
            tagged: true,
        };
        let mut requests = Vec::new();
        let key = serde_urlencoded::to_string([("primaryKey", primary_key)])
            .expect("pairs of text always encode");
        for body in bodies(&self.copies, most_bytes)? {
            requests.push(request(format!("/indexes/{index}/documents?{key}"), body));
        }
        if !self.deletions.is_empty() {
            let body = serde_json::to_vec(&self.deletions).expect("texts always serialise");
            requests.push(request(
                format!("/indexes/{index}/documents/delete-batch"),
                body,
            ));
        }
        Ok(requests)
    }
}

/// The documents as JSON arrays of at most so many bytes, unless one document is longer.
fn bodies(documents: &[Bytes], most_bytes: usize) -> Result<Vec<Vec<u8>>, Stopped> {
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for document in documents {
        match bodies.last_mut() {
            Some(body) if body.len() + document.len() + 2 <= most_bytes => body.push(b','),
            _ => bodies.push(vec![b'[']),
        }
        if let Some(body) = bodies.last_mut() {
            transfer(document, body)?;
        }
    }
    bodies.iter_mut().for_each(|body| body.push(b']'));
    Ok(bodies)
}
