//! Memory: of clients that wait, and of a large body.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Scenario, name};
use crate::bench::fleet::{self, BenchFleet, INDEX, Shape};
use crate::bench::report::Limit::AtMost;
use crate::bench::usage::Usage;
use crate::bench::{BenchError, Report};

const CLIENTS: u32 = 5_000;
/// How long an idle proxy is watched.
const WATCHED: Duration = Duration::from_secs(5);
/// A little less than the limit of 100,000,000 bytes.
const BODY: usize = 99_000_000;
const MEGABYTE: f64 = 1024.0 * 1024.0;

pub(super) async fn clients() -> Result<Report, BenchError> {
    let mut fleet = BenchFleet::start(shape(3), &[]).await?;
    let address = fleet.read("/health", None).address;
    let process = fleet.process();
    let before = Usage::of(process)?;
    tokio::time::sleep(WATCHED).await;
    let watched = Usage::of(process)?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(idle_client(&address).await?);
    }
    let after = Usage::of(process)?;
    let mut report = Report::new(&name(Scenario::IdleClients));
    report.limited("resident_mb", megabytes(watched.resident), AtMost(30.0));
    let processor = (watched.processor - before.processor).as_secs_f64() / WATCHED.as_secs_f64();
    report.figure("idle_processor_percent", processor * 100.0);
    let grown = after.resident.saturating_sub(watched.resident);
    let each = megabytes(grown) * 1024.0 / f64::from(CLIENTS);
    report.limited("kb_per_client", each, AtMost(16.0));
    drop(clients);
    Ok(report)
}

/// Connects, asks once, and keeps the connection.
async fn idle_client(address: &str) -> Result<TcpStream, BenchError> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /health HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer).await?;
    if answer[..read].starts_with(b"HTTP/1.1 200") {
        Ok(stream)
    } else {
        Err(BenchError::Unfit("a client got no answer".to_owned()))
    }
}

pub(super) async fn large_body() -> Result<Report, BenchError> {
    let mut fleet = BenchFleet::start(shape(1), &[]).await?;
    let body = lines(BODY);
    let size = megabytes(body.len() as u64);
    let before = Usage::of(fleet.process())?;
    let types = [(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    )];
    let path = format!("/indexes/{INDEX}/documents");
    let client = fleet.client().with_timeout(Duration::from_secs(300));
    let answer = client.send(Method::POST, &path, &types, body).await?;
    if answer.task_uid().is_none() {
        return Err(BenchError::Unfit(answer.text()));
    }
    let after = Usage::of(fleet.process())?;
    let grown = megabytes(after.peak.saturating_sub(before.resident));
    let mut report = Report::new(&name(Scenario::Body100mb));
    report.figure("body_mb", size);
    report.figure("peak_mb", megabytes(after.peak));
    report.limited("of_body", grown / size, AtMost(2.2));
    Ok(report)
}

/// Documents, one a line, until there are so many bytes.
fn lines(bytes: usize) -> Bytes {
    let mut random = StdRng::seed_from_u64(2);
    let mut body = Vec::with_capacity(bytes + 2048);
    let mut id = 1_000_000;
    while body.len() < bytes {
        body.extend_from_slice(fleet::document(id, &mut random).to_string().as_bytes());
        body.push(b'\n');
        id += 1;
    }
    Bytes::from(body)
}

fn shape(nodes: u16) -> Shape {
    Shape {
        nodes,
        rf: 1,
        documents: 100,
        canned: false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / MEGABYTE
}
