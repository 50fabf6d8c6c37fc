//! The same load on several ways to an answer, in turns.

use std::time::Duration;

use crate::bench::BenchError;
use crate::bench::load::{Load, Sample, Shot};
use crate::bench::usage::Usage;

/// Enough that every node has learnt its answer.
pub(super) const LEARNING: Load = Load {
    connections: 1,
    requests: 10,
    rate: None,
};

/// One request after the other: what an exchange takes, while nothing waits and no processor falls asleep between two of them.
pub(super) const ALONE: Load = Load {
    connections: 1,
    requests: 10_000,
    rate: None,
};

/// How often each way has its turn.
const TURNS: u32 = 5;

/// One way to an answer.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) shots: Vec<Shot>,
    /// The process whose processor time counts.
    pub(super) process: Option<u32>,
}

/// What a way cost.
#[derive(Debug, Default)]
pub(super) struct Cost {
    turns: Vec<Sample>,
    /// Of the way's process.
    pub(super) processor: Duration,
}

impl Cost {
    /// Processor time for one answer, in microseconds.
    pub(super) fn processor_microseconds(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.answers().max(1.0)
    }

    /// Time below which that part of the answers came, in microseconds: in the median of the turns, because a neighbour on the machine
    /// spoils one of them for all the rest.
    pub(super) fn microseconds(&self, part: f64) -> f64 {
        let mut times: Vec<Duration> = self.turns.iter().map(|turn| turn.quantile(part)).collect();
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        median.as_secs_f64() * 1e6
    }

    /// Answers per second.
    pub(super) fn throughput(&self) -> f64 {
        let elapsed: Duration = self.turns.iter().map(|turn| turn.elapsed).sum();
        self.answers() / elapsed.as_secs_f64()
    }

    fn answers(&self) -> f64 {
        let answers: usize = self.turns.iter().map(|turn| turn.times.len()).sum();
        f64::from(u32::try_from(answers).unwrap_or(u32::MAX))
    }
}

/// Loads every way in turns, after a first turn that nobody counts. `load` is that of all turns together.
pub(super) fn take_turns(load: Load, ways: &[Way]) -> Result<Vec<Cost>, BenchError> {
    let load = Load {
        requests: load.requests / TURNS,
        ..load
    };
    let mut costs: Vec<Cost> = ways.iter().map(|_| Cost::default()).collect();
    for turn in 0..=TURNS {
        for (way, cost) in ways.iter().zip(&mut costs) {
            let before = way.process.map(Usage::of).transpose()?.unwrap_or_default();
            let sample = tokio::task::block_in_place(|| load.run(&way.shots))?;
            let after = way.process.map(Usage::of).transpose()?.unwrap_or_default();
            if sample.failures > 0 {
                return Err(BenchError::Unfit(format!(
                    "{} requests to {} failed",
                    sample.failures, way.shots[0].address
                )));
            }
            if turn > 0 {
                cost.processor += after.processor - before.processor;
                cost.turns.push(sample);
            }
        }
    }
    Ok(costs)
}
