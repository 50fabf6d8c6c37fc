//! `cluster` in memory.

use super::Tables;
use crate::Result;
use crate::table::{ClusterKey, ReadCluster, WriteCluster};

impl ReadCluster for Tables {
    fn get(&self, key: ClusterKey) -> Result<Option<Vec<u8>>> {
        Ok(self.cluster.get(&key).cloned())
    }
}

impl WriteCluster for Tables {
    fn put(&mut self, key: ClusterKey, value: &[u8]) -> Result<()> {
        self.cluster.insert(key, value.to_vec());
        Ok(())
    }
}
