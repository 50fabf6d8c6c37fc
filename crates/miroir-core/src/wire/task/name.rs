//! The names of task types and statuses.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::deserialize::{FromParameter, Reason};

macro_rules! names {
    (
        $(#[$attribute:meta])*
        $type:ident, $what:literal, $plural:literal:
        $($(#[$note:meta])* $variant:ident $name:literal,)*
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$note])* $variant),* }

        impl $type {
            /// All of them, in the order error texts list them.
            pub const ALL: &'static [$type] = &[$($type::$variant),*];

            /// The name on the wire.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = Reason;

            /// Case does not matter.
            fn from_str(text: &str) -> Result<Self, Reason> {
                let mut all = $type::ALL.iter().copied();
                all.find(|value| value.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
                    let names: Vec<String> =
                        $type::ALL.iter().map(|value| format!("`{value}`")).collect();
                    Reason(format!(
                        concat!("`{}` is not a valid task ", $what, ". Available ", $plural, " are {}."),
                        text,
                        names.join(", ")
                    ))
                })
            }
        }

        impl FromParameter for $type {
            fn from_parameter(text: &str) -> Result<Self, Reason> {
                text.parse()
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|Reason(reason)| D::Error::custom(reason))
            }
        }
    };
}

names! {
    /// Where a task is in its life.
    TaskStatus, "status", "statuses":
    Enqueued "enqueued",
    Processing "processing",
    Succeeded "succeeded",
    Failed "failed",
    Canceled "canceled",
}

names! {
    /// What a task does: the member `type` of its views.
    TaskKind, "type", "types":
    DocumentAdditionOrUpdate "documentAdditionOrUpdate",
    DocumentEdition "documentEdition",
    /// By ids, by filter, or all of them.
    DocumentDeletion "documentDeletion",
    SettingsUpdate "settingsUpdate",
    IndexCreation "indexCreation",
    IndexDeletion "indexDeletion",
    IndexUpdate "indexUpdate",
    IndexSwap "indexSwap",
    TaskCancelation "taskCancelation",
    TaskDeletion "taskDeletion",
    DumpCreation "dumpCreation",
    SnapshotCreation "snapshotCreation",
    Export "export",
    UpgradeDatabase "upgradeDatabase",
    IndexCompaction "indexCompaction",
    NetworkTopologyChange "networkTopologyChange",
    DsrUpdate "dsrUpdate",
    DsrClear "dsrClear",
}

impl TaskStatus {
    /// Whether the task will change no more.
    pub fn is_finished(self) -> bool {
        matches!(
            self,
            TaskStatus::Succeeded | TaskStatus::Failed | TaskStatus::Canceled
        )
    }
}

impl TaskKind {
    /// Whether such tasks belong to exactly one index. Others are left out of lists that are restricted to indexes.
    pub fn has_one_index(self) -> bool {
        !matches!(
            self,
            TaskKind::IndexSwap
                | TaskKind::TaskCancelation
                | TaskKind::TaskDeletion
                | TaskKind::DumpCreation
                | TaskKind::SnapshotCreation
                | TaskKind::Export
                | TaskKind::UpgradeDatabase
                | TaskKind::NetworkTopologyChange
        )
    }
}
