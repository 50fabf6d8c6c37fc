//! `lexicons`, `lexicon_words` and `lexicon_copies` in SQLite.

use miroir_core::id::NodeUid;
use rusqlite::{Row, params};

use super::session::{Session, json, text};
use crate::table::{
    LexiconCopy, LexiconPart, LexiconPlace, LexiconRow, ReadLexicons, WriteLexicons,
};
use crate::{Result, StoreError};

impl ReadLexicons for Session<'_> {
    fn list(&self) -> Result<Vec<LexiconRow>> {
        Session::all(
            self,
            "SELECT node_uid, index_uid, state, rules, scanned FROM lexicons ORDER BY node_uid",
            [],
            |row| {
                Ok(LexiconRow {
                    node_uid: text(row, 0)?,
                    index_uid: text(row, 1)?,
                    state: text(row, 2)?,
                    rules: json(row, 3)?,
                    scanned: row.get(4)?,
                })
            },
        )
    }

    fn words(&self, node_uid: &NodeUid, first: u32, end: u32) -> Result<Vec<LexiconPart>> {
        Session::all(
            self,
            "SELECT document, part, field, words FROM lexicon_words
             WHERE node_uid = ?1 AND document >= ?2 AND document < ?3 ORDER BY document, part",
            params![node_uid.as_str(), first, end],
            |row| {
                Ok(LexiconPart {
                    place: place(row, 0)?,
                    field: row.get(2)?,
                    words: json(row, 3)?,
                })
            },
        )
    }

    fn copies(&self, node_uid: &NodeUid) -> Result<Vec<LexiconCopy>> {
        Session::all(
            self,
            "SELECT node_id, document, part, documents FROM lexicon_copies
             WHERE node_uid = ?1 ORDER BY node_id",
            [node_uid.as_str()],
            |row| {
                Ok(LexiconCopy {
                    node_id: text(row, 0)?,
                    next: place(row, 1)?,
                    documents: row.get(3)?,
                })
            },
        )
    }
}

impl WriteLexicons for Session<'_> {
    fn put(&mut self, row: &LexiconRow) -> Result<()> {
        self.execute(
            "INSERT INTO lexicons (node_uid, index_uid, state, rules, scanned) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (node_uid) DO UPDATE SET
                index_uid = excluded.index_uid, state = excluded.state, rules = excluded.rules,
                scanned = excluded.scanned",
            params![
                row.node_uid.as_str(),
                row.index_uid.as_str(),
                row.state.as_str(),
                row.rules.as_str(),
                row.scanned
            ],
        )?;
        Ok(())
    }

    fn append(&mut self, node_uid: &NodeUid, part: &LexiconPart) -> Result<()> {
        let LexiconPlace {
            document,
            part: number,
        } = part.place;
        let taken = self.one(
            "SELECT 1 FROM lexicon_words WHERE node_uid = ?1 AND document = ?2 AND part = ?3",
            params![node_uid.as_str(), document, number],
            |_| Ok(()),
        )?;
        if taken.is_some() {
            let place = format!("{node_uid}/{document}/{number}");
            return Err(StoreError::exists("lexicon_words", place));
        }
        self.put_child(
            "lexicons",
            node_uid,
            "INSERT INTO lexicon_words (node_uid, document, part, field, words) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                node_uid.as_str(),
                document,
                number,
                part.field,
                part.words.as_str()
            ],
        )
    }

    fn put_copy(&mut self, node_uid: &NodeUid, copy: &LexiconCopy) -> Result<()> {
        self.put_child(
            "lexicons",
            node_uid,
            "INSERT INTO lexicon_copies (node_uid, node_id, document, part, documents) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (node_uid, node_id) DO UPDATE SET
                document = excluded.document, part = excluded.part, documents = excluded.documents",
            params![
                node_uid.as_str(),
                copy.node_id.as_str(),
                copy.next.document,
                copy.next.part,
                copy.documents
            ],
        )
    }

    fn clear(&mut self, node_uid: &NodeUid) -> Result<()> {
        self.execute(
            "DELETE FROM lexicon_words WHERE node_uid = ?1",
            [node_uid.as_str()],
        )?;
        self.execute(
            "UPDATE lexicon_copies SET document = 0, part = 0 WHERE node_uid = ?1",
            [node_uid.as_str()],
        )?;
        Ok(())
    }

    fn remove(&mut self, node_uid: &NodeUid) -> Result<bool> {
        let removed = self.execute(
            "DELETE FROM lexicons WHERE node_uid = ?1",
            [node_uid.as_str()],
        )?;
        Ok(removed > 0)
    }
}

fn place(row: &Row<'_>, column: usize) -> rusqlite::Result<LexiconPlace> {
    Ok(LexiconPlace {
        document: row.get(column)?,
        part: row.get(column + 1)?,
    })
}
