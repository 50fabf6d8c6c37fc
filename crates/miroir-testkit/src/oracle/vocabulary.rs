//! The words of the corpus.

use std::collections::BTreeSet;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};

/// Most distinct words of a corpus. Far below every limit that makes an answer depend on a node's dictionary
/// (100 words with one prefix of up to 4 letters, 50 words within two typos).
const MOST_WORDS: usize = 340;
/// Fewest, so that small corpora still have something to say.
const FEWEST_WORDS: usize = 40;

const CONSONANTS: &[&str] = &[
    "b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "st", "tr", "gl",
];
const VOWELS: &[&str] = &["a", "e", "i", "o", "u"];

/// Words of a rich vocabulary: enough of them that prefixes are crowded and derivations are cut.
const RICH_WORDS: std::ops::RangeInclusive<usize> = 3_000..=20_000;

/// Distinct pronounceable words of 4 to 10 letters.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    words: Vec<String>,
    /// How uneven the words are used: 1 is evenly, more prefers the first ones.
    skew: i32,
}

impl Vocabulary {
    /// Words for a corpus of so many documents: few enough that each word occurs in dozens of them.
    pub(super) fn draw(random: &mut StdRng, documents: usize) -> Self {
        Self::of(random, (documents / 2).clamp(FEWEST_WORDS, MOST_WORDS), 1)
    }

    /// Many words, few of them frequent, as in natural texts: what a node knows depends on the documents it has.
    pub(super) fn rich(random: &mut StdRng, documents: usize) -> Self {
        let wanted = (documents * 2).clamp(*RICH_WORDS.start(), *RICH_WORDS.end());
        Self::of(random, wanted, 3)
    }

    fn of(random: &mut StdRng, wanted: usize, skew: i32) -> Self {
        let mut words = BTreeSet::new();
        while words.len() < wanted {
            words.insert(word(random));
        }
        let mut words: Vec<String> = words.into_iter().collect();
        words.shuffle(random);
        Self { words, skew }
    }

    /// Any word.
    pub(super) fn word(&self, random: &mut StdRng) -> &str {
        let place = random.random::<f64>().powi(self.skew);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list of some thousand words"
        )]
        let position = (place * self.words.len() as f64) as usize;
        self.words.get(position).map_or("", String::as_str)
    }

    /// The first words, as a small set of names for tags and the like.
    pub(super) fn names(&self, count: usize) -> &[String] {
        &self.words[..count.min(self.words.len())]
    }

    /// Every word.
    #[cfg(test)]
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }
}

fn word(random: &mut StdRng) -> String {
    let mut word = String::new();
    for _ in 0..random.random_range(2..=4) {
        word.push_str(CONSONANTS.choose(random).unwrap_or(&"b"));
        word.push_str(VOWELS.choose(random).unwrap_or(&"a"));
    }
    if random.random_bool(0.3) {
        word.push_str(["n", "r", "s", "l"].choose(random).unwrap_or(&"n"));
    }
    word.truncate(10);
    word
}

/// The word with one letter replaced, dropped, doubled or swapped with the next; never its first letter, which counts
/// as two typos.
pub(super) fn misspell(word: &str, random: &mut StdRng) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let position = random.random_range(1..letters.len() - 1);
    match random.random_range(0..4) {
        0 => letters[position] = 'x',
        1 => {
            letters.remove(position);
        }
        2 => letters.insert(position, letters[position]),
        _ => letters.swap(position, position + 1),
    }
    letters.into_iter().collect()
}
