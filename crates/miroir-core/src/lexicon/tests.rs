//! Which words are taken from which documents, and what a lexicon document looks like.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::document::primary_key::is_valid_id;
use crate::settings::UserSettings;

fn rules(settings: Value) -> Rules {
    let Value::Object(settings) = settings else {
        panic!("settings are an object")
    };
    Rules::of(&UserSettings::from(settings))
}

/// The words of one document, as `field:word`.
fn words(settings: Value, document: Value) -> Vec<String> {
    let document = RawValue::from_string(document.to_string()).unwrap();
    let mut words = BTreeSet::new();
    Extractor::new(&rules(settings)).document(&document, &mut |field, word| {
        let field = field.strip_suffix("_miroir_words").unwrap();
        words.insert(format!("{field}:{word}"));
    });
    words.into_iter().collect()
}

#[test]
fn words_are_cut_where_every_node_cuts() {
    let taken = |text: &str| words(json!({}), json!({ "t": text }));
    assert_eq!(
        taken("Hello, hello (World): it's 3.14"),
        [":14", ":3", ":hello", ":it", ":s", ":world"]
    );
    assert_eq!(taken("naïve Ärger"), [":naïve", ":Ärger"]);
    assert_eq!(taken(" \t\u{22b0}"), [":\u{22b0}"]);
    assert_eq!(
        taken("iPhone手机 ไทย kimchi 김치"),
        [":iphone", ":kimchi", ":김치"]
    );
    assert!(taken(&"x".repeat(600)).is_empty());
}

#[test]
fn values_of_every_kind_have_words_and_names_have_none() {
    let document = json!({
        "id": 7, "on": true, "price": 1.50, "none": null, "list": ["a", ["b", {"deep": "c"}]],
        "_miroir_shard": "x", "_geo": {"lat": 1, "lng": 2}, "_vectors": {"e": [0.5]},
    });
    assert_eq!(
        words(json!({}), document),
        [":1", ":5", ":7", ":a", ":b", ":c", ":true"]
    );
}

#[test]
fn settings_of_the_tokenizer_are_followed() {
    let settings = json!({
        "nonSeparatorTokens": ["#", "+"], "dictionary": ["J. R. R.", "AT&T"],
    });
    assert_eq!(
        words(
            settings,
            json!({"t": "C++ and C# by J. R. R. at AT&T, a-b"})
        ),
        [
            ":AT&T",
            ":C#",
            ":C++",
            ":J.",
            ":J. R. R.",
            ":R.",
            ":a",
            ":and",
            ":at",
            ":b",
            ":by"
        ]
    );
}

#[test]
fn words_go_where_they_are_treated_alike() {
    let document = json!({"title": "one", "sku": "two", "body": {"en": "three", "ja": "four"}, "other": "five"});
    let listed = json!({
        "searchableAttributes": ["sku", "title", "body"],
        "typoTolerance": {"disableOnAttributes": ["sku"]},
    });
    assert_eq!(
        words(listed, document.clone()),
        ["sku.:two", "title.:one", "title.:three", "title.:four"]
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    let all = json!({
        "typoTolerance": {"disableOnAttributes": ["sku"]},
        "localizedAttributes": [{"attributePatterns": ["*.ja"], "locales": ["jpn"]}],
    });
    // Nothing that a lexicon document could carry matches `*.ja`.
    assert_eq!(
        words(all, document.clone()),
        [":five", ":one", ":three", "sku.:two"]
    );
    let nested = json!({"searchableAttributes": ["body.en"]});
    assert_eq!(words(nested, document.clone()), ["body.en.:three"]);
    let everywhere =
        json!({"localizedAttributes": [{"attributePatterns": ["*"], "locales": ["eng"]}]});
    assert_eq!(words(everywhere, document).len(), 5);
}

#[test]
fn rules_change_with_what_they_depend_on_and_nothing_else() {
    let plain = rules(json!({}));
    assert_eq!(
        plain,
        rules(
            json!({"filterableAttributes": ["a"], "rankingRules": ["typo"], "stopWords": ["the"]})
        )
    );
    assert_eq!(plain, rules(json!({"searchableAttributes": ["*"]})));
    for changed in [
        json!({"searchableAttributes": ["a"]}),
        json!({"typoTolerance": {"disableOnAttributes": ["a"]}}),
        json!({"nonSeparatorTokens": ["#"]}),
        json!({"dictionary": ["a b"]}),
    ] {
        assert_ne!(plain, rules(changed));
    }
    let text = serde_json::to_string(&plain).unwrap();
    assert_eq!(serde_json::from_str::<Rules>(&text).unwrap(), plain);
}

#[test]
fn documents_carry_their_marker_and_opt_out_of_embedders() {
    let fields = BTreeMap::from([(
        "title._miroir_words".to_owned(),
        vec!["a".to_owned(), "b".to_owned()],
    )]);
    let document = Document { fields };
    let listed = rules(json!({"searchableAttributes": ["title"]}));
    assert_eq!(
        document.to_value(&listed, "id", "-_", ["e"]),
        json!({
            "id": "-_", "_miroir_shard": "\u{22b0}", "_miroir_words": null, "title._miroir_words": "a. b",
            "_vectors": {"e": null},
        })
    );
    assert!(crate::document::marker::parse_shard("\u{22b0}").is_none());
    let dotted = rules(json!({"nonSeparatorTokens": ["."]}));
    assert_eq!(
        document.to_value(&dotted, "id", "-_", [])["title._miroir_words"],
        "a; b"
    );
}

#[test]
fn ids_are_valid_different_and_recognised() {
    let all: BTreeSet<String> = ids("cluster", 0..300).collect();
    assert_eq!(all.len(), 300);
    assert!(all.iter().all(|id| is_valid_id(id) && is_id("cluster", id)));
    assert!(all.iter().all(|id| !is_id("other", id)));
    assert!(!is_id("cluster", "book-1") && !is_id("cluster", ""));
}

#[test]
fn a_document_stays_within_the_positions_of_a_field() {
    assert_eq!(positions("hello"), 8);
    assert_eq!(positions("a+b"), 16);
    assert_eq!(positions("김치"), 10);
}

#[test]
fn counts_of_lexicon_documents_are_taken_off() {
    let mut counts = BTreeMap::from(
        [
            ("id", 12),
            ("title", 10),
            ("_miroir_words", 2),
            ("title._miroir_words", 2),
            ("_miroir_shard", 12),
        ]
        .map(|(name, count)| (name.to_owned(), count)),
    );
    uncount(&mut counts, Some("id"));
    let left: Vec<_> = counts.into_iter().collect();
    assert_eq!(
        left,
        [
            ("_miroir_shard".to_owned(), 10),
            ("id".to_owned(), 10),
            ("title".to_owned(), 10)
        ]
    );
}
