//! Two ordered lists into one, by places alone.

use std::collections::HashMap;

/// A hit by its place in one of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Vector(usize),
    Words(usize),
}

/// Merges two lists of these lengths as they stand: neither list changes its own order. `vector_first` is asked about the
/// heads of both.
pub(super) fn convex(
    vector: usize,
    words: usize,
    mut vector_first: impl FnMut(usize, usize) -> bool,
) -> Vec<Origin> {
    let mut merged = Vec::with_capacity(vector + words);
    let (mut next_vector, mut next_words) = (0, 0);
    while next_vector < vector && next_words < words {
        if vector_first(next_vector, next_words) {
            merged.push(Origin::Vector(next_vector));
            next_vector += 1;
        } else {
            merged.push(Origin::Words(next_words));
            next_words += 1;
        }
    }
    merged.extend((next_vector..vector).map(Origin::Vector));
    merged.extend((next_words..words).map(Origin::Words));
    merged
}

/// Orders the documents of two lists by the sum of `1 / (constant + rank)`, ranks from 1. A document that is in both is shown
/// as found by its vector; so is, of two with the same sum, the one that goes first.
pub(super) fn by_ranks(vector: &[&str], words: &[&str], constant: u32) -> Vec<Origin> {
    let part = |at: usize| 1.0 / (f64::from(constant) + at as f64 + 1.0);
    let mut scored: Vec<(f64, Origin)> = Vec::with_capacity(vector.len() + words.len());
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(vector.len());
    for (at, id) in vector.iter().enumerate() {
        places.entry(id).or_insert(scored.len());
        scored.push((part(at), Origin::Vector(at)));
    }
    for (at, id) in words.iter().enumerate() {
        match places.get(id) {
            Some(place) => scored[*place].0 += part(at),
            None => scored.push((part(at), Origin::Words(at))),
        }
    }
    scored.sort_by(|left, right| right.0.total_cmp(&left.0));
    scored.into_iter().map(|(_, origin)| origin).collect()
}
