//! `lexicons`, `lexicon_words`, `lexicon_copies`: the vocabulary of the indexes in exact dictionary mode.

use miroir_core::id::{IndexUid, NodeId, NodeUid};

use crate::text::text_enum;
use crate::{Json, Result};

text_enum! {
    /// What is being done about a lexicon.
    LexiconState {
        /// The documents that were there before are read for their words.
        Scanning => "scanning",
        /// Every document's words are in it.
        Current => "current",
        /// The mode was switched off: the nodes' lexicon documents are being deleted.
        Removing => "removing",
    }
}

/// The lexicon of one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexiconRow {
    pub node_uid: NodeUid,
    pub index_uid: IndexUid,
    pub state: LexiconState,
    /// What the words were gathered by.
    pub rules: Json,
    /// While scanning: how many shards have been read, in their order.
    pub scanned: u16,
}

/// A place in a lexicon: part `part` of document `document`. Documents and parts count from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LexiconPlace {
    pub document: u32,
    pub part: u32,
}

/// Some words of one field of a lexicon document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexiconPart {
    pub place: LexiconPlace,
    pub field: String,
    /// A list of texts.
    pub words: Json,
}

/// How much of a lexicon a node has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexiconCopy {
    pub node_id: NodeId,
    /// It has every part before this place.
    pub next: LexiconPlace,
    /// Lexicon documents with this number or a higher one were never sent to it.
    pub documents: u32,
}

pub trait ReadLexicons {
    /// Every lexicon, by node uid.
    fn list(&self) -> Result<Vec<LexiconRow>>;

    /// The parts of the documents `first..end`, in their order.
    fn words(&self, node_uid: &NodeUid, first: u32, end: u32) -> Result<Vec<LexiconPart>>;

    /// What each node has of a lexicon, by node id. Nodes that were never sent anything are missing.
    fn copies(&self, node_uid: &NodeUid) -> Result<Vec<LexiconCopy>>;
}

pub trait WriteLexicons: ReadLexicons {
    /// Adds a lexicon, or changes what is known of it besides its words.
    fn put(&mut self, row: &LexiconRow) -> Result<()>;

    /// Adds a part.
    ///
    /// # Errors
    /// `Missing` without its lexicon, `Exists` if its place is taken.
    fn append(&mut self, node_uid: &NodeUid, part: &LexiconPart) -> Result<()>;

    /// Adds or replaces what is known of a node's copy; `Missing` without the lexicon.
    fn put_copy(&mut self, node_uid: &NodeUid, copy: &LexiconCopy) -> Result<()>;

    /// Forgets every word: no node has any of those that will come. How many documents each was sent stays known.
    fn clear(&mut self, node_uid: &NodeUid) -> Result<()>;

    /// Forgets a lexicon with everything about it; false if there was none.
    fn remove(&mut self, node_uid: &NodeUid) -> Result<bool>;
}
