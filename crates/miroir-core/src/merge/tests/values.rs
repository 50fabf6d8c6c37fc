//! Values rebuilt from details are those of a real server, and compare as on it.

use std::cmp::Ordering;

use super::super::rank::{Key, SortValue};
use super::super::values::{Reader, Value, compare};

/// Hits of a 1.50 server: `_rankingScoreDetails`, `_rankingScore`, and the scores and numbers of `weightedScoreValues`, which
/// it tells other servers. Default rules, listed attributes, rules in other orders, typos, dropped words and phrases.
const RECORDED: &str = include_str!("values.jsonl");

#[test]
fn values_are_those_of_a_server() {
    let mut reader = Reader::default();
    let (mut key, mut values) = (Key::default(), Vec::new());
    let mut lines = 0;
    for line in RECORDED.lines() {
        let (details, score, expected): (Box<serde_json::value::RawValue>, f64, Vec<f64>) =
            serde_json::from_str(line).unwrap();
        let details = details.get().to_owned().into_bytes().leak();
        key.read(details).unwrap();
        reader.read(key.entries(), score, None, &mut values);
        let found: Vec<f64> = values
            .iter()
            .map(|value| match value {
                Value::Score(score) => *score,
                Value::Sort {
                    value: SortValue::Number(number),
                    ..
                } => *number,
                other => panic!("{other:?}"),
            })
            .collect();
        let same = |(found, expected): (&f64, &f64)| (found - expected).abs() <= 1e-12;
        assert!(
            found.len() == expected.len() && found.iter().zip(&expected).all(same),
            "{line}\nfound {found:?}"
        );
        lines += 1;
    }
    assert!(lines > 30);
}
