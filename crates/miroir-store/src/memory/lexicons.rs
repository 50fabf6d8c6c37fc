//! `lexicons`, `lexicon_words` and `lexicon_copies` in memory.

use miroir_core::id::NodeUid;

use super::Tables;
use crate::table::{
    LexiconCopy, LexiconPart, LexiconPlace, LexiconRow, ReadLexicons, WriteLexicons,
};
use crate::{Result, StoreError};

impl Tables {
    fn check_lexicon(&self, node_uid: &NodeUid) -> Result<()> {
        if self.lexicons.contains_key(node_uid) {
            return Ok(());
        }
        Err(StoreError::missing("lexicons", node_uid))
    }

    fn lexicon_words(&self, node_uid: &NodeUid, first: u32) -> Vec<LexiconPart> {
        let place = LexiconPlace {
            document: first,
            part: 0,
        };
        self.lexicon_words
            .range((node_uid.clone(), place)..)
            .take_while(|((uid, _), _)| uid == node_uid)
            .map(|(_, part)| part.clone())
            .collect()
    }

    fn remove_lexicon_words(&mut self, node_uid: &NodeUid) {
        for part in self.lexicon_words(node_uid, 0) {
            self.lexicon_words.remove(&(node_uid.clone(), part.place));
        }
    }
}

impl ReadLexicons for Tables {
    fn list(&self) -> Result<Vec<LexiconRow>> {
        Ok(self.lexicons.values().cloned().collect())
    }

    fn words(&self, node_uid: &NodeUid, first: u32, end: u32) -> Result<Vec<LexiconPart>> {
        let mut parts = self.lexicon_words(node_uid, first);
        parts.retain(|part| part.place.document < end);
        Ok(parts)
    }

    fn copies(&self, node_uid: &NodeUid) -> Result<Vec<LexiconCopy>> {
        let copies = self.lexicon_copies.values();
        Ok(copies
            .filter(|(uid, _)| uid == node_uid)
            .map(|(_, copy)| copy.clone())
            .collect())
    }
}

impl WriteLexicons for Tables {
    fn put(&mut self, row: &LexiconRow) -> Result<()> {
        self.lexicons.insert(row.node_uid.clone(), row.clone());
        Ok(())
    }

    fn append(&mut self, node_uid: &NodeUid, part: &LexiconPart) -> Result<()> {
        self.check_lexicon(node_uid)?;
        let key = (node_uid.clone(), part.place);
        if self.lexicon_words.contains_key(&key) {
            let place = format!("{node_uid}/{}/{}", part.place.document, part.place.part);
            return Err(StoreError::exists("lexicon_words", place));
        }
        self.lexicon_words.insert(key, part.clone());
        Ok(())
    }

    fn put_copy(&mut self, node_uid: &NodeUid, copy: &LexiconCopy) -> Result<()> {
        self.check_lexicon(node_uid)?;
        let key = (node_uid.clone(), copy.node_id.clone());
        self.lexicon_copies
            .insert(key, (node_uid.clone(), copy.clone()));
        Ok(())
    }

    fn clear(&mut self, node_uid: &NodeUid) -> Result<()> {
        self.remove_lexicon_words(node_uid);
        for mut copy in ReadLexicons::copies(self, node_uid)? {
            copy.next = LexiconPlace::default();
            self.put_copy(node_uid, &copy)?;
        }
        Ok(())
    }

    fn remove(&mut self, node_uid: &NodeUid) -> Result<bool> {
        self.remove_lexicon_words(node_uid);
        self.lexicon_copies.remove_where(|(uid, _)| uid == node_uid);
        Ok(self.lexicons.remove(node_uid))
    }
}
