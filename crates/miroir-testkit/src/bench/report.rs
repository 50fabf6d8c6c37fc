//! What a scenario has measured, and whether that is enough.

use serde_json::{Map, Value, json};

/// One measured number, and the limit it has to keep if there is one.
#[derive(Debug, Clone)]
pub struct Figure {
    /// With its unit, as `added_p50_us`.
    pub name: &'static str,
    pub value: f64,
    pub limit: Option<Limit>,
}

/// What a figure has to keep.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Limit {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

/// All figures of one scenario.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub scenario: String,
    pub figures: Vec<Figure>,
    /// What could not be measured here, and why.
    pub left_out: Vec<String>,
}

impl Report {
    pub(super) fn new(scenario: &str) -> Self {
        Self {
            scenario: scenario.to_owned(),
            ..Self::default()
        }
    }

    /// A number that nothing depends on.
    pub(super) fn figure(&mut self, name: &'static str, value: f64) {
        self.figures.push(Figure {
            name,
            value,
            limit: None,
        });
    }

    pub(super) fn limited(&mut self, name: &'static str, value: f64, limit: Limit) {
        self.figures.push(Figure {
            name,
            value,
            limit: Some(limit),
        });
    }

    /// Whether every limit is kept.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.figures
            .iter()
            .all(|figure| figure.limit.is_none_or(|limit| limit.holds(figure.value)))
    }

    /// One line of JSON.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = Map::new();
        line.insert("scenario".to_owned(), json!(self.scenario));
        let verdict = if self.is_ok() { "ok" } else { "short" };
        line.insert("verdict".to_owned(), json!(verdict));
        for figure in &self.figures {
            line.insert(figure.name.to_owned(), rounded(figure.value));
        }
        let limits: Map<String, Value> = self
            .figures
            .iter()
            .filter_map(|figure| {
                let (word, value) = match figure.limit? {
                    Limit::AtMost(value) => ("at_most", value),
                    Limit::AtLeast(value) => ("at_least", value),
                };
                Some((figure.name.to_owned(), json!({ word: value })))
            })
            .collect();
        line.insert("limits".to_owned(), Value::Object(limits));
        if !self.left_out.is_empty() {
            line.insert("left_out".to_owned(), json!(self.left_out));
        }
        Value::Object(line).to_string()
    }
}

/// Three places are more than a shared machine repeats.
fn rounded(value: f64) -> Value {
    json!((value * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_broken_limit_makes_the_scenario_short() {
        let mut report = Report::new("x");
        report.limited("a", 1.0, Limit::AtMost(1.0));
        report.figure("b", 5.0);
        assert!(report.is_ok());
        report.limited("c", 0.5, Limit::AtLeast(0.6));
        assert!(!report.is_ok());
        let line: Value = serde_json::from_str(&report.line()).expect("it is JSON");
        assert_eq!(line["verdict"], "short");
        assert_eq!(line["limits"]["c"]["at_least"], 0.6);
    }
}
