//! Looks for inputs that the pure core gets wrong: random cases, each judged by something that knows the answer otherwise.
//!
//! It needs no compiler but the stable one and no crate but the core, so that a long run builds in a minute. A case is drawn from a
//! number and nothing else: the number that a finding prints leads to it again.

mod command;
mod filter;
mod merge;
mod mutate;
mod raw;
#[cfg(test)]
mod tests;

pub use command::command;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Reading a filter: no panic, no document that passes is missing among the candidates.
    Filter,
    /// Slicing JSON: the same validity and the same values as `serde_json`.
    Raw,
    /// Merging lists: the sorted whole comes back; answers that no node writes never cause a panic.
    Merge,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    Iterations(u64),
    /// Also finds cases that take longer than [`SLOW`].
    Time(Duration),
}

/// No case has more than some kilobytes to read.
const SLOW: Duration = Duration::from_secs(1);

/// One run.
#[derive(Debug, Default)]
pub struct Report {
    pub iterations: u64,
    /// Cases that got as far as what the target is about: filters that narrow, JSON that is valid, pages that are complete.
    pub telling: u64,
    pub slowest: Duration,
    pub findings: Vec<Finding>,
}

/// A case that went wrong.
#[derive(Debug)]
pub struct Finding {
    /// With it as the seed, the first case is this one.
    pub seed: u64,
    pub input: String,
    pub what: String,
}

/// Something that can be tried.
trait Case: Sized + fmt::Display {
    fn draw(random: &mut StdRng) -> Self;

    /// Whether the case is a telling one, or what is wrong.
    fn check(&self) -> Result<bool, String>;
}

/// More findings than this say nothing new.
const MOST_FINDINGS: usize = 10;

/// Tries case after case.
pub fn run(target: Target, seed: u64, limit: Limit) -> Report {
    match target {
        Target::Filter => run_cases::<filter::FilterCase>(seed, limit),
        Target::Raw => run_cases::<raw::RawCase>(seed, limit),
        Target::Merge => run_cases::<merge::MergeCase>(seed, limit),
    }
}

fn run_cases<C: Case>(seed: u64, limit: Limit) -> Report {
    let begun = Instant::now();
    let mut report = Report::default();
    let goes_on = |report: &Report| {
        report.findings.len() < MOST_FINDINGS
            && match limit {
                Limit::Iterations(most) => report.iterations < most,
                Limit::Time(most) => begun.elapsed() < most,
            }
    };
    while goes_on(&report) {
        let seed = seed.wrapping_add(report.iterations);
        let case = C::draw(&mut StdRng::seed_from_u64(seed));
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| case.check()));
        let took = started.elapsed();
        let what = match outcome {
            Ok(Ok(telling)) => {
                report.telling += u64::from(telling);
                let slow = matches!(limit, Limit::Time(_)) && took > SLOW;
                slow.then(|| format!("took {took:?}"))
            }
            Ok(Err(what)) => Some(what),
            Err(panic) => {
                let text = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Some(format!("panicked: {}", text.unwrap_or_default()))
            }
        };
        report.findings.extend(what.map(|what| Finding {
            seed,
            input: case.to_string(),
            what,
        }));
        report.iterations += 1;
        report.slowest = report.slowest.max(took);
    }
    report
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "finding: {}", finding.what)?;
            writeln!(f, "  seed:  {}", finding.seed)?;
            writeln!(f, "  input: {}", finding.input)?;
        }
        write!(
            f,
            "{} iterations, {} of them telling, slowest {:?}, {} findings",
            self.iterations,
            self.telling,
            self.slowest,
            self.findings.len()
        )
    }
}
