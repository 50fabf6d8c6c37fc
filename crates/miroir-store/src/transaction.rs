//! The two views of a store: one consistent snapshot to read, or one atomic change.

use crate::table::{
    ReadCatalog, ReadCluster, ReadFeatures, ReadIdempotency, ReadIndexFields, ReadKeys,
    ReadLexicons, ReadNodeTasks, ReadNodes, ReadReplicaGroups, ReadSequences, ReadSettingsCopies,
    ReadStaleness, ReadTasks, ReadTopologyEpochs, ReadWebhooks, WriteCatalog, WriteCluster,
    WriteFeatures, WriteIdempotency, WriteIndexFields, WriteKeys, WriteLexicons, WriteNodeTasks,
    WriteNodes, WriteReplicaGroups, WriteSequences, WriteSettingsCopies, WriteStaleness,
    WriteTasks, WriteTopologyEpochs, WriteWebhooks,
};

/// One consistent snapshot of every table.
pub trait ReadTransaction {
    fn cluster(&self) -> &dyn ReadCluster;
    fn sequences(&self) -> &dyn ReadSequences;
    fn catalog(&self) -> &dyn ReadCatalog;
    fn keys(&self) -> &dyn ReadKeys;
    fn nodes(&self) -> &dyn ReadNodes;
    fn replica_groups(&self) -> &dyn ReadReplicaGroups;
    fn topology_epochs(&self) -> &dyn ReadTopologyEpochs;
    fn tasks(&self) -> &dyn ReadTasks;
    fn node_tasks(&self) -> &dyn ReadNodeTasks;
    fn staleness(&self) -> &dyn ReadStaleness;
    fn index_fields(&self) -> &dyn ReadIndexFields;
    fn lexicons(&self) -> &dyn ReadLexicons;
    fn features(&self) -> &dyn ReadFeatures;
    fn webhooks(&self) -> &dyn ReadWebhooks;
    fn settings_copies(&self) -> &dyn ReadSettingsCopies;
    fn idempotency(&self) -> &dyn ReadIdempotency;
}

/// One change of any number of tables, kept whole or not at all. It sees its own writes, and nobody else's in between.
pub trait Transaction {
    /// The same transaction for functions that only read.
    fn reading(&self) -> &dyn ReadTransaction;

    fn cluster(&mut self) -> &mut dyn WriteCluster;
    fn sequences(&mut self) -> &mut dyn WriteSequences;
    fn catalog(&mut self) -> &mut dyn WriteCatalog;
    fn keys(&mut self) -> &mut dyn WriteKeys;
    fn nodes(&mut self) -> &mut dyn WriteNodes;
    fn replica_groups(&mut self) -> &mut dyn WriteReplicaGroups;
    fn topology_epochs(&mut self) -> &mut dyn WriteTopologyEpochs;
    fn tasks(&mut self) -> &mut dyn WriteTasks;
    fn node_tasks(&mut self) -> &mut dyn WriteNodeTasks;
    fn staleness(&mut self) -> &mut dyn WriteStaleness;
    fn index_fields(&mut self) -> &mut dyn WriteIndexFields;
    fn lexicons(&mut self) -> &mut dyn WriteLexicons;
    fn features(&mut self) -> &mut dyn WriteFeatures;
    fn webhooks(&mut self) -> &mut dyn WriteWebhooks;
    fn settings_copies(&mut self) -> &mut dyn WriteSettingsCopies;
    fn idempotency(&mut self) -> &mut dyn WriteIdempotency;
}

/// Implements both traits for a type that implements every table's traits.
macro_rules! implement_transactions {
    ($(<$life:lifetime>)? $name:ty) => {
        impl $(<$life>)? $crate::ReadTransaction for $name {
            fn cluster(&self) -> &dyn $crate::table::ReadCluster { self }
            fn sequences(&self) -> &dyn $crate::table::ReadSequences { self }
            fn catalog(&self) -> &dyn $crate::table::ReadCatalog { self }
            fn keys(&self) -> &dyn $crate::table::ReadKeys { self }
            fn nodes(&self) -> &dyn $crate::table::ReadNodes { self }
            fn replica_groups(&self) -> &dyn $crate::table::ReadReplicaGroups { self }
            fn topology_epochs(&self) -> &dyn $crate::table::ReadTopologyEpochs { self }
            fn tasks(&self) -> &dyn $crate::table::ReadTasks { self }
            fn node_tasks(&self) -> &dyn $crate::table::ReadNodeTasks { self }
            fn staleness(&self) -> &dyn $crate::table::ReadStaleness { self }
            fn index_fields(&self) -> &dyn $crate::table::ReadIndexFields { self }
            fn lexicons(&self) -> &dyn $crate::table::ReadLexicons { self }
            fn features(&self) -> &dyn $crate::table::ReadFeatures { self }
            fn webhooks(&self) -> &dyn $crate::table::ReadWebhooks { self }
            fn settings_copies(&self) -> &dyn $crate::table::ReadSettingsCopies { self }
            fn idempotency(&self) -> &dyn $crate::table::ReadIdempotency { self }
        }

        impl $(<$life>)? $crate::Transaction for $name {
            fn reading(&self) -> &dyn $crate::ReadTransaction { self }
            fn cluster(&mut self) -> &mut dyn $crate::table::WriteCluster { self }
            fn sequences(&mut self) -> &mut dyn $crate::table::WriteSequences { self }
            fn catalog(&mut self) -> &mut dyn $crate::table::WriteCatalog { self }
            fn keys(&mut self) -> &mut dyn $crate::table::WriteKeys { self }
            fn nodes(&mut self) -> &mut dyn $crate::table::WriteNodes { self }
            fn replica_groups(&mut self) -> &mut dyn $crate::table::WriteReplicaGroups { self }
            fn topology_epochs(&mut self) -> &mut dyn $crate::table::WriteTopologyEpochs { self }
            fn tasks(&mut self) -> &mut dyn $crate::table::WriteTasks { self }
            fn node_tasks(&mut self) -> &mut dyn $crate::table::WriteNodeTasks { self }
            fn staleness(&mut self) -> &mut dyn $crate::table::WriteStaleness { self }
            fn index_fields(&mut self) -> &mut dyn $crate::table::WriteIndexFields { self }
            fn lexicons(&mut self) -> &mut dyn $crate::table::WriteLexicons { self }
            fn features(&mut self) -> &mut dyn $crate::table::WriteFeatures { self }
            fn webhooks(&mut self) -> &mut dyn $crate::table::WriteWebhooks { self }
            fn settings_copies(&mut self) -> &mut dyn $crate::table::WriteSettingsCopies { self }
            fn idempotency(&mut self) -> &mut dyn $crate::table::WriteIdempotency { self }
        }
    };
}

pub(crate) use implement_transactions;
