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
    /// The processes whose processor time counts.
    pub(super) processes: Vec<u32>,
}

/// What a way cost.
#[derive(Debug, Default)]
pub(super) struct Cost {
    turns: Vec<Sample>,
    /// Of the way's processes.
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
        let times = self.turns.iter().map(|turn| turn.quantile(part));
        median(times.map(|time| time.as_secs_f64() * 1e6))
    }

    /// Answers per second, likewise in the median of the turns.
    pub(super) fn throughput(&self) -> f64 {
        let turns = self.turns.iter();
        median(turns.map(|turn| turn.times.len() as f64 / turn.elapsed.as_secs_f64()))
    }

    fn answers(&self) -> f64 {
        self.turns.iter().map(|turn| turn.times.len() as f64).sum()
    }
}

/// The value in the middle, and 0 of none.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
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
            let before = Usage::processor_of(&way.processes)?;
            let sample = tokio::task::block_in_place(|| load.run(&way.shots))?;
            let after = Usage::processor_of(&way.processes)?;
            if sample.failures > 0 {
                return Err(BenchError::Unfit(format!(
                    "{} requests to {} failed",
                    sample.failures, way.shots[0].address
                )));
            }
            if turn > 0 {
                cost.processor += after - before;
                cost.turns.push(sample);
            }
        }
    }
    Ok(costs)
}
