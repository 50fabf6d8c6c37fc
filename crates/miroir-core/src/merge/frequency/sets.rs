//! Which words of a query a document may miss.

use std::cmp::Reverse;

/// More lists than this for one query are too many: then whole frequencies go at once, the highest first.
const MOST_LISTS: usize = 64;

/// The words that a list demands, by their positions in the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept(u16);

impl Kept {
    /// Whether the word at this position is demanded.
    pub fn has(self, position: usize) -> bool {
        (self.0 >> position) & 1 == 1
    }

    /// Whether all of so many words are demanded.
    pub fn has_all(self, words: usize) -> bool {
        self.len() == words
    }

    /// How many words are demanded.
    pub(super) fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether a word is missing before one that is demanded.
    pub(super) fn has_hole(self) -> bool {
        self.0 & (self.0 + 1) != 0
    }

    /// Words that are demanded next to each other.
    pub(super) fn pairs(self) -> u32 {
        (self.0 & (self.0 >> 1)).count_ones()
    }
}

/// The sets of words to demand, by how many words are missing, from none to all that may be; the last level has one set,
/// which is what any document must have.
///
/// The most frequent words may be missing first, those that no document has before them, and the rarest never. A word
/// that is missing takes with it the more frequent words that stand behind it, but not those before it: they were gone through
/// when it was left out (`cheapest_paths` in milli).
pub fn levels(frequencies: &[u64]) -> Vec<Vec<Kept>> {
    let weight = |frequency: &u64| match frequency {
        0 => u64::MAX,
        some => *some,
    };
    let weights: Vec<u64> = frequencies.iter().map(weight).collect();
    let rarest = weights.iter().min().copied().unwrap_or_default();
    let positions = || 0..weights.len();
    // Whether `other` may stay, or is gone too, once `gone` is.
    let goes_with = |kept: Kept, gone: usize, other: usize| {
        other < gone || weights[other] <= weights[gone] || !kept.has(other)
    };
    let is_allowed = |kept: &Kept| {
        positions().filter(|gone| !kept.has(*gone)).all(|gone| {
            weights[gone] > rarest && positions().all(|other| goes_with(*kept, gone, other))
        })
    };
    let mut sets: Vec<Kept> = (0..1 << weights.len())
        .map(Kept)
        .filter(is_allowed)
        .collect();
    if sets.len() > MOST_LISTS {
        let weights_of = |is_kept: bool, kept: Kept| {
            let these = positions().filter(move |position| kept.has(*position) == is_kept);
            these.map(|position| weights[position])
        };
        sets.retain(|kept| {
            weights_of(false, *kept)
                .min()
                .is_none_or(|least| weights_of(true, *kept).all(|weight| weight < least))
        });
    }
    // Of two sets, a server goes first through the one that misses the earlier word.
    sets.sort_by_key(|kept| (Reverse(kept.len()), kept.0.reverse_bits()));
    sets.chunk_by(|one, other| one.len() == other.len())
        .map(<[Kept]>::to_vec)
        .collect()
}

/// The sets of at least one of `words` words, those with most words first.
pub(super) fn all(words: usize) -> Vec<Kept> {
    let mut sets: Vec<Kept> = (1..1 << words).map(Kept).collect();
    sets.sort_by_key(|kept| Reverse(kept.len()));
    sets
}

/// The sets of some of `words` words with the first one and at least one behind the first `known` and the next, those with most
/// words first.
pub(super) fn with_first_and_after(words: usize, known: usize) -> Vec<Kept> {
    let all_but_all = (0..1 << words).map(Kept).take((1 << words) - 1);
    let mut sets: Vec<Kept> = all_but_all
        .filter(|kept| kept.has(0) && (known + 1..words).any(|position| kept.has(position)))
        .collect();
    sets.sort_by_key(|kept| Reverse(kept.len()));
    sets
}
