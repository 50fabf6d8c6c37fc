//! Connections that only take: silent ones, half heads, bodies that trickle or never end, heads that are too large, and wrong keys by
//! the thousand. Whoever asks properly in the meantime is answered.

use std::fmt;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::EdgeError;
use crate::client::{Client, ClientError};
use crate::cluster::{Cluster, MASTER_KEY};

/// Good requests after which all connections are open.
const WARM_UP: usize = 50;

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Abuse {
    /// Connections that are slow, or half open.
    pub connections: usize,
    /// Bodies that are sent for as long as anybody takes them.
    pub endless: usize,
    /// Requests with a key that nobody has.
    pub wrong_keys: usize,
    /// Good requests meanwhile.
    pub good: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Statuses of good requests other than 200.
    pub failed: Vec<StatusCode>,
    /// Statuses of requests with wrong keys other than 403.
    pub let_in: Vec<StatusCode>,
    /// Heads of 80 KiB that were not answered with 431.
    pub oversize: usize,
    /// What the proxy had in memory at most, in bytes.
    pub memory: u64,
    /// The median of the good requests, and of as many before anything else.
    pub median: Duration,
    pub usual: Duration,
}

/// Starts a fleet and abuses it.
pub async fn abuse(options: &Abuse) -> Result<Outcome, EdgeError> {
    // A body that is under way is kept whole, so bodies may take their number times this.
    let fleet = Cluster::builder().config("server.max_body_bytes", 10_000_000);
    let mut fleet = fleet.start().await?;
    super::prepare(&fleet).await?;
    let address = fleet.proxy_url().trim_start_matches("http://").to_owned();
    let client = fleet.client();
    ask(&client, WARM_UP).await?;
    let usual = ask(&client, options.good).await?;
    let mut held = Vec::with_capacity(options.connections);
    for number in 0..options.connections {
        held.extend(hold(&address, number).await);
    }
    let mut endless = JoinSet::new();
    for _ in 0..options.endless {
        endless.spawn(send_without_end(address.clone()));
    }
    let (good, let_in, oversize) = tokio::join!(
        ask(&client, options.good),
        knock(&client, options.wrong_keys),
        large_heads(&address),
    );
    let memory = peak_memory(fleet.proxy().process());
    endless.shutdown().await;
    drop(held);
    let good = good?;
    Ok(Outcome {
        failed: good
            .iter()
            .map(|(_, status)| *status)
            .filter(|status| *status != StatusCode::OK)
            .collect(),
        let_in: let_in?,
        oversize,
        memory,
        median: median(&good),
        usual: median(&usual),
    })
}

fn median(answers: &[(Duration, StatusCode)]) -> Duration {
    let mut times: Vec<Duration> = answers.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A connection that says too little.
async fn hold(address: &str, number: usize) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let said = match number % 4 {
        0 => String::new(),
        1 => "POST /indexes HTTP/1.1\r\nhost: x\r\nx-slow: ".to_owned(),
        2 => post("content-length: 1000000\r\n\r\n{"),
        _ => post("transfer-encoding: chunked\r\n\r\n5\r\n{"),
    };
    stream.write_all(said.as_bytes()).await.ok()?;
    Some(stream)
}

fn post(rest: &str) -> String {
    format!(
        "POST /indexes/stories/search HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {MASTER_KEY}\r\ncontent-type: application/json\r\n{rest}"
    )
}

async fn send_without_end(address: String) {
    let piece = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    loop {
        let Ok(mut stream) = TcpStream::connect(&address).await else {
            return;
        };
        let head = post("transfer-encoding: chunked\r\n\r\n");
        let mut sent = stream.write_all(head.as_bytes()).await;
        while sent.is_ok() {
            sent = stream.write_all(piece.as_bytes()).await;
            // So that it is the proxy's memory that is tried, and not its processor.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn ask(client: &Client, times: usize) -> Result<Vec<(Duration, StatusCode)>, ClientError> {
    let mut answers = Vec::with_capacity(times);
    for _ in 0..times {
        let begun = Instant::now();
        let answer = client
            .post("/indexes/stories/search", &json!({ "q": "story" }))
            .await?;
        answers.push((begun.elapsed(), answer.status));
    }
    Ok(answers)
}

async fn knock(client: &Client, times: usize) -> Result<Vec<StatusCode>, ClientError> {
    const AT_ONCE: usize = 16;
    let mut let_in = Vec::new();
    for first in (0..times).step_by(AT_ONCE) {
        let guess = |number: usize| {
            let key = format!("{number:064x}");
            let client = client.with_key(Some(&key));
            async move { client.get("/indexes").await }
        };
        let answers = join_all((first..times.min(first + AT_ONCE)).map(guess)).await;
        for answer in answers {
            let status = answer?.status;
            let_in.extend((status != StatusCode::FORBIDDEN).then_some(status));
        }
    }
    Ok(let_in)
}

/// How many heads that are too large were not refused as such.
async fn large_heads(address: &str) -> usize {
    let head = format!(
        "GET /health HTTP/1.1\r\nx: {}\r\n\r\n",
        "a".repeat(80 * 1024)
    );
    let mut wrong = 0;
    for _ in 0..20 {
        let answer = async {
            let mut stream = TcpStream::connect(address).await.ok()?;
            // It answers before it has read everything.
            let _ = stream.write_all(head.as_bytes()).await;
            let mut line = [0; 12];
            stream.read_exact(&mut line).await.ok()?;
            Some(line)
        };
        wrong += usize::from(answer.await != Some(*b"HTTP/1.1 431"));
    }
    wrong
}

/// Of a process of this machine; 0 where that cannot be told.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} good requests failed, {} wrong keys were let in, {} large heads were not refused, median {:.2} ms (before {:.2}), peak memory {} MiB",
            self.failed.len(),
            self.let_in.len(),
            self.oversize,
            self.median.as_secs_f64() * 1e3,
            self.usual.as_secs_f64() * 1e3,
            self.memory / (1024 * 1024)
        )
    }
}
