//! Choices that are the same everywhere and for ever. A library's generator may change with its version; this one must
//! not, because tutorials quote what the corpus contains.

/// A small generator (splitmix64) for one movie.
pub(super) struct Draw {
    state: u64,
}

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            // Another factor than the step below, or each movie would repeat the one before it, shifted.
            state: seed.wrapping_mul(0xD605_BBB5_8C8A_BBFD),
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// True in so many of a hundred cases.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of `values`, which must not be empty.
    pub(super) fn one<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        let most = values.len() as u64 - 1;
        let position = self.between(0, most);
        &values[usize::try_from(position).expect("a position in a slice fits")]
    }

    /// `count` different ones of `values`, in the order of drawing; all of them when there are fewer.
    pub(super) fn several<'a, T: PartialEq>(&mut self, values: &'a [T], count: u64) -> Vec<&'a T> {
        let mut drawn = Vec::new();
        while (drawn.len() as u64) < count && drawn.len() < values.len() {
            let value = self.one(values);
            if !drawn.contains(&value) {
                drawn.push(value);
            }
        }
        drawn
    }
}
