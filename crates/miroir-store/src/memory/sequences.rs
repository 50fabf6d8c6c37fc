//! `sequences` in memory.

use super::Tables;
use crate::Result;
use crate::table::{ReadSequences, WriteSequences};

impl ReadSequences for Tables {
    fn peek(&self, name: &str) -> Result<u64> {
        Ok(self.sequences.get(name).copied().unwrap_or(0))
    }
}

impl WriteSequences for Tables {
    fn next(&mut self, name: &str) -> Result<u64> {
        let number = self.peek(name)?;
        self.sequences.insert(name.to_owned(), number + 1);
        Ok(number)
    }

    fn skip_to(&mut self, name: &str, next: u64) -> Result<()> {
        let next = next.max(self.peek(name)?);
        self.sequences.insert(name.to_owned(), next);
        Ok(())
    }
}
