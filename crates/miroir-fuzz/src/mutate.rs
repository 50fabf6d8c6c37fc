//! Damage: a few small edits to bytes that were fine.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// Edits `bytes` once to four times. `words` are what is worth inserting; `others` are whole inputs to take pieces from.
pub(crate) fn damage(bytes: &mut Vec<u8>, words: &[&str], others: &[&str], random: &mut StdRng) {
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=bytes.len());
        let end = bytes.len().min(at + random.random_range(0..=8));
        match random.random_range(0..7) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.random_range(0..8);
                }
            }
            1 => bytes.insert(at, random.random()),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = random.random_range(0..=bytes.len());
                bytes.splice(to..to, piece);
            }
            4 => bytes.truncate(at),
            5 => {
                let word = words.choose(random).copied().unwrap_or_default();
                bytes.splice(at..at, word.bytes());
            }
            _ => {
                let other = others
                    .choose(random)
                    .copied()
                    .unwrap_or_default()
                    .as_bytes();
                let from = random.random_range(0..=other.len());
                bytes.splice(at..end, other[from..].iter().copied());
            }
        }
    }
}
