//! `index_fields` in memory.

use miroir_core::id::NodeUid;

use super::Tables;
use crate::Result;
use crate::table::{IndexFieldRow, ReadIndexFields, WriteIndexFields};

impl ReadIndexFields for Tables {
    fn all(&self) -> Result<Vec<IndexFieldRow>> {
        Ok(self.index_fields.values().cloned().collect())
    }
}

impl WriteIndexFields for Tables {
    fn append(&mut self, node_uid: &NodeUid, names: &[String]) -> Result<()> {
        let whole = (node_uid.clone(), 0)..=(node_uid.clone(), u32::MAX);
        let last = self.index_fields.range(whole).next_back();
        let first = last.map_or(0, |((_, place), _)| place + 1);
        for (place, name) in (first..).zip(names) {
            let row = IndexFieldRow {
                node_uid: node_uid.clone(),
                place,
                name: name.clone(),
            };
            self.index_fields.insert((node_uid.clone(), place), row);
        }
        Ok(())
    }

    fn forget_index(&mut self, node_uid: &NodeUid) -> Result<usize> {
        Ok(self
            .index_fields
            .remove_where(|row| row.node_uid == *node_uid))
    }
}
