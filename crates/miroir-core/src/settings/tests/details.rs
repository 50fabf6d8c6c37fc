//! Details of settings tasks, as a 1.50 server printed them.

use serde_json::{Value, json};

use super::object;
use crate::settings::{reset_details, task_details};

fn printed(change: Value) -> String {
    Value::Object(task_details(&object(change))).to_string()
}

#[test]
fn members_come_in_the_servers_order_and_sets_are_sorted() {
    assert_eq!(
        printed(json!({
            "synonyms": { "sf": ["b", "a"], "science": [] },
            "stopWords": ["the", "a", "A", "a"],
            "typoTolerance": { "disableOnAttributes": ["b", "a"], "minWordSizeForTypos": { "twoTypos": 9, "oneTypo": 4 } },
            "rankingRules": ["words", "typo"],
            "displayedAttributes": ["b", "a"],
        })),
        r#"{"displayedAttributes":["b","a"],"rankingRules":["words","typo"],"stopWords":["A","a","the"],"synonyms":{"science":[],"sf":["b","a"]},"typoTolerance":{"minWordSizeForTypos":{"oneTypo":4,"twoTypos":9},"disableOnAttributes":["a","b"]}}"#
    );
}

#[test]
fn a_reset_list_of_all_attributes_is_a_star() {
    assert_eq!(
        printed(json!({ "stopWords": null, "searchableAttributes": null })),
        r#"{"searchableAttributes":["*"],"stopWords":null}"#
    );
    let all = reset_details(&object(
        json!({ "prefixSearch": null, "rankingRules": null }),
    ));
    assert_eq!(
        Value::Object(all).to_string(),
        r#"{"foreignKeys":null,"rankingRules":null,"prefixSearch":null,"chat":null}"#
    );
}

#[test]
fn secrets_are_masked() {
    let key = "sk-abcdefghijklmnopqrstuvwxyz";
    assert_eq!(
        printed(
            json!({ "embedders": { "far": { "apiKey": key, "source": "openAi", "model": "m" }, "own": null } })
        ),
        r#"{"embedders":{"far":{"source":"openAi","model":"m","apiKey":"sk-XXXXX..."},"own":null}}"#
    );
    for (secret, shown) in [
        ("short", "XXX..."),
        ("é-twelve-bytes", "éXXXX..."),
        ("a-secret-of-more-than-thirty-bytes", "a-secXXXXXX..."),
    ] {
        let details = printed(json!({ "embedders": { "e": { "apiKey": secret } } }));
        assert!(details.contains(&format!("\"{shown}\"")), "{details}");
    }
}
