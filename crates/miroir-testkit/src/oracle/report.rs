//! What came out.

use serde_json::{Map, Value, json};

use super::{Class, Verdict};
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

impl Mismatch {
    /// Whether nothing but the order of members differs.
    #[must_use]
    pub fn only_order(&self) -> bool {
        self.differences.iter().all(|difference| difference.order)
    }

    fn render(&self, class: Class, text: &mut String) {
        text.push_str(&format!("\n=== {class}: {}\n", self.query));
        for difference in self.differences.iter().take(12) {
            text.push_str(&format!("  {difference}\n"));
        }
        if self.differences.len() > 12 {
            let all = self.differences.len();
            text.push_str(&format!("  ... {all} differences in all\n"));
        }
        text.push_str(&format!(
            "  reference: {}\n  candidate: {}\n",
            self.reference, self.candidate
        ));
    }
}

impl Score {
    pub(super) fn new(class: Class, total: usize) -> Self {
        Self {
            class,
            total,
            answered: 0,
            mismatches: Vec::new(),
        }
    }

    /// Queries whose answers differ in nothing but the order of members.
    #[must_use]
    pub fn only_order(&self) -> usize {
        let only = self.mismatches.iter().filter(|one| one.only_order());
        only.count()
    }

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
    /// The classes that do not reach what their verdict asks for.
    #[must_use]
    pub fn failed(&self) -> Vec<&Score> {
        self.scores
            .iter()
            .filter(|score| score.percent() < score.class.verdict.percent())
            .collect()
    }

    /// One line of JSON for machines.
    #[must_use]
    pub fn summary(&self) -> Value {
        let classes: Map<String, Value> = self
            .scores
            .iter()
            .map(|score| {
                let counts = json!({
                    "identical": score.identical(),
                    "otherOrder": score.only_order(),
                    "total": score.total,
                    "answered": score.answered,
                });
                (score.class.name.to_owned(), counts)
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
            let wanted = score.class.verdict.percent();
            let failed = if percent < wanted { "  FAILED" } else { "" };
            text.push_str(&format!(
                "{:<20} {identical:>5} / {total:<5} {percent:>6.2} % of {wanted:>3} %  ({answered} successes",
                score.class
            ));
            if score.only_order() > 0 {
                text.push_str(&format!(", {} in another order", score.only_order()));
            }
            text.push_str(&format!("){failed}\n"));
        }
        for score in &self.scores {
            // What differs in values says more than what differs in order.
            let mut mismatches: Vec<&Mismatch> = score.mismatches.iter().collect();
            mismatches.sort_by_key(|mismatch| mismatch.only_order());
            for mismatch in mismatches.into_iter().take(shown) {
                mismatch.render(score.class, &mut text);
            }
        }
        text
    }

    /// The table of `docs/exactness.md`, with the figures of this run.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| class | what it asks | must be equal | measured |\n|---|---|---|---|\n",
        );
        for score in &self.scores {
            let wanted = match score.class.verdict {
                Verdict::Exact => "all".to_owned(),
                Verdict::AtLeast(percent, why) => format!("{percent} %: {why}"),
            };
            text.push_str(&format!(
                "| `{}` | {} | {wanted} | {:.2} % of {} |\n",
                score.class,
                score.class.about,
                score.percent(),
                score.total
            ));
        }
        text
    }

    /// Panics with the rendered report when a class fails. For tests.
    pub fn assert_passed(&self) {
        let failed: Vec<&str> = self.failed().iter().map(|score| score.class.name).collect();
        assert!(
            failed.is_empty(),
            "seed {}: {}\n{}",
            self.seed,
            failed.join(", "),
            self.render(2)
        );
    }
}
