//! What a patch changes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{object, settings};

fn patched(before: Value, patch: Value) -> Value {
    let mut user = settings(before);
    user.apply_patch(&object(patch));
    Value::Object(user.as_object().clone())
}

#[test]
fn patches_merge_as_on_a_server() {
    let table = [
        // what is not an object is replaced
        (
            json!({}),
            json!({"stopWords": ["a"]}),
            json!({"stopWords": ["a"]}),
        ),
        (
            json!({"stopWords": ["a"]}),
            json!({"stopWords": ["b"]}),
            json!({"stopWords": ["b"]}),
        ),
        (
            json!({"stopWords": ["a"]}),
            json!({"stopWords": null}),
            json!({"stopWords": null}),
        ),
        (
            json!({"synonyms": {"a": ["b"]}}),
            json!({"synonyms": {"c": ["d"]}}),
            json!({"synonyms": {"c": ["d"]}}),
        ),
        // objects of settings merge, at any depth
        (
            json!({"typoTolerance": {"enabled": false, "minWordSizeForTypos": {"oneTypo": 4}}}),
            json!({"typoTolerance": {"disableOnNumbers": true, "minWordSizeForTypos": {"twoTypos": 8}}}),
            json!({"typoTolerance": {"enabled": false, "minWordSizeForTypos": {"oneTypo": 4, "twoTypos": 8}, "disableOnNumbers": true}}),
        ),
        (
            json!({"faceting": {"maxValuesPerFacet": 5, "sortFacetValuesBy": {"a": "count"}}}),
            json!({"faceting": {"sortFacetValuesBy": {"b": "count"}}}),
            json!({"faceting": {"maxValuesPerFacet": 5, "sortFacetValuesBy": {"b": "count"}}}),
        ),
        (
            json!({"pagination": {"maxTotalHits": 5}}),
            json!({"pagination": {}}),
            json!({"pagination": {"maxTotalHits": 5}}),
        ),
        (
            json!({"chat": {"description": "d"}}),
            json!({"chat": {"searchParameters": {"limit": 3}}}),
            json!({"chat": {"description": "d", "searchParameters": {"limit": 3}}}),
        ),
        // a reset is remembered for every key that was ever set
        (
            json!({"typoTolerance": {"enabled": false, "minWordSizeForTypos": {"oneTypo": 4}}}),
            json!({"typoTolerance": null}),
            json!({"typoTolerance": {"enabled": null, "minWordSizeForTypos": {"oneTypo": null}}}),
        ),
        (
            json!({"faceting": null}),
            json!({"faceting": {"maxValuesPerFacet": 5}}),
            json!({"faceting": {"maxValuesPerFacet": 5}}),
        ),
        // embedders: per name, per key
        (
            json!({"embedders": {"a": {"source": "openAi", "apiKey": "k", "model": "m"}}}),
            json!({"embedders": {"a": {"apiKey": "l"}, "b": {"source": "userProvided", "dimensions": 2}}}),
            json!({"embedders": {"a": {"source": "openAi", "apiKey": "l", "model": "m"}, "b": {"source": "userProvided", "dimensions": 2}}}),
        ),
        (
            json!({"embedders": {"a": {"source": "openAi"}}}),
            json!({"embedders": {"a": null}}),
            json!({"embedders": {"a": null}}),
        ),
        (
            json!({"embedders": {"a": {"source": "openAi"}}}),
            json!({"embedders": null}),
            json!({"embedders": {"a": null}}),
        ),
        // another source takes the old one's settings with it
        (
            json!({"embedders": {"a": {"source": "rest", "url": "u", "apiKey": "k", "documentTemplate": "t", "request": {}}}}),
            json!({"embedders": {"a": {"source": "ollama", "model": "m"}}}),
            json!({"embedders": {"a": {"source": "ollama", "apiKey": "k", "documentTemplate": "t", "model": "m"}}}),
        ),
        (
            json!({"embedders": {"a": {"url": "u", "documentTemplate": "t"}}}),
            json!({"embedders": {"a": {"source": "userProvided", "dimensions": 3}}}),
            json!({"embedders": {"a": {"source": "userProvided", "dimensions": 3}}}),
        ),
        (
            json!({"embedders": {"a": {"url": "u"}}}),
            json!({"embedders": {"a": {"source": "openAi", "model": "m"}}}),
            json!({"embedders": {"a": {"url": "u", "source": "openAi", "model": "m"}}}),
        ),
        (
            json!({"embedders": {"a": {"source": "rest", "indexingFragments": {"x": {"value": 1}, "y": {"value": 2}}}}}),
            json!({"embedders": {"a": {"indexingFragments": {"x": null}}}}),
            json!({"embedders": {"a": {"source": "rest", "indexingFragments": {"x": null, "y": {"value": 2}}}}}),
        ),
    ];
    for (before, patch, after) in table {
        assert_eq!(
            patched(before.clone(), patch.clone()),
            after,
            "{before} + {patch}"
        );
    }
}

