//! The `details` of a task, one shape per type.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::TaskKind;

/// One pair of a swap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexSwap {
    pub indexes: (String, String),
    /// The second name does not exist and the first takes it.
    #[serde(default)]
    pub rename: bool,
}

/// What a task was asked to do and has done. An inner `None` is shown as null: not finished.
///
/// Members are declared in the order they are shown. Snapshots have no details at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Details {
    DocumentAdditionOrUpdate {
        /// Documents in the payload, duplicates included.
        received_documents: u64,
        #[serde(deserialize_with = "Option::deserialize")]
        indexed_documents: Option<u64>,
    },
    DocumentEdition {
        #[serde(deserialize_with = "Option::deserialize")]
        edited_documents: Option<u64>,
        #[serde(deserialize_with = "Option::deserialize")]
        deleted_documents: Option<u64>,
        #[serde(deserialize_with = "Option::deserialize")]
        original_filter: Option<String>,
        #[serde(deserialize_with = "Option::deserialize")]
        context: Option<Map<String, Value>>,
        function: String,
    },
    /// By ids, where the filter is `None`, or by filter, where no ids are provided and the filter is JSON text.
    DocumentDeletion {
        provided_ids: u64,
        #[serde(deserialize_with = "Option::deserialize")]
        deleted_documents: Option<u64>,
        #[serde(deserialize_with = "Option::deserialize")]
        original_filter: Option<String>,
    },
    /// Deletion of all documents, of an index, or of all search rules.
    Clear {
        #[serde(deserialize_with = "Option::deserialize")]
        deleted_documents: Option<u64>,
    },
    /// Creation or update of an index.
    IndexInfo {
        #[serde(deserialize_with = "Option::deserialize")]
        primary_key: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old_index_uid: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new_index_uid: Option<String>,
    },
    IndexSwap {
        swaps: Vec<IndexSwap>,
    },
    TaskCancelation {
        matched_tasks: u64,
        #[serde(deserialize_with = "Option::deserialize")]
        canceled_tasks: Option<u64>,
        /// `?` and the query string of the request.
        original_filter: String,
    },
    TaskDeletion {
        matched_tasks: u64,
        #[serde(deserialize_with = "Option::deserialize")]
        deleted_tasks: Option<u64>,
        /// `?` and the query string of the request.
        original_filter: String,
    },
    DumpCreation {
        #[serde(deserialize_with = "Option::deserialize")]
        dump_uid: Option<String>,
    },
    Export {
        url: String,
        /// Masked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_key: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload_size: Option<String>,
        /// By index pattern.
        indexes: Map<String, Value>,
    },
    UpgradeDatabase {
        upgrade_from: String,
        upgrade_to: String,
    },
    DsrUpdate {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<Value>,
        updated_rules: u64,
    },
    IndexCompaction {
        /// For people: `104 KiB`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pre_compaction_size: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        post_compaction_size: Option<String>,
    },
    /// The settings of a `settingsUpdate` as submitted, secrets masked; also any shape this version does not know.
    Settings(Map<String, Value>),
}

impl Details {
    /// Reads the details of a task of this type. Nothing is lost: what has an unexpected shape is kept as it is.
    pub fn of_kind(kind: TaskKind, details: Map<String, Value>) -> Self {
        if kind == TaskKind::SettingsUpdate {
            return Details::Settings(details);
        }
        match serde_json::from_value(Value::Object(details.clone())) {
            Ok(Details::IndexCompaction { .. }) if kind != TaskKind::IndexCompaction => {
                Details::Settings(details)
            }
            Ok(known) => known,
            Err(_) => Details::Settings(details),
        }
    }

    /// The details of the same task after it failed: what it was asked stays, what it has done is nothing.
    pub fn into_failed(mut self) -> Self {
        match &mut self {
            Details::DocumentAdditionOrUpdate {
                indexed_documents: done,
                ..
            }
            | Details::DocumentEdition {
                edited_documents: done,
                ..
            }
            | Details::DocumentDeletion {
                deleted_documents: done,
                ..
            }
            | Details::Clear {
                deleted_documents: done,
            }
            | Details::TaskCancelation {
                canceled_tasks: done,
                ..
            }
            | Details::TaskDeletion {
                deleted_tasks: done,
                ..
            } => *done = Some(0),
            Details::IndexCompaction {
                pre_compaction_size,
                post_compaction_size,
            } => {
                *pre_compaction_size = None;
                *post_compaction_size = None;
            }
            Details::IndexInfo { .. }
            | Details::IndexSwap { .. }
            | Details::DumpCreation { .. }
            | Details::Export { .. }
            | Details::UpgradeDatabase { .. }
            | Details::DsrUpdate { .. }
            | Details::Settings(_) => {}
        }
        self
    }
}
