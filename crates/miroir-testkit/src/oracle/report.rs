//! What came out.

use serde_json::{Map, Value, json};

use super::Class;
use crate::json::Difference;

/// One query whose answers differ.
#[derive(Debug, Clone)]
pub struct Mismatch {
    /// Method, path and body.
    pub query: String,
    /// The reference's answer as received.
    pub reference: String,
    /// The candidate's answer as received.
    pub candidate: String,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// One class.
#[derive(Debug, Clone)]
pub struct Score {
    /// Which.
    pub class: Class,
    /// Queries asked.
    pub total: usize,
    /// Queries that the reference answered with a success; the others test that errors are equal.
    pub answered: usize,
    /// The queries whose answers differ, in the order of asking.
    pub mismatches: Vec<Mismatch>,
}

impl Score {
    /// Queries whose answers are equal.
    #[must_use]
    pub fn identical(&self) -> usize {
        self.total - self.mismatches.len()
    }

    /// Equal answers in percent; 100 for no query.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of queries are small")]
    pub fn percent(&self) -> f64 {
        if self.total == 0 {
            100.0
        } else {
            100.0 * self.identical() as f64 / self.total as f64
        }
    }
}

/// Every class that was run.
#[derive(Debug, Clone)]
pub struct Report {
    /// The seed, for seeing it again.
    pub seed: u64,
    /// In the order asked for.
    pub scores: Vec<Score>,
}

impl Report {
    /// The classes below a percentage.
    #[must_use]
    pub fn below(&self, percent: f64) -> Vec<&Score> {
        self.scores
            .iter()
            .filter(|score| score.percent() < percent)
            .collect()
    }

    /// One line of JSON for machines.
    #[must_use]
    pub fn summary(&self) -> Value {
        let classes: Map<String, Value> = self
            .scores
            .iter()
            .map(|score| {
                (
                    score.class.name().to_owned(),
                    json!({ "identical": score.identical(), "total": score.total, "answered": score.answered }),
                )
            })
            .collect();
        let identical: usize = self.scores.iter().map(Score::identical).sum();
        let total: usize = self.scores.iter().map(|score| score.total).sum();
        json!({ "seed": self.seed, "identical": identical, "total": total, "classes": classes })
    }

    /// The table of classes, then the first `shown` mismatches of each in full.
    #[must_use]
    pub fn render(&self, shown: usize) -> String {
        let mut text = String::new();
        for score in &self.scores {
            let (identical, total) = (score.identical(), score.total);
            let (percent, answered) = (score.percent(), score.answered);
            text.push_str(&format!(
                "{:<18} {identical:>5} / {total:<5} {percent:>6.2} %  ({answered} successes)\n",
                score.class
            ));
        }
        for score in &self.scores {
            for mismatch in score.mismatches.iter().take(shown) {
                text.push_str(&format!("\n=== {}: {}\n", score.class, mismatch.query));
                for difference in mismatch.differences.iter().take(12) {
                    text.push_str(&format!("  {difference}\n"));
                }
                if mismatch.differences.len() > 12 {
                    text.push_str(&format!(
                        "  ... {} differences in all\n",
                        mismatch.differences.len()
                    ));
                }
                text.push_str(&format!(
                    "  reference: {}\n  candidate: {}\n",
                    mismatch.reference, mismatch.candidate
                ));
            }
        }
        text
    }

    /// Panics with the rendered report when a class is below `percent`. For tests.
    pub fn assert_at_least(&self, percent: f64) {
        let below: Vec<&str> = self
            .below(percent)
            .iter()
            .map(|score| score.class.name())
            .collect();
        assert!(
            below.is_empty(),
            "below {percent} %: {}\n{}",
            below.join(", "),
            self.render(2)
        );
    }
}
