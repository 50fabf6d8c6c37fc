//! `replica_groups` in memory.

use miroir_core::id::GroupId;

use super::Tables;
use crate::Result;
use crate::table::{ReadReplicaGroups, ReplicaGroupRow, WriteReplicaGroups};

impl ReadReplicaGroups for Tables {
    fn get(&self, id: GroupId) -> Result<Option<ReplicaGroupRow>> {
        Ok(self.replica_groups.get(&id).cloned())
    }

    fn list(&self) -> Result<Vec<ReplicaGroupRow>> {
        Ok(self.replica_groups.values().cloned().collect())
    }
}

impl WriteReplicaGroups for Tables {
    fn put(&mut self, row: &ReplicaGroupRow) -> Result<()> {
        self.replica_groups.insert(row.id, row.clone());
        Ok(())
    }

    fn delete(&mut self, id: GroupId) -> Result<bool> {
        Ok(self.replica_groups.remove(&id))
    }
}
