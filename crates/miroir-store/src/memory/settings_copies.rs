//! `settings_copies` in memory.

use miroir_core::id::NodeUid;

use super::Tables;
use crate::Result;
use crate::table::{ReadSettingsCopies, SettingsCopyRow, WriteSettingsCopies};

impl ReadSettingsCopies for Tables {
    fn all(&self) -> Result<Vec<SettingsCopyRow>> {
        Ok(self.settings_copies.values().cloned().collect())
    }
}

impl WriteSettingsCopies for Tables {
    fn put(&mut self, row: &SettingsCopyRow) -> Result<()> {
        let key = (row.node_uid.clone(), row.node_id.clone());
        self.settings_copies.insert(key, row.clone());
        Ok(())
    }

    fn forget_index(&mut self, node_uid: &NodeUid) -> Result<usize> {
        Ok(self
            .settings_copies
            .remove_where(|row| row.node_uid == *node_uid))
    }
}
