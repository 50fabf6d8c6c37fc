//! What is one document and what is not, and that digests agree with a comparison of trees.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{digest, transfer};

fn of(text: &str) -> u64 {
    digest(text.as_bytes()).expect("an object")
}

#[test]
fn the_same_document_in_other_words() {
    let pairs = [
        (r#"{"id":1,"a":"b"}"#, r#"{ "a" : "b", "id" : 1 }"#),
        (r#"{"a":{"x":1,"y":[1,2]}}"#, r#"{"a":{"y":[1,2],"x":1}}"#),
        (r#"{"a":"é"}"#, r#"{"a":"\u00e9"}"#),
        (r#"{"\u0061":1}"#, r#"{"a":1}"#),
        (r#"{"a":1.50e1}"#, r#"{"a":15}"#),
        (r#"{"a":1200}"#, r#"{"a":1.2E+3}"#),
        (r#"{"a":-0.0}"#, r#"{"a":0}"#),
        (r#"{"a":0.00012}"#, r#"{"a":12e-5}"#),
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        (r#"{"id":1,"_vectors":{}}"#, r#"{"id":1}"#),
        (
            r#"{"_vectors":{"e":{"embeddings":[[1.0]],"regenerate":true}}}"#,
            r#"{"_vectors":{"e":{"regenerate":true,"embeddings":[[0.5]]}}}"#,
        ),
    ];
    for (left, right) in pairs {
        assert_eq!(of(left), of(right), "{left} and {right}");
    }
}

#[test]
fn other_documents() {
    let pairs = [
        (r#"{"a":"1"}"#, r#"{"a":1}"#),
        (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
        (r#"{"a":[[1],2]}"#, r#"{"a":[[1,2]]}"#),
        (r#"{"a":null}"#, r#"{}"#),
        (r#"{"a":true}"#, r#"{"a":false}"#),
        (r#"{"a":10}"#, r#"{"a":1}"#),
        (r#"{"a":-1}"#, r#"{"a":1}"#),
        (r#"{"ab":"c"}"#, r#"{"a":"bc"}"#),
        (r#"{"a":{},"b":1}"#, r#"{"a":{"b":1}}"#),
        (r#"{"a":1,"a":2}"#, r#"{"a":1}"#),
        (
            r#"{"_vectors":{"e":{"embeddings":[[1.0]],"regenerate":false}}}"#,
            r#"{"_vectors":{"e":{"embeddings":[[0.5]],"regenerate":false}}}"#,
        ),
        (
            r#"{"_vectors":{"e":{"embeddings":[[1.0]],"regenerate":false}}}"#,
            r#"{"_vectors":{"e":{"embeddings":[[1.0]],"regenerate":true}}}"#,
        ),
    ];
    for (left, right) in pairs {
        assert_ne!(of(left), of(right), "{left} and {right}");
    }
    assert!(digest(b"[1]").is_err());
}

#[test]
fn only_an_empty_object_of_vectors_is_left_behind() {
    let transferred = |document: &str| {
        let mut out = Vec::new();
        transfer(document.as_bytes(), &mut out).expect("an object");
        String::from_utf8(out).expect("text")
    };
    assert_eq!(transferred(r#"{"id":1.0,"_vectors":{}}"#), r#"{"id":1.0}"#);
    let kept = r#"{"id":1,"_vectors":{"e":{"embeddings":[[1]],"regenerate":true}}}"#;
    assert_eq!(transferred(kept), kept);
}

fn trees() -> impl Strategy<Value = Value> {
    let leaves = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        "[ab\"é]{0,2}".prop_map(Value::from),
    ];
    leaves.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[ab]{1,2}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .rev()
                .map(|(key, value)| (key.clone(), reversed(value)))
                .collect(),
        ),
        Value::Array(elements) => elements.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn digests_are_equal_exactly_when_the_trees_are(left in trees(), right in trees()) {
        let wrap = |value: &Value| Value::Object(Map::from_iter([("a".to_owned(), value.clone())])).to_string();
        prop_assert_eq!(of(&wrap(&left)), of(&wrap(&reversed(&left))));
        prop_assert_eq!(of(&wrap(&left)) == of(&wrap(&right)), left == right);
    }
}
