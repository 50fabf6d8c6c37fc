//! Background work: the one driver that knows when a worker's next pass begins, how long it rests, and what happened.
//!
//! A worker knows nothing of time. Its pass takes no input, is idempotent, and is not retried inside: the next pass is the retry.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use parking_lot::Mutex;
use rand::RngExt;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::app::App;
use crate::clock;
use crate::http::reply::chain;

/// After a failure a worker rests this long, twice as long after the next one, and so on.
const FIRST_REST: Duration = Duration::from_millis(250);
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Why a pass did not come to its end.
pub(crate) type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// What is left after a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Nothing, as far as the worker knows.
    Idle,
    /// The next pass has work.
    More,
}

/// A background loop.
pub(crate) trait Worker: Send + 'static {
    const NAME: &'static str;

    /// How long it may be idle without a poke.
    fn cadence(&self) -> Duration;

    /// What wakes it before its cadence is over.
    fn poke(&self) -> Arc<Notify>;

    /// One idempotent round. May be dropped between any two steps.
    fn pass(&mut self, pace: &Pace) -> impl Future<Output = Result<Pass, Trouble>> + Send;
}

/// How fast a pass may go.
pub(crate) struct Pace {
    /// A step is followed by a rest of this many times its own duration.
    factor: f64,
}

impl Pace {
    /// To be called after a step that began at `begun`.
    pub(crate) async fn rest(&self, begun: Instant) {
        let rest = begun.elapsed().mul_f64(self.factor);
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }
}

/// How the workers of the process are.
#[derive(Default)]
pub(crate) struct Workers {
    statuses: Mutex<BTreeMap<&'static str, Status>>,
}

/// How one worker is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Status {
    running: bool,
    /// Passes that came to their end.
    passes: u64,
    /// Passes that did not.
    failures: u64,
    /// Milliseconds since 1970, of the end of the last pass.
    last_pass_at: Option<i64>,
    /// Why the last pass did not come to its end, if it did not.
    error: Option<String>,
}

impl Workers {
    pub(crate) fn statuses(&self) -> BTreeMap<&'static str, Status> {
        self.statuses.lock().clone()
    }

    fn update(&self, name: &'static str, change: impl FnOnce(&mut Status)) {
        change(self.statuses.lock().entry(name).or_default());
    }
}

/// Runs a worker until the future is dropped, which happens when the process stops.
pub(crate) async fn drive<W: Worker>(app: Arc<App>, mut worker: W) {
    let poke = worker.poke();
    let pace = Pace {
        factor: app.config.rebalancer.throttle_factor.0,
    };
    app.metrics.work.expect_passes(W::NAME);
    let mut failures = 0;
    loop {
        app.workers.update(W::NAME, |status| status.running = true);
        // A bug in one worker must not end the process, or leave the others alone with a poisoned lock.
        let begun = Instant::now();
        let pass = AssertUnwindSafe(worker.pass(&pace)).catch_unwind().await;
        let result = pass.unwrap_or_else(|panic| Err(panic_text(&*panic).into()));
        failures = if result.is_ok() { 0 } else { failures + 1 };
        app.metrics
            .work
            .passed(W::NAME, result.is_ok(), begun.elapsed());
        app.workers.update(W::NAME, |status| {
            status.running = false;
            status.last_pass_at = Some(clock::now_ms());
            status.passes += u64::from(result.is_ok());
            status.failures += u64::from(result.is_err());
            status.error = result.as_ref().err().map(|error| chain(&**error));
        });
        match result {
            Ok(Pass::More) => {}
            Ok(Pass::Idle) => wait(&poke, jittered(worker.cadence())).await,
            Err(error) => {
                tracing::warn!(worker = W::NAME, error = chain(&*error), "a pass failed");
                // Pokes do not shorten the first part, or a poked worker that fails would never rest.
                tokio::time::sleep(FIRST_REST).await;
                wait(&poke, jittered(rest_after(failures))).await;
            }
        }
    }
}

async fn wait(poke: &Notify, limit: Duration) {
    let _ = tokio::time::timeout(limit, poke.notified()).await;
}

fn rest_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    (FIRST_REST * 2_u32.pow(doublings)).min(LONGEST_REST)
}

/// Between 90 and 110 percent, so that loops of many processes do not fall together.
pub(crate) fn jittered(interval: Duration) -> Duration {
    interval.mul_f64(rand::rng().random_range(0.9..1.1))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::{FIRST_REST, LONGEST_REST, rest_after};

    #[test]
    fn rests_grow_to_a_limit() {
        assert_eq!(rest_after(1), FIRST_REST);
        assert_eq!(rest_after(2), FIRST_REST * 2);
        assert_eq!(rest_after(4), FIRST_REST * 8);
        assert_eq!(rest_after(u32::MAX), LONGEST_REST);
    }
}
