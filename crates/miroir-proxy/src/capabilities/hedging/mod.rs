//! A read is as slow as its slowest leg. A leg that is late is asked of other copies as well; the first answer counts, the other
//! request is dropped, which closes its connection. Reads only: writes are never sent twice.
//!
//! Off, no leg is ever late.

mod budget;

use std::time::Duration;

use parking_lot::Mutex;

use crate::config;
use crate::telemetry::metrics::Hedges;
use budget::Budget;

/// When legs are late, and how many of them may be asked twice.
pub(crate) struct Hedging {
    options: config::Hedging,
    budget: Mutex<Budget>,
    pub(crate) metrics: Hedges,
}

impl Hedging {
    pub(crate) fn new(options: config::Hedging, metrics: Hedges) -> Self {
        Self {
            options,
            budget: Mutex::default(),
            metrics,
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.options.enabled && self.options.max_hedges_per_query > 0
    }

    /// Hedges that one query may have.
    pub(crate) fn most(&self) -> u32 {
        match self.options.enabled {
            true => self.options.max_hedges_per_query,
            false => 0,
        }
    }

    pub(crate) fn may_leave_group(&self) -> bool {
        self.options.cross_group_fallback
    }

    /// When a leg is late whose node usually takes so long. `None`: never, because nothing is known.
    pub(crate) fn trigger(&self, p95: Option<Duration>) -> Option<Duration> {
        if !self.is_enabled() {
            return None;
        }
        let late = p95?.mul_f64(self.options.p95_trigger_multiplier.0);
        Some(late.max(self.options.min_trigger_ms.duration()))
    }

    /// How long a trial of a node that is spared may take, given what is usual in the fleet.
    pub(crate) fn patience(&self, usual: Option<Duration>) -> Duration {
        let usual = usual.unwrap_or_default();
        let late = usual.mul_f64(self.options.p95_trigger_multiplier.0);
        late.max(self.options.min_trigger_ms.duration())
    }

    /// Legs that are sent now.
    pub(crate) fn count(&self, now: Duration, legs: usize) {
        self.budget.lock().count(now, legs);
    }

    /// Whether the process may afford one more.
    pub(crate) fn take(&self, now: Duration) -> bool {
        let ratio = f64::from(self.options.max_hedge_ratio.0);
        let granted = self.budget.lock().take(now, ratio);
        if !granted {
            self.metrics.exhausted.inc();
        }
        granted
    }
}
