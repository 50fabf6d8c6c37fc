//! What is known of a lexicon in memory, and every decision about it.

use std::collections::{BTreeMap, HashSet};
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use miroir_core::id::NodeId;
use miroir_core::lexicon::{Extractor, MOST_POSITIONS, Rules, positions, word_hash};
use miroir_store::table::{LexiconCopy, LexiconPart, LexiconPlace, LexiconRow, LexiconState};
use miroir_store::{Json, StoreError};
use serde_json::value::RawValue;

/// Documents that a node is sent at once: about 16 KiB each.
const DELIVERED_AT_ONCE: u32 = 32;

/// What is known of a lexicon.
pub(super) struct State {
    pub(super) row: LexiconRow,
    pub(super) rules: Arc<Rules>,
    /// Counts new beginnings; what was begun before the last one is void.
    pub(super) generation: u64,
    /// Hashes of the words.
    pub(super) known: HashSet<u64>,
    /// Where the next part goes.
    pub(super) end: LexiconPlace,
    /// What the last document holds.
    pub(super) positions: usize,
    pub(super) is_full: bool,
    pub(super) copies: BTreeMap<NodeId, LexiconCopy>,
    /// How often each node was distrusted. What it was sent before the last time counts for nothing.
    pub(super) distrusts: BTreeMap<NodeId, u64>,
    /// The documents are being read for their words right now.
    pub(super) is_scanned: bool,
}

/// What a node is to be told next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) generation: u64,
    /// How often the node had been distrusted.
    pub(super) distrusts: u64,
    pub(super) rules: Arc<Rules>,
    /// How many documents there are; the last of them may still grow.
    pub(super) documents: u32,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// These documents as they are now.
    Send(Range<u32>),
    /// These documents go away.
    Delete(Range<u32>),
}

/// What an operator sees of a lexicon.
pub(super) struct Summary {
    pub(super) state: LexiconState,
    pub(super) words: usize,
    pub(super) documents: u32,
    pub(super) is_full: bool,
}

impl State {
    /// A lexicon without words.
    pub(super) fn new(row: LexiconRow) -> Result<Self, StoreError> {
        let rules = row.rules.parse()?;
        Ok(Self::with(row, rules))
    }

    fn with(row: LexiconRow, rules: Rules) -> Self {
        Self {
            row,
            rules: Arc::new(rules),
            generation: 0,
            known: HashSet::new(),
            end: LexiconPlace::default(),
            positions: 0,
            is_full: false,
            copies: BTreeMap::new(),
            distrusts: BTreeMap::new(),
            is_scanned: false,
        }
    }

    /// Words by field, each once.
    pub(super) fn unknown<'d>(
        &self,
        documents: impl Iterator<Item = &'d RawValue>,
    ) -> BTreeMap<String, Vec<String>> {
        let mut extractor = Extractor::new(&self.rules);
        let mut seen = HashSet::new();
        let mut new: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for document in documents {
            extractor.document(document, &mut |field, word| {
                let hash = word_hash(field, word);
                if self.known.contains(&hash) || !seen.insert(hash) {
                    return;
                }
                match new.get_mut(field) {
                    Some(words) => words.push(word.to_owned()),
                    None => {
                        new.insert(field.to_owned(), vec![word.to_owned()]);
                    }
                }
            });
        }
        new
    }

    /// The same lexicon without words, to be gathered by `rules`. `emptied`: the nodes lose what they were sent.
    pub(super) fn renewed(&self, rules: Rules, emptied: bool) -> Self {
        let row = LexiconRow {
            state: LexiconState::Scanning,
            rules: Json::of(&rules),
            scanned: 0,
            ..self.row.clone()
        };
        let mut copies = self.copies.clone();
        for copy in copies.values_mut() {
            copy.next = LexiconPlace::default();
            if emptied {
                copy.documents = 0;
            }
        }
        Self {
            generation: self.generation + 1,
            copies,
            ..Self::with(row, rules)
        }
    }

    /// A part that is stored already.
    pub(super) fn take_over(&mut self, part: &LexiconPart) -> Result<(), StoreError> {
        if part.place.document != self.end.document {
            self.positions = 0;
        }
        for word in part.words.parse::<Vec<String>>()? {
            self.positions += positions(&word);
            self.known.insert(word_hash(&part.field, &word));
        }
        self.end = LexiconPlace {
            document: part.place.document,
            part: part.place.part + 1,
        };
        Ok(())
    }

    /// Where new words go: their parts, their hashes, and the end and the fill of the last document after them.
    pub(super) fn lay_out(
        &mut self,
        new: BTreeMap<String, Vec<String>>,
        max_words: usize,
    ) -> (Vec<LexiconPart>, Vec<u64>, LexiconPlace, usize) {
        let (mut place, mut used) = (self.end, self.positions);
        let (mut parts, mut hashes) = (Vec::new(), Vec::new());
        for (field, words) in new {
            let mut part = Vec::new();
            let mut close = |part: &mut Vec<String>, place: &mut LexiconPlace| {
                if !part.is_empty() {
                    parts.push(LexiconPart {
                        place: *place,
                        field: field.clone(),
                        words: Json::of(&mem::take(part)),
                    });
                    place.part += 1;
                }
            };
            for word in words {
                if self.known.len() + hashes.len() >= max_words {
                    self.say_full(max_words);
                    break;
                }
                let needed = positions(&word);
                if used > 0 && used + needed > MOST_POSITIONS {
                    close(&mut part, &mut place);
                    place = LexiconPlace {
                        document: place.document + 1,
                        part: 0,
                    };
                    used = 0;
                }
                used += needed;
                hashes.push(word_hash(&field, &word));
                part.push(word);
            }
            close(&mut part, &mut place);
        }
        (parts, hashes, place, used)
    }

    fn say_full(&mut self, max_words: usize) {
        if !mem::replace(&mut self.is_full, true) {
            tracing::warn!(
                index = %self.row.index_uid,
                max_words,
                "the index has more words than exact_dictionary.max_words; those beyond stay where their documents are"
            );
        }
    }

    /// How many documents hold the words.
    pub(super) fn documents(&self) -> u32 {
        self.end.document + u32::from(self.end.part > 0)
    }

    pub(super) fn distrusts(&self, node: &NodeId) -> u64 {
        self.distrusts.get(node).copied().unwrap_or_default()
    }

    /// What a node is to be told next; `None` when it has everything.
    pub(super) fn job(&self, node: &NodeId) -> Option<Job> {
        Some(Job {
            generation: self.generation,
            distrusts: self.distrusts(node),
            rules: self.rules.clone(),
            documents: self.documents(),
            what: self.lacking(node)?,
        })
    }

    pub(super) fn lacking(&self, node: &NodeId) -> Option<What> {
        let copy = self.copies.get(node);
        let (next, sent) = copy.map_or((LexiconPlace::default(), 0), |copy| {
            (copy.next, copy.documents)
        });
        let needed = match self.row.state {
            LexiconState::Removing => 0,
            LexiconState::Scanning | LexiconState::Current => self.documents(),
        };
        // Before all words are known, documents that seem too many may yet be filled again.
        if sent > needed && self.row.state != LexiconState::Scanning {
            return Some(What::Delete(needed..sent));
        }
        let first = next.document;
        let is_behind = needed > 0 && next < self.end;
        is_behind.then(|| What::Send(first..needed.min(first + DELIVERED_AT_ONCE)))
    }
}

#[cfg(test)]
mod tests;
