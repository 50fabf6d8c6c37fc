//! Nonsense at the edge of a fleet: seeded requests over raw connections, right, wrong and broken, and a judge of every answer.
//!
//! What must hold: the proxy neither panics nor ends; it answers no 5xx while every node is well; what is not allowed in is told so
//! and reaches no node; nodes see the node key and nothing that a client sent as a credential; no answer names anything of the
//! inside. A run is drawn from its seed: request by request it is the same one.

mod abuse;
mod draw;
mod judge;
mod wire;

use std::fmt;
use std::time::{Duration, Instant};

pub use abuse::{Abuse, Outcome, abuse};
pub(crate) use draw::FORBIDDEN;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::json;

use crate::client::ClientError;
use crate::cluster::{Cluster, ClusterError};

/// When to stop: whichever comes first.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Requests.
    pub requests: u64,
    /// Time.
    pub time: Duration,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Requests that were sent.
    pub requests: u64,
    /// Answers by the first digit of their status; the first are connections that were closed without any.
    pub classes: [u64; 6],
    /// Requests that nodes got in that time.
    pub node_requests: u64,
    /// What went wrong.
    pub findings: Vec<Finding>,
}

/// A request that was answered wrongly.
#[derive(Debug)]
pub struct Finding {
    /// Its number in the run.
    pub number: u64,
    /// What was sent, as far as it is text.
    pub request: String,
    /// What is wrong.
    pub what: String,
}

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// The fleet did not start.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The fleet could not be prepared.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// More findings than this say nothing new.
const MOST_FINDINGS: usize = 10;

/// Sends requests until the limit to a fresh fleet of two nodes.
pub async fn run(seed: u64, limit: Limit) -> Result<Report, EdgeError> {
    // Small bodies are too large for it, so that this is met as well.
    let fleet = Cluster::builder().nodes(2).watched();
    let mut fleet = fleet.config("server.max_body_bytes", 4096).start().await?;
    prepare(&fleet).await?;
    let address = fleet.proxy_url().trim_start_matches("http://").to_owned();
    let mut random = StdRng::seed_from_u64(seed);
    let mut report = Report::default();
    let end = Instant::now() + limit.time;
    while report.requests < limit.requests
        && Instant::now() < end
        && report.findings.len() < MOST_FINDINGS
    {
        let request = draw::draw(&mut random);
        let answer = wire::exchange(&address, &request).await;
        report.requests += 1;
        report.classes[answer.as_ref().map_or(0, |answer| answer.class())] += 1;
        let wrong = match judge::judge(&request, answer.as_ref()) {
            None if fleet.proxy().has_ended().unwrap_or(true) => {
                Some("the proxy has ended".to_owned())
            }
            wrong => wrong,
        };
        report.findings.extend(wrong.map(|what| Finding {
            number: report.requests,
            request: request.to_string(),
            what,
        }));
    }
    for watch in fleet.watches() {
        report.node_requests += watch.requests();
        let seen = watch.faults().into_iter();
        report.findings.extend(seen.map(|what| Finding {
            number: report.requests,
            request: "a node got one of them".to_owned(),
            what,
        }));
    }
    let log = fleet.proxy().log();
    let panics = log.lines().filter(|line| line.contains("panicked"));
    report.findings.extend(panics.map(|line| Finding {
        number: report.requests,
        request: "one of them".to_owned(),
        what: line.to_owned(),
    }));
    Ok(report)
}

/// An index to ask, and a key that may only search.
async fn prepare(fleet: &Cluster) -> Result<(), ClientError> {
    let client = fleet.client();
    let documents: Vec<_> = (0..20)
        .map(|id| json!({ "id": id, "title": format!("story {id}") }))
        .collect();
    let added = client
        .post(
            "/indexes/stories/documents?primaryKey=id",
            &json!(documents),
        )
        .await?;
    if let Some(uid) = added.task_uid() {
        client.wait_task(uid).await?;
    }
    let key = json!({ "uid": draw::SEARCH_KEY, "actions": ["search"], "indexes": ["stories"], "expiresAt": null });
    client.post("/keys", &key).await.map(drop)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [none, _, good, _, refused, failed] = self.classes;
        write!(
            f,
            "{} requests: {good} answered, {refused} refused, {failed} failed, {none} connections closed without an answer; nodes got {} requests; {} findings",
            self.requests,
            self.node_requests,
            self.findings.len()
        )
    }
}
