//! Every line of the table of rules, and the mixed types of a sort.

use std::cmp::Ordering;

use super::super::rank::{Key, compare};

fn order(left: &str, right: &str) -> Ordering {
    let (mut left_key, mut right_key) = (Key::default(), Key::default());
    left_key.read(left.as_bytes()).unwrap();
    right_key.read(right.as_bytes()).unwrap();
    let order = compare(left_key.entries(), right_key.entries());
    assert_eq!(
        order.reverse(),
        compare(right_key.entries(), left_key.entries())
    );
    order
}

/// Asserts that one entry, given as the body after `order`, ranks before another of the same rule.
fn before(rule: &str, better: &str, worse: &str) {
    let entry = |body: &str| format!(r#"{{"{rule}":{{"order":0,{body}}}}}"#);
    assert_eq!(
        order(&entry(better), &entry(worse)),
        Ordering::Less,
        "{rule}: {better} before {worse}"
    );
    assert_eq!(order(&entry(better), &entry(better)), Ordering::Equal);
}

fn equal(rule: &str, left: &str, right: &str) {
    let entry = |body: &str| format!(r#"{{"{rule}":{{"order":0,{body}}}}}"#);
    assert_eq!(
        order(&entry(left), &entry(right)),
        Ordering::Equal,
        "{rule}: {left} as {right}"
    );
}

#[test]
fn relevancy_rules_compare_by_what_they_count() {
    before(
        "words",
        r#""matchingWords":3,"maxMatchingWords":3,"score":1.0"#,
        r#""matchingWords":2,"maxMatchingWords":3,"score":0.66"#,
    );
    // The score of the second is higher only because its node imagines more typos.
    before(
        "typo",
        r#""typoCount":1,"maxTypoCount":2,"score":0.66"#,
        r#""typoCount":2,"maxTypoCount":9,"score":0.8"#,
    );
    equal(
        "typo",
        r#""typoCount":1,"maxTypoCount":2,"score":0.66"#,
        r#""typoCount":1,"maxTypoCount":9,"score":0.9"#,
    );
    for rule in ["proximity", "attributeRank", "wordPosition"] {
        before(rule, r#""score":1.0"#, r#""score":0.9"#);
        equal(
            rule,
            r#""score":0.6666666666666666"#,
            r#""score":0.6666666666666667"#,
        );
    }
    let attribute = |rank: &str, distance: &str| {
        format!(
            r#""attributeRankingOrderScore":{rank},"queryWordDistanceScore":{distance},"score":0.5"#
        )
    };
    before(
        "attribute",
        &attribute("1.0", "0.1"),
        &attribute("0.9", "1.0"),
    );
    before(
        "attribute",
        &attribute("1.0", "0.2"),
        &attribute("1.0", "0.1"),
    );
    let (exact, starts) = (
        r#""matchType":"exactMatch","score":1.0"#,
        r#""matchType":"matchesStart","score":0.66"#,
    );
    let neither = |words| {
        format!(
            r#""matchType":"noExactMatch","matchingWords":{words},"maxMatchingWords":3,"score":0.3"#
        )
    };
    before("exactness", exact, starts);
    before("exactness", starts, &neither(3));
    before("exactness", &neither(2), &neither(1));
    before("vectorSort", r#""similarity":0.9"#, r#""similarity":0.8"#);
    before("vectorSort", r#""similarity":0.1"#, r#""similarity":null"#);
}

#[test]
fn sorts_put_numbers_before_strings_before_nothing_in_both_directions() {
    let ascending = [
        "-5",
        "0.5",
        "1e1",
        "11.0",
        r#""10""#,
        r#""9""#,
        r#""B\u00e9""#,
        r#""abc""#,
    ];
    let strings = &ascending[4..];
    let numbers = &ascending[..4];
    for (direction, values) in [
        (
            "asc",
            numbers.iter().chain(strings).copied().collect::<Vec<_>>(),
        ),
        (
            "desc",
            numbers
                .iter()
                .rev()
                .chain(strings.iter().rev())
                .copied()
                .collect(),
        ),
    ] {
        let rule = format!("price:{direction}");
        for (at, better) in values.iter().enumerate() {
            for worse in values[at + 1..].iter().chain(&["null"]) {
                before(
                    &rule,
                    &format!(r#""value":{better}"#),
                    &format!(r#""value":{worse}"#),
                );
            }
        }
    }
    equal("price:asc", r#""value":1.0"#, r#""value":1"#);
    equal("price:asc", r#""value":"é""#, r#""value":"\u00e9""#);
    equal(
        "price:asc",
        r#""value":9007199254740993"#,
        r#""value":9007199254740992"#,
    );
}

#[test]
fn geo_sorts_compare_distances_in_their_direction() {
    let at = |distance: &str| format!(r#""value":null,"distance":{distance}"#);
    before("_geoPoint(1.5, 2):asc", &at("9.5"), &at("10.25"));
    before("_geoPoint(1.5, 2):desc", &at("10.25"), &at("9.5"));
    before("_geoPoint(1.5, 2):asc", &at("10"), &at("null"));
    before("_geoPoint(1.5, 2):desc", &at("10"), &at("null"));
}

#[test]
fn earlier_rules_decide_and_missing_or_skipped_ones_are_worst() {
    let words = |order: u8, count: u8| {
        format!(
            r#""words":{{"order":{order},"matchingWords":{count},"maxMatchingWords":2,"score":0.5}}"#
        )
    };
    let typo = |order: u8, count: u8| {
        format!(r#""typo":{{"order":{order},"typoCount":{count},"maxTypoCount":2,"score":0.5}}"#)
    };
    // Written in any order, read by `order`.
    let first = format!("{{{},{}}}", typo(1, 2), words(0, 2));
    let second = format!("{{{},{}}}", words(0, 1), typo(1, 0));
    assert_eq!(order(&first, &second), Ordering::Less);
    let short = format!("{{{}}}", words(0, 2));
    assert_eq!(order(&first, &short), Ordering::Less);
    let skipped = format!("{{{},\"skipped\":{{\"order\":1}}}}", words(0, 2));
    assert_eq!(order(&first, &skipped), Ordering::Less);
    assert_eq!(order(&skipped, &second), Ordering::Less);
    assert_eq!(order(&skipped, &skipped), Ordering::Equal);
}
