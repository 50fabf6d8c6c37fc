//! The fuzzer on the command line: one target, until the time is over.

use std::process::ExitCode;
use std::time::Duration;

use crate::{Limit, Target, run};
use clap::Parser;

/// Tries random cases against the pure core; fails when it finds something.
#[derive(Debug, Parser)]
struct Arguments {
    target: Target,
    /// How long to look.
    #[arg(long, default_value_t = 60, conflicts_with = "iterations")]
    seconds: u64,
    /// How many cases to try, instead of a time.
    #[arg(long)]
    iterations: Option<u64>,
    /// Decides the cases; that of a finding, with `--iterations 1`, is the finding.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Reads the arguments of the process, looks, and prints the report. Fails when there is a finding.
#[expect(
    clippy::print_stdout,
    reason = "the report is for the person or the script that called"
)]
#[must_use]
pub fn command() -> ExitCode {
    let arguments = Arguments::parse();
    let limit = match arguments.iterations {
        Some(iterations) => Limit::Iterations(iterations),
        None => Limit::Time(Duration::from_secs(arguments.seconds)),
    };
    let report = run(arguments.target, arguments.seed, limit);
    println!("{report}");
    if report.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
