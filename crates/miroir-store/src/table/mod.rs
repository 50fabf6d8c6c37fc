//! The tables: per file one row type, the trait that reads it and the trait that changes it.

mod catalog;
mod cluster;
mod features;
mod idempotency;
mod index_fields;
mod keys;
mod lexicons;
mod node_tasks;
mod nodes;
mod replica_groups;
mod sequences;
mod settings_copies;
mod staleness;
mod task_filter;
mod tasks;
mod topology_epochs;
mod webhooks;

pub use catalog::{CatalogRow, ReadCatalog, WriteCatalog};
pub use cluster::{ClusterKey, ReadCluster, WriteCluster};
pub use features::{ReadFeatures, WriteFeatures};
pub use idempotency::{IdempotencyKey, IdempotencyRow, ReadIdempotency, WriteIdempotency};
pub use index_fields::{IndexFieldRow, ReadIndexFields, WriteIndexFields};
pub use keys::{ReadKeys, WriteKeys};
pub use lexicons::{
    LexiconCopy, LexiconPart, LexiconPlace, LexiconRow, LexiconState, ReadLexicons, WriteLexicons,
};
pub use node_tasks::{NodeTaskKey, NodeTaskRow, NodeTaskState, ReadNodeTasks, WriteNodeTasks};
pub use nodes::{NodeHealth, NodeMembership, NodeRow, ReadNodes, WriteNodes};
pub use replica_groups::{GroupState, ReadReplicaGroups, ReplicaGroupRow, WriteReplicaGroups};
pub use sequences::{BATCH_UID, ReadSequences, TASK_UID, WriteSequences};
pub use settings_copies::{
    ReadSettingsCopies, SettingsCopyRow, SettingsState, WriteSettingsCopies,
};
pub use staleness::{ReadStaleness, StaleKey, StaleReason, StaleRow, StaleState, WriteStaleness};
pub(crate) use task_filter::renamed;
pub use task_filter::{
    BatchPage, BatchPageRequest, Span, TaskListFilter, TaskPage, TaskPageRequest,
};
pub use tasks::{ReadTasks, TaskOrigin, TaskRow, WriteTasks};
pub use topology_epochs::{KEPT_EPOCHS, ReadTopologyEpochs, TopologyEpochRow, WriteTopologyEpochs};
pub use webhooks::{ReadWebhooks, TaskEnd, WebhookRow, WriteWebhooks};
