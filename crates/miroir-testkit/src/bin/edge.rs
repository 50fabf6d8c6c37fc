//! Sends nonsense to the edge of a fleet: `edge --seed 1 --seconds 60`, `edge --connections 2000 --wrong-keys 50000`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use miroir_testkit::edge::{self, Abuse, Limit};

/// Seeded requests, right, wrong and broken, to a fleet of two nodes. Fails when an answer is not what it must be, a node gets what
/// it must not, or the proxy panics.
#[derive(Parser)]
struct Arguments {
    /// The run is drawn from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Ends after so many seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Ends after so many requests.
    #[arg(long, default_value_t = u64::MAX)]
    requests: u64,
    /// Instead, holds so many connections open that say too little, and counts what becomes of good requests.
    #[arg(long)]
    connections: Option<usize>,
    /// Requests with wrong keys meanwhile.
    #[arg(long, default_value_t = 50_000)]
    wrong_keys: usize,
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the report is for the person or the script that called"
)]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(connections) = arguments.connections {
        let abuse = Abuse {
            connections,
            endless: 8,
            wrong_keys: arguments.wrong_keys,
            good: 500,
        };
        println!("{}", edge::abuse(&abuse).await?);
        return Ok(ExitCode::SUCCESS);
    }
    let limit = Limit {
        requests: arguments.requests,
        time: Duration::from_secs(arguments.seconds),
    };
    let report = edge::run(arguments.seed, limit).await?;
    println!("seed {}: {report}", arguments.seed);
    for finding in &report.findings {
        println!(
            "  request {}: {}\n    {}",
            finding.number, finding.request, finding.what
        );
    }
    Ok(match report.findings.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