#[test]
fn a_reset_unsets_everything() {
    let mut user = settings(
        json!({"stopWords": ["a"], "pagination": {"maxTotalHits": 5}, "distinctAttribute": "d"}),
    );
    user.reset();
    assert_eq!(user.max_total_hits(), 1000);
    assert_eq!(user.distinct_attribute(), None);
}

pub(super) fn any_patch() -> impl Strategy<Value = Value> {
    let maybe =
        |value: BoxedStrategy<Value>| prop_oneof![1 => Just(Value::Null), 4 => value].boxed();
    let name = || {
        prop::sample::select(vec!["id", "title", "genre", "price", "a.b", "*", "*_x"])
            .prop_map(str::to_owned)
    };
    let names = || {
        prop::collection::vec(name(), 0..4)
            .prop_map(|names| json!(names))
            .boxed()
    };
    let rules = prop::collection::vec(
        prop::sample::select(vec!["words", "typo", "sort", "price:asc", "id:desc"]),
        0..4,
    );
    let source = prop::sample::select(vec!["openAi", "userProvided", "rest", "huggingFace"]);
    let embedder = (
        maybe(source.prop_map(Value::from).boxed()),
        maybe(Just(json!("{% for f in fields %}x{% endfor %}")).boxed()),
    )
        .prop_map(|(source, template)| json!({"source": source, "documentTemplate": template}));
    let embedders = prop::collection::btree_map(
        prop::sample::select(vec!["a", "b"]),
        maybe(embedder.boxed()),
        0..3,
    );
    let settings: Vec<(&'static str, BoxedStrategy<Value>)> = vec![
        ("filterableAttributes", names()),
        ("sortableAttributes", names()),
        ("displayedAttributes", names()),
        ("stopWords", names()),
        ("rankingRules", rules.prop_map(|rules| json!(rules)).boxed()),
        ("distinctAttribute", name().prop_map(Value::from).boxed()),
        (
            "faceting",
            maybe(any::<u16>().prop_map(|max| json!(max)).boxed())
                .prop_map(|max| json!({"maxValuesPerFacet": max}))
                .boxed(),
        ),
        (
            "typoTolerance",
            any::<bool>()
                .prop_map(|enabled| json!({"enabled": enabled}))
                .boxed(),
        ),
        (
            "embedders",
            embedders.prop_map(|embedders| json!(embedders)).boxed(),
        ),
    ];
    let members: Vec<_> = settings
        .into_iter()
        .map(|(key, value)| prop::option::of(maybe(value)).prop_map(move |value| (key, value)))
        .collect();
    members.prop_map(|members| {
        members
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect()
    })
}

proptest! {
    #[test]
    fn the_same_patch_twice_is_the_patch_once(first in any_patch(), second in any_patch()) {
        let once = patched(patched(json!({}), first), second.clone());
        prop_assert_eq!(patched(once.clone(), second), once);
    }

    #[test]
    fn no_key_is_ever_forgotten(first in any_patch(), second in any_patch()) {
        let before = patched(json!({}), first);
        let after = patched(before.clone(), second);
        for key in object(before).keys() {
            prop_assert!(after.get(key).is_some());
        }
    }
}

#[test]
fn what_was_only_proposed_is_taken_back_member_by_member() {
    let committed =
        settings(json!({ "typoTolerance": { "enabled": false }, "stopWords": ["the"] }));
    let proposed = settings(json!({
        "typoTolerance": { "enabled": true, "disableOnWords": ["miroir"] },
        "stopWords": ["a"],
        "synonyms": { "a": ["b"] },
        "embedders": { "own": { "source": "userProvided" } },
    }));
    let sent = json!(committed.in_place_of(proposed).as_object());
    let expected = json!({
        "typoTolerance": { "enabled": false, "disableOnWords": null },
        "stopWords": ["the"],
        "synonyms": null,
        "embedders": { "own": null },
    });
    assert_eq!(sent, expected);
}
