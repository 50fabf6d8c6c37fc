//! A set of shards as a bitset.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Shard, ShardCount, write_ids};

const WORD_BITS: usize = 64;
/// Words held without an allocation: enough for 256 shards, which is a fleet of 32 nodes.
const INLINE_WORDS: usize = 4;

/// A set of shards; small and cheap to copy, because every leg of every request carries one.
///
/// Prints as `3,7,11`, ascending, with `,+<n more>` after the first 100; serialises as an ascending list of numbers.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardSet {
    inline: [u64; INLINE_WORDS],
    /// Words after the inline ones. Never ends in a zero word, so equal sets have equal representations.
    rest: Vec<u64>,
}

impl ShardSet {
    pub fn new() -> Self {
        Self::default()
    }

    /// Every shard of an index with `count` shards.
    pub fn full(count: ShardCount) -> Self {
        let count = usize::from(count.get());
        let mut set = Self::new();
        for word in 0..count.div_ceil(WORD_BITS) {
            let bits = (count - word * WORD_BITS).min(WORD_BITS);
            *set.word_mut(word) = u64::MAX >> (WORD_BITS - bits);
        }
        set
    }

    /// Adds a shard; false if it was there already.
    pub fn insert(&mut self, shard: Shard) -> bool {
        let (word, bit) = position(shard);
        let word = self.word_mut(word);
        let added = *word & bit == 0;
        *word |= bit;
        added
    }

    /// Takes a shard out; false if it was not there.
    pub fn remove(&mut self, shard: Shard) -> bool {
        let present = self.contains(shard);
        if present {
            let (word, bit) = position(shard);
            *self.word_mut(word) &= !bit;
            self.normalise();
        }
        present
    }

    pub fn contains(&self, shard: Shard) -> bool {
        let (word, bit) = position(shard);
        self.word(word) & bit != 0
    }

    pub fn len(&self) -> usize {
        self.words().map(|word| word.count_ones() as usize).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.words().all(|word| word == 0)
    }

    /// The smallest shard.
    pub fn first(&self) -> Option<Shard> {
        self.iter().next()
    }

    /// The shards, ascending.
    pub fn iter(&self) -> ShardIter<'_> {
        ShardIter {
            set: self,
            word: 0,
            bits: self.word(0),
        }
    }

    pub fn is_subset(&self, other: &Self) -> bool {
        self.words()
            .enumerate()
            .all(|(position, word)| word & !other.word(position) == 0)
    }

    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.words()
            .enumerate()
            .all(|(position, word)| word & other.word(position) == 0)
    }

    /// Shards of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (mut longer, shorter) = if self.rest.len() < other.rest.len() {
            (other.clone(), self)
        } else {
            (self.clone(), other)
        };
        longer.extend_words(shorter, |word, added| word | added);
        longer
    }

    /// Shards of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut set = self.clone();
        set.rest.truncate(other.rest.len());
        set.extend_words(other, |word, kept| word & kept);
        set.normalise();
        set
    }

    /// Shards of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut set = self.clone();
        set.extend_words(other, |word, removed| word & !removed);
        set.normalise();
        set
    }

    /// Applies `combine` to the words that both sets have; callers see to the others.
    fn extend_words(&mut self, other: &Self, combine: impl Fn(u64, u64) -> u64) {
        let own = self.inline.iter_mut().chain(self.rest.iter_mut());
        for (word, other) in own.zip(other.words()) {
            *word = combine(*word, other);
        }
    }

    fn words(&self) -> impl Iterator<Item = u64> + '_ {
        self.inline.iter().chain(self.rest.iter()).copied()
    }

    fn word(&self, position: usize) -> u64 {
        let word = self
            .inline
            .get(position)
            .or_else(|| self.rest.get(position - INLINE_WORDS));
        word.copied().unwrap_or(0)
    }

    fn word_mut(&mut self, position: usize) -> &mut u64 {
        if position < INLINE_WORDS {
            return &mut self.inline[position];
        }
        let position = position - INLINE_WORDS;
        if position >= self.rest.len() {
            self.rest.resize(position + 1, 0);
        }
        &mut self.rest[position]
    }

    fn normalise(&mut self) {
        while self.rest.last() == Some(&0) {
            self.rest.pop();
        }
    }
}

fn position(shard: Shard) -> (usize, u64) {
    (shard.index() / WORD_BITS, 1 << (shard.index() % WORD_BITS))
}

/// The shards of a [`ShardSet`], ascending.
#[derive(Debug, Clone)]
pub struct ShardIter<'a> {
    set: &'a ShardSet,
    word: usize,
    bits: u64,
}

impl Iterator for ShardIter<'_> {
    type Item = Shard;

    fn next(&mut self) -> Option<Shard> {
        while self.bits == 0 {
            self.word += 1;
            if self.word >= INLINE_WORDS + self.set.rest.len() {
                return None;
            }
            self.bits = self.set.word(self.word);
        }
        let bit = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        let shard =
            u16::try_from(self.word * WORD_BITS + bit).expect("a set holds only u16 shards");
        Some(Shard(shard))
    }
}

impl<'a> IntoIterator for &'a ShardSet {
    type Item = Shard;
    type IntoIter = ShardIter<'a>;

    fn into_iter(self) -> ShardIter<'a> {
        self.iter()
    }
}

impl FromIterator<Shard> for ShardSet {
    fn from_iter<I: IntoIterator<Item = Shard>>(shards: I) -> Self {
        let mut set = Self::new();
        set.extend(shards);
        set
    }
}

impl Extend<Shard> for ShardSet {
    fn extend<I: IntoIterator<Item = Shard>>(&mut self, shards: I) {
        for shard in shards {
            self.insert(shard);
        }
    }
}

impl From<Shard> for ShardSet {
    fn from(shard: Shard) -> Self {
        Self::from_iter([shard])
    }
}

impl fmt::Display for ShardSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ids(f, self.iter(), self.len())
    }
}

impl fmt::Debug for ShardSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|shard| shard.0))
            .finish()
    }
}

impl Serialize for ShardSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de> Deserialize<'de> for ShardSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Shard>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}
