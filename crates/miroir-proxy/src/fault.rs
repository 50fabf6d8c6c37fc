//! Fault points: named places between two steps of a story, at which a test ends the process as a power cut would.
//!
//! They are in every build, so that what is tested is what is shipped, and cost one atomic load where nobody asked for them. Whoever
//! sets [`VARIABLE`] names a file; a process that passes a point whose name stands in that file removes it and kills itself with
//! SIGKILL. The file is read at every point, so one process can be told where to die long after it has started.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use rustix::process::{Signal, getpid, kill_process};

/// The environment variable that names the file.
pub const VARIABLE: &str = "MIROIR_FAULT_FILE";

/// Declares the points with their names, and the list of all of them.
macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident => $name:literal,)*) => {
        /// A place where the process can be made to die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($(#[$doc])* $fault,)*
        }

        impl Fault {
            /// Every point, in the order in which a write passes them.
            pub const ALL: &[Self] = &[$(Self::$fault,)*];

            /// What the file calls it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$fault => $name,)*
                }
            }
        }
    };
}

faults! {
    /// A write has its place in the index's order; nothing of it is durable.
    WriteSequenced => "write-sequenced",
    /// Its task and its legs are durable; no node has heard of it.
    WriteRecorded => "write-recorded",
    /// What it sends is in the journal.
    WriteKept => "write-kept",
    /// A request of it is about to leave for a node.
    LegLeaves => "leg-leaves",
    /// A node has answered a request of it; nothing here knows.
    LegAnswered => "leg-answered",
    /// Enough copies have it; those that missed it are marked in memory only.
    WriteJudged => "write-judged",
    /// The marks are durable; the client has not been told.
    WriteAcknowledged => "write-acknowledged",
    /// A node has told how its task ended; nothing here knows.
    NodeTaskEnded => "node-task-ended",
    /// The nodes have told which settings they have now; nothing is committed.
    SettingsReadBack => "settings-read-back",
    /// All nodes have ended; that is not durable.
    TaskJudged => "task-judged",
    /// The end is durable; memory does not know.
    TaskEnded => "task-ended",
    /// A change of names has its place in the order of all its indexes; nothing of it is durable.
    NamesSequenced => "names-sequenced",
    /// Its task is durable.
    NamesRecorded => "names-recorded",
    /// Every earlier task of its indexes has ended.
    NamesAwaited => "names-awaited",
    /// The store has the new names; memory has the old ones.
    NamesExchanged => "names-exchanged",
    /// After a restart, an unfinished task is about to be taken up.
    TaskResumed => "task-resumed",
    /// A repair has sent documents to a stale copy.
    CopySent => "copy-sent",
    /// A stale copy has been proven equal; its mark is still durable.
    CopyProven => "copy-proven",
    /// The mark is gone from the store; memory does not know.
    CopyCleared => "copy-cleared",
}

static FILE: OnceLock<PathBuf> = OnceLock::new();

/// Turns the points on if the environment says so.
pub(crate) fn listen() {
    if let Some(file) = std::env::var_os(VARIABLE).filter(|file| !file.is_empty()) {
        tracing::warn!(variable = VARIABLE, file = %file.display(), "fault points are on: this process may kill itself");
        // The only other call would have said the same.
        let _ = FILE.set(file.into());
    }
}

/// Marks the place between the lines before and after it.
pub(crate) fn point(fault: Fault) {
    if FILE.get().is_some() {
        pass(fault);
    }
}

#[cold]
fn pass(fault: Fault) {
    let Some(file) = FILE.get() else { return };
    let is_named = fs::read_to_string(file).is_ok_and(|text| text.trim() == fault.name());
    // Whoever removes it dies of it, and the process that comes next does not.
    if is_named && fs::remove_file(file).is_ok() {
        tracing::error!(fault = fault.name(), "the process kills itself");
        // It cannot fail for a process's own id, and nothing comes after it.
        let _ = kill_process(getpid(), Signal::KILL);
    }
}
