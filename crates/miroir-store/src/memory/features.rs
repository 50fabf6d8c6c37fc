//! `features` in memory.

use std::collections::BTreeMap;

use super::Tables;
use crate::Result;
use crate::table::{ReadFeatures, WriteFeatures};

impl ReadFeatures for Tables {
    fn switches(&self) -> Result<BTreeMap<String, bool>> {
        let switches = self.features.range(..);
        Ok(switches.map(|(name, on)| (name.clone(), *on)).collect())
    }
}

impl WriteFeatures for Tables {
    fn switch(&mut self, name: &str, enabled: bool) -> Result<()> {
        self.features.insert(name.to_owned(), enabled);
        Ok(())
    }
}
