//! What is known of a node out of its answers: pure, the time is handed in.

use std::time::Duration;

/// Times of a node are kept in so many slots, four to a half-life: what is older than two half-lives says nothing any more. A weight
/// that never ends would not do: as long as one answer in twenty was slow, the p95 is.
const SLOTS: usize = 8;
const SLOTS_PER_HALF_LIFE: u32 = 4;
/// Steps of a factor of 1.19 from 16 microseconds to a minute.
const BUCKETS: usize = 88;

/// The answers of one node to requests of one class.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    slot: Duration,
    slots: [Slot; SLOTS],
}

#[derive(Debug, Clone)]
struct Slot {
    number: u64,
    times: [u32; BUCKETS],
    answers: f64,
    errors: f64,
}

/// What the answers of a node come to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Measure {
    /// `None` without a single time.
    pub(crate) p95: Option<Duration>,
    pub(crate) samples: u32,
    pub(crate) error_percent: f64,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ending {
    Answered(Duration),
    /// It took at least so long.
    GivenUp(Duration),
    /// The node says that it has too much to do, which counts half.
    Overloaded(Duration),
    Failed(Duration),
    /// There was no connection, so no time either.
    Refused,
}

impl Samples {
    pub(crate) fn new(half_life: Duration) -> Self {
        let empty = Slot {
            number: 0,
            times: [0; BUCKETS],
            answers: 0.0,
            errors: 0.0,
        };
        Self {
            slot: (half_life / SLOTS_PER_HALF_LIFE).max(Duration::from_millis(1)),
            slots: std::array::from_fn(|_| empty.clone()),
        }
    }

    pub(crate) fn note(&mut self, now: Duration, ending: Ending) {
        let (time, error) = match ending {
            Ending::Answered(time) => (Some(time), 0.0),
            // It would have taken longer, and most likely as long as usual.
            Ending::GivenUp(time) => (Some(self.measure(now).p95.unwrap_or(time).max(time)), 0.0),
            Ending::Overloaded(time) => (Some(time), 0.5),
            Ending::Failed(time) => (Some(time), 1.0),
            Ending::Refused => (None, 1.0),
        };
        let number = self.number(now);
        let place = usize::try_from(number % SLOTS as u64).expect("a remainder of a small number");
        let slot = &mut self.slots[place];
        if slot.number != number {
            slot.number = number;
            slot.times = [0; BUCKETS];
            (slot.answers, slot.errors) = (0.0, 0.0);
        }
        if let Some(time) = time {
            let count = &mut slot.times[bucket(time)];
            *count = count.saturating_add(1);
        }
        slot.answers += 1.0;
        slot.errors += error;
    }

    pub(crate) fn measure(&self, now: Duration) -> Measure {
        let number = self.number(now);
        let weigh = |slot: &Slot| {
            let age = number.saturating_sub(slot.number);
            let age = u32::try_from(age).ok().filter(|age| *age < SLOTS as u32)?;
            Some(0.5_f64.powf(f64::from(age) / f64::from(SLOTS_PER_HALF_LIFE)))
        };
        let (mut weights, mut samples) = ([0.0; BUCKETS], 0u32);
        let (mut answers, mut errors) = (0.0, 0.0);
        for slot in &self.slots {
            let Some(weight) = weigh(slot) else { continue };
            for (sum, count) in weights.iter_mut().zip(slot.times) {
                *sum += weight * f64::from(count);
                samples = samples.saturating_add(count);
            }
            answers += weight * slot.answers;
            errors += weight * slot.errors;
        }
        Measure {
            p95: p95(&weights),
            samples,
            error_percent: if answers > 0.0 {
                100.0 * errors / answers
            } else {
                0.0
            },
        }
    }

    fn number(&self, now: Duration) -> u64 {
        let slots = now.as_nanos() / self.slot.as_nanos();
        // The slots that nothing has been noted in have the number 0.
        u64::try_from(slots).unwrap_or(u64::MAX - SLOTS as u64) + SLOTS as u64
    }
}

/// The time that at most one in twenty exceeds.
fn p95(weights: &[f64; BUCKETS]) -> Option<Duration> {
    let all: f64 = weights.iter().sum();
    if all <= 0.0 {
        return None;
    }
    let mut slower = 0.0;
    let found = weights.iter().enumerate().rev().find(|(_, weight)| {
        slower += **weight;
        slower > all / 20.0
    });
    found.map(|(bucket, _)| end_of(bucket))
}

/// Four to each power of two of microseconds.
fn bucket(time: Duration) -> usize {
    let microseconds = u64::try_from(time.as_micros())
        .unwrap_or(u64::MAX)
        .clamp(16, (1 << 26) - 1);
    let power = microseconds.ilog2();
    let quarter = (microseconds >> (power - 2)) & 3;
    usize::try_from(u64::from(power - 4) * 4 + quarter).expect("fewer than a hundred")
}

fn end_of(bucket: usize) -> Duration {
    let (power, quarter) = (bucket / 4 + 4, bucket % 4);
    Duration::from_micros(((5 + quarter) as u64) << (power - 2))
}

/// The one in the middle; of two the smaller one.
pub(crate) fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    let middle = times.len().checked_sub(1)? / 2;
    Some(times[middle])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_LIFE: Duration = Duration::from_secs(5);

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn buckets_hold_their_times() {
        for microseconds in (16..70_000).chain([1_000_000, 60_000_000]) {
            let time = Duration::from_micros(microseconds);
            let end = end_of(bucket(time));
            assert!(
                time < end && end <= time * 5 / 4 + Duration::from_micros(4),
                "{time:?}"
            );
        }
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
        assert_eq!(bucket(Duration::ZERO), 0);
    }

    #[test]
    fn a_p95_forgets_within_two_half_lives() {
        let mut samples = Samples::new(HALF_LIFE);
        assert_eq!(samples.measure(ms(0)), Measure::default());
        let mut now = ms(0);
        let run = |samples: &mut Samples, now: &mut Duration, time, seconds: u64| {
            for _ in 0..seconds * 100 {
                *now += ms(10);
                samples.note(*now, Ending::Answered(time));
            }
        };
        run(&mut samples, &mut now, ms(1), 20);
        assert!(samples.measure(now).p95 < Some(ms(2)));
        run(&mut samples, &mut now, ms(200), 1);
        assert!(samples.measure(now).p95 > Some(ms(190)));
        run(&mut samples, &mut now, ms(1), 10);
        assert!(samples.measure(now).p95 < Some(ms(2)));
        let later = samples.measure(now + 2 * HALF_LIFE);
        assert_eq!(later, Measure::default());
    }

    #[test]
    fn errors_count_in_percent_and_a_full_queue_half() {
        let mut samples = Samples::new(HALF_LIFE);
        for ending in [
            Ending::Answered(ms(1)),
            Ending::Failed(ms(1)),
            Ending::Overloaded(ms(1)),
            Ending::Refused,
        ] {
            samples.note(ms(5), ending);
        }
        let measure = samples.measure(ms(6));
        assert!((measure.error_percent - 62.5).abs() < 1e-9);
        assert_eq!(measure.samples, 3);
    }

    #[test]
    fn what_was_given_up_early_does_not_look_fast() {
        let mut samples = Samples::new(HALF_LIFE);
        samples.note(ms(1), Ending::Answered(ms(300)));
        for _ in 0..100 {
            samples.note(ms(2), Ending::GivenUp(ms(15)));
        }
        assert!(samples.measure(ms(3)).p95 >= Some(ms(300)));
    }
}
