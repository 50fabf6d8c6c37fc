//! How many legs a process may ask twice: a part of all its legs of the last seconds. When every node is slow, asking all of them
//! more would make it worse.

use std::time::Duration;

/// Seconds that are looked back on.
const WINDOW: usize = 10;
/// Hedges that are granted whatever the number of legs.
const BURST: u64 = 50;

#[derive(Debug, Default)]
pub(super) struct Budget {
    seconds: [Second; WINDOW],
}

#[derive(Debug, Default, Clone, Copy)]
struct Second {
    number: u64,
    legs: u64,
    hedges: u64,
}

impl Budget {
    pub(super) fn count(&mut self, now: Duration, legs: usize) {
        self.second(now).legs += legs as u64;
    }

    /// Grants a hedge, or not. At a ratio of 1 there is no bound.
    pub(super) fn take(&mut self, now: Duration, ratio: f64) -> bool {
        let oldest = (now.as_secs() + 1).saturating_sub(WINDOW as u64);
        let recent = self.seconds.iter();
        let recent = recent.filter(|second| second.number >= oldest);
        let (legs, hedges) = recent.fold((0, 0), |(legs, hedges), second| {
            (legs + second.legs, hedges + second.hedges)
        });
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "requests of ten seconds"
        )]
        let part = (legs as f64 * ratio) as u64;
        let granted = ratio >= 1.0 || hedges < part.max(BURST);
        if granted {
            self.second(now).hedges += 1;
        }
        granted
    }

    fn second(&mut self, now: Duration) -> &mut Second {
        let number = now.as_secs();
        let place = usize::try_from(number % WINDOW as u64).expect("a remainder of a small number");
        let second = &mut self.seconds[place];
        if second.number != number {
            *second = Second {
                number,
                ..Second::default()
            };
        }
        second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(budget: &mut Budget, second: u64, asked: usize) -> usize {
        let now = Duration::from_secs(second);
        (0..asked).filter(|_| budget.take(now, 0.5)).count()
    }

    #[test]
    fn hedges_are_a_part_of_the_legs_of_ten_seconds() {
        let mut budget = Budget::default();
        assert_eq!(granted(&mut budget, 0, 80), 50, "the burst");
        budget.count(Duration::from_secs(3), 400);
        assert_eq!(granted(&mut budget, 3, 500), 150, "half of 400 in all");
        assert_eq!(granted(&mut budget, 9, 10), 0);
        assert_eq!(
            granted(&mut budget, 10, 500),
            50,
            "those of second 0 are past"
        );
        assert_eq!(granted(&mut budget, 40, 80), 50, "everything is past");
    }

    #[test]
    fn a_ratio_of_one_is_no_bound() {
        let mut budget = Budget::default();
        assert!((0..1000).all(|_| budget.take(Duration::ZERO, 1.0)));
        assert!(!(0..1000).all(|_| budget.take(Duration::ZERO, 0.0)));
    }
}
