//! Trees keep what was written, and differences name the place.

use super::{Tree, differences};

fn tree(text: &str) -> Tree {
    Tree::parse(text.as_bytes()).unwrap()
}

#[test]
fn numbers_and_member_order_survive() {
    let text =
        r#"{"b":1.0,"a":[1e2,12345678901234567890123,-0],"c":{"t":true,"n":null,"s":"é\n"}}"#;
    assert_eq!(tree(text).to_string(), text);
}

#[test]
fn number_text_counts() {
    let found = differences(&tree(r#"{"a":1.0}"#), &tree(r#"{"a":1}"#));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].to_string(), ".a: reference 1.0, candidate 1");
}

#[test]
fn member_order_counts_and_is_told_apart() {
    let (left, right) = (
        tree(r#"{"hits":[{"a":1,"b":2}]}"#),
        tree(r#"{"hits":[{"b":2,"a":1}]}"#),
    );
    let found = differences(&left, &right);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, ".hits[0]");
    assert!(found[0].order);
}

#[test]
fn the_order_of_facet_values_is_a_value() {
    let left = tree(r#"{"facetDistribution":{"tags":{"x":2,"y":1}}}"#);
    let right = tree(r#"{"facetDistribution":{"tags":{"y":1,"x":2}}}"#);
    let found = differences(&left, &right);
    assert_eq!(found.len(), 1);
    assert!(!found[0].order);
    assert_eq!(found[0].path, ".facetDistribution.tags");
}

#[test]
fn absent_members_and_lengths_are_named() {
    let found = differences(&tree(r#"{"a":[1,2],"b":1}"#), &tree(r#"{"a":[1],"c":2}"#));
    let paths: Vec<_> = found.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, [".a", ".b", ".c"]);
}
