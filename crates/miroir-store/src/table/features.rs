//! `features`: the experimental features that clients have switched, by a server's names.

use std::collections::BTreeMap;

use crate::Result;

pub trait ReadFeatures {
    /// Those that were ever switched, and whether they are on.
    fn switches(&self) -> Result<BTreeMap<String, bool>>;
}

pub trait WriteFeatures: ReadFeatures {
    fn switch(&mut self, name: &str, enabled: bool) -> Result<()>;
}
