//! Tasks, background workers and the store.

use std::time::Duration;

use miroir_core::id::GroupId;
use miroir_core::topology::Topology;
use miroir_core::wire::task::TaskStatus;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::seconds;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Group {
    group: String,
}

impl Group {
    fn of(group: GroupId) -> Self {
        Self {
            group: group.to_string(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Worker {
    worker: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Passed {
    worker: &'static str,
    result: &'static str,
}

/// What happens behind the requests.
pub(crate) struct Work {
    tasks: Family<Status, Counter>,
    quorum_missed: Family<Group, Counter>,
    passes: Family<Passed, Counter>,
    pass_duration: Family<Worker, Histogram, fn() -> Histogram>,
    copied: Counter,
}

impl Work {
    pub(super) fn new(registry: &mut Registry, topology: &Topology) -> Self {
        let work = Self {
            tasks: Family::default(),
            quorum_missed: Family::default(),
            passes: Family::default(),
            pass_duration: Family::new_with_constructor(seconds),
            copied: Counter::default(),
        };
        for ended in [
            TaskStatus::Succeeded,
            TaskStatus::Failed,
            TaskStatus::Canceled,
        ] {
            let status = ended.name();
            drop(work.tasks.get_or_create(&Status { status }));
        }
        for group in topology.groups() {
            drop(work.quorum_missed.get_or_create(&Group::of(group.id)));
        }
        let tasks = work.tasks.clone();
        registry.register("tasks", "Tasks that have ended", tasks);
        let missed = work.quorum_missed.clone();
        registry.register(
            "write_quorum_missed",
            "Writes that a replica group has not taken in time",
            missed,
        );
        let passes = work.passes.clone();
        registry.register("worker_passes", "Passes of background workers", passes);
        let duration = work.pass_duration.clone();
        registry.register("worker_pass_duration_seconds", "One pass", duration);
        let copied = work.copied.clone();
        registry.register(
            "rebalance_documents_migrated",
            "Documents written by moves and repairs",
            copied,
        );
        work
    }

    /// A task has reached one of the statuses that never change.
    pub(crate) fn task_ended(&self, status: TaskStatus) {
        let status = status.name();
        self.tasks.get_or_create(&Status { status }).inc();
    }

    pub(crate) fn quorum_missed(&self, groups: &[GroupId]) {
        for group in groups {
            self.quorum_missed.get_or_create(&Group::of(*group)).inc();
        }
    }

    /// There is a worker of this name.
    pub(crate) fn expect_passes(&self, worker: &'static str) {
        for result in ["ok", "error"] {
            drop(self.passes.get_or_create(&Passed { worker, result }));
        }
        drop(self.pass_duration.get_or_create(&Worker { worker }));
    }

    pub(crate) fn passed(&self, worker: &'static str, succeeded: bool, duration: Duration) {
        let result = if succeeded { "ok" } else { "error" };
        self.passes.get_or_create(&Passed { worker, result }).inc();
        self.pass_duration
            .get_or_create(&Worker { worker })
            .observe(duration.as_secs_f64());
    }

    pub(crate) fn copied(&self, documents: usize) {
        self.copied.inc_by(documents as u64);
    }
}
