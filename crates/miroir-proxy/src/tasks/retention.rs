//! Finished tasks are forgotten after `task_registry.ttl_seconds`; unfinished ones never.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::app::App;
use crate::clock;
use crate::cluster::worker::{Pace, Pass, Trouble, Worker};

/// Rows of one step: a change of the store that others wait behind.
const ROWS_PER_STEP: usize = 10_000;

/// The worker.
pub(crate) struct Retention {
    app: Arc<App>,
    poke: Arc<Notify>,
}

impl Retention {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            poke: Arc::default(),
        }
    }
}

impl Worker for Retention {
    const NAME: &'static str = "task_retention";

    fn cadence(&self) -> Duration {
        self.app.config.task_registry.prune_interval_s.duration()
    }

    fn poke(&self) -> Arc<Notify> {
        Arc::clone(&self.poke)
    }

    async fn pass(&mut self, pace: &Pace) -> Result<Pass, Trouble> {
        let begun = Instant::now();
        let kept = self.app.config.task_registry.ttl_seconds.duration();
        let kept = i64::try_from(kept.as_nanos()).unwrap_or(i64::MAX);
        let finished_before = clock::now_ns().saturating_sub(kept);
        let pruned = self
            .app
            .store
            .write(move |tx| tx.tasks().prune(finished_before, ROWS_PER_STEP))
            .await?;
        if pruned < ROWS_PER_STEP {
            return Ok(Pass::Idle);
        }
        pace.rest(begun).await;
        Ok(Pass::More)
    }
}
