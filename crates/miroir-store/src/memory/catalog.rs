//! `catalog` in memory.

use miroir_core::id::{IndexUid, NodeUid};

use super::Tables;
use crate::table::{CatalogRow, ReadCatalog, WriteCatalog};
use crate::{Result, StoreError};

impl ReadCatalog for Tables {
    fn get(&self, uid: &IndexUid) -> Result<Option<CatalogRow>> {
        Ok(self.catalog.get(uid).cloned())
    }

    fn by_node_uid(&self, node_uid: &NodeUid) -> Result<Option<CatalogRow>> {
        let mut rows = self.catalog.values();
        Ok(rows.find(|row| row.current_node_uid == *node_uid).cloned())
    }

    fn list(&self) -> Result<Vec<CatalogRow>> {
        Ok(self.catalog.values().cloned().collect())
    }
}

impl WriteCatalog for Tables {
    fn put(&mut self, row: &CatalogRow) -> Result<()> {
        let holder = self.by_node_uid(&row.current_node_uid)?;
        if holder.is_some_and(|holder| holder.uid != row.uid) {
            return Err(StoreError::exists("catalog", &row.current_node_uid));
        }
        let mut row = row.clone();
        if let Some(before) = self.catalog.get(&row.uid) {
            row.ids_case_folded &=
                before.ids_case_folded || before.current_node_uid != row.current_node_uid;
            if before.current_node_uid == row.current_node_uid {
                row.frozen_reason.clone_from(&before.frozen_reason);
            }
        }
        self.catalog.insert(row.uid.clone(), row);
        Ok(())
    }

    fn unfold_ids(&mut self, uid: &IndexUid) -> Result<()> {
        if let Some(mut row) = self.catalog.get(uid).cloned() {
            row.ids_case_folded = false;
            self.catalog.insert(uid.clone(), row);
        }
        Ok(())
    }

    fn freeze(&mut self, node_uid: &NodeUid, reason: Option<&str>) -> Result<()> {
        if let Some(mut row) = self.by_node_uid(node_uid)? {
            row.frozen_reason = reason.map(str::to_owned);
            self.catalog.insert(row.uid.clone(), row);
        }
        Ok(())
    }

    fn delete(&mut self, uid: &IndexUid) -> Result<bool> {
        Ok(self.catalog.remove(uid))
    }
}
