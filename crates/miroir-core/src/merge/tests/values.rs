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

fn order(left: (&[Value<'_>], f32), right: (&[Value<'_>], f32)) -> Ordering {
    compare(left.0, left.1, right.0, right.1)
}

#[test]
fn values_compare_one_after_the_other() {
    let (high, low) = (Value::Score(0.9), Value::Score(0.5));
    let sort = |number: f64| Value::Sort {
        ascending: true,
        value: SortValue::Number(number),
    };
    let far = |distance| Value::Geo {
        ascending: true,
        distance,
    };
    assert_eq!(order((&[high], 0.5), (&[low], 0.5)), Ordering::Greater);
    assert_eq!(order((&[high], 0.2), (&[low], 0.8)), Ordering::Less);
    // Equal scores leave the decision to what follows; a list that goes on wins.
    let same = [high, sort(1.0)];
    assert_eq!(
        order((&same, 0.5), (&[high, sort(2.0)], 0.5)),
        Ordering::Greater
    );
    assert_eq!(order((&same, 0.5), (&[high], 0.5)), Ordering::Greater);
    assert_eq!(order((&same, 0.5), (&same, 0.5)), Ordering::Equal);
    // A score is more than a value of another kind, unless it is nothing.
    assert_eq!(order((&[low], 0.5), (&[sort(1.0)], 0.5)), Ordering::Greater);
    assert_eq!(
        order((&[Value::Score(0.0)], 0.5), (&[sort(1.0)], 0.5)),
        Ordering::Less
    );
    assert_eq!(
        order((&[far(Some(1.0))], 1.0), (&[far(Some(2.0))], 1.0)),
        Ordering::Greater
    );
    assert_eq!(
        order((&[far(Some(2.0))], 1.0), (&[far(None)], 1.0)),
        Ordering::Greater
    );
}
