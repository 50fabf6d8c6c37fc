//! What nodes are sent.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::patch::any_patch;
use super::{object, settings};
use crate::id::ShardCount;
use crate::settings::{DEFAULT_TEMPLATE, Facts, UserSettings, overlay, skip_injected_fields};

fn rules() -> Vec<String> {
    ["words", "typo", "exactness"].map(str::to_owned).to_vec()
}

fn sent(user: Value, primary_key: Option<&str>) -> Value {
    let facts = Facts {
        default_ranking_rules: &rules(),
        primary_key,
        shards: ShardCount::new(64).unwrap(),
        total_order: true,
    };
    overlay(&settings(user), &facts)
}

fn marker_rule() -> Value {
    json!({"attributePatterns": ["_miroir_*"], "features": {"facetSearch": false, "filter": {"equality": true, "comparison": true}}})
}

fn equality(attribute: &str) -> Value {
    json!({"attributePatterns": [attribute], "features": {"facetSearch": false, "filter": {"equality": true, "comparison": false}}})
}

#[test]
fn a_fresh_index_gets_what_miroir_needs() {
    let expected = json!({
        "filterableAttributes": [marker_rule(), equality("id")],
        "sortableAttributes": ["id"],
        "distinctAttribute": null,
        "displayedAttributes": null,
        "rankingRules": ["words", "typo", "exactness", "id:asc"],
        "faceting": {"maxValuesPerFacet": 1000},
    });
    assert_eq!(sent(json!({}), Some("id")), expected);
}

#[test]
fn without_a_key_only_the_marker_is_added() {
    let sent = sent(json!({}), None);
    assert_eq!(sent["filterableAttributes"], json!([marker_rule()]));
    assert_eq!(sent["sortableAttributes"], json!([]));
    assert_eq!(sent["rankingRules"], Value::Null);
}

#[test]
fn user_entries_stay_and_keep_their_order() {
    let all_closed = json!({"attributePatterns": ["*"], "features": {"facetSearch": true, "filter": {"equality": false}}});
    let table = [
        (
            json!(["genre", "id"]),
            json!([marker_rule(), "genre", "id"]),
        ),
        (
            json!(["genre"]),
            json!([marker_rule(), "genre", equality("id")]),
        ),
        (
            json!([{"attributePatterns": ["i*"]}]),
            json!([marker_rule(), {"attributePatterns": ["i*"]}]),
        ),
        // A rule of the user that closes the key is overridden for the key alone, with what it allowed kept.
        (
            json!([all_closed]),
            json!([marker_rule(), {"attributePatterns": ["id"], "features": {"facetSearch": true, "filter": {"equality": true, "comparison": false}}}, all_closed]),
        ),
    ];
    for (user, expected) in table {
        assert_eq!(
            sent(json!({"filterableAttributes": user}), Some("id"))["filterableAttributes"],
            expected
        );
    }
    let distinct = sent(json!({"distinctAttribute": "sku"}), Some("id"));
    assert_eq!(
        distinct["filterableAttributes"],
        json!([marker_rule(), equality("id"), equality("sku")])
    );
    assert_eq!(distinct["distinctAttribute"], Value::Null);
}

#[test]
fn nodes_display_everything_and_rank_by_the_primary_key_last() {
    let user = json!({"displayedAttributes": ["title"], "sortableAttributes": ["year"], "rankingRules": ["words", "price:desc"], "distinctAttribute": "sku"});
    let node = sent(user, Some("id"));
    assert_eq!(node["displayedAttributes"], Value::Null);
    assert_eq!(node["sortableAttributes"], json!(["year", "id"]));
    assert_eq!(
        node["rankingRules"],
        json!(["words", "price:desc", "id:asc"])
    );
    assert_eq!(
        sent(json!({"rankingRules": ["id:desc", "words"]}), Some("id"))["rankingRules"],
        json!(["id:desc", "words"])
    );
}

#[test]
fn facet_limits_are_raised() {
    for (user, expected) in [(json!(null), 1000), (json!(50), 1000), (json!(300), 3000)] {
        let node = sent(
            json!({"faceting": {"maxValuesPerFacet": user, "sortFacetValuesBy": {"a": "count"}}}),
            None,
        );
        assert_eq!(
            node["faceting"],
            json!({"maxValuesPerFacet": expected, "sortFacetValuesBy": {"a": "count"}})
        );
    }
    let facts = Facts {
        default_ranking_rules: &[],
        primary_key: None,
        shards: ShardCount::new(4096).unwrap(),
        total_order: true,
    };
    assert_eq!(
        overlay(&UserSettings::default(), &facts)["faceting"]["maxValuesPerFacet"],
        4096
    );
}

#[test]
fn templates_skip_injected_fields() {
    let skip = "{% if f.name and f.name contains \"_miroir_\" %}{% continue %}{% endif %}";
    let table = [
        ("{{ doc.title }}".to_owned(), "{{ doc.title }}".to_owned()),
        (
            "{% for f in fields %}{{ f.value }}{% endfor %}".to_owned(),
            format!("{{% for f in fields %}}{skip}{{{{ f.value }}}}{{% endfor %}}"),
        ),
        (
            "{%- for f in fields limit:2 -%}x{%- endfor -%}".to_owned(),
            format!("{{%- for f in fields limit:2 -%}}{skip}x{{%- endfor -%}}"),
        ),
        (
            "{% for f in doc.list %}x{% endfor %}".to_owned(),
            "{% for f in doc.list %}x{% endfor %}".to_owned(),
        ),
        (
            "{% raw %}{% for f in fields %}{% endraw %}".to_owned(),
            "{% raw %}{% for f in fields %}{% endraw %}".to_owned(),
        ),
        (
            "{% for f in fields".to_owned(),
            "{% for f in fields".to_owned(),
        ),
    ];
    for (template, expected) in table {
        assert_eq!(skip_injected_fields(&template), expected);
    }
}

#[test]
fn embedders_get_a_template_when_they_have_one() {
    let loops = "{% for f in fields %}{{ f }}{% endfor %}";
    let user = json!({"embedders": {
        "default": {"source": "huggingFace"},
        "implicit": {},
        "own": {"source": "ollama", "model": "m", "documentTemplate": loops},
        "reset": {"source": "openAi", "documentTemplate": null},
        "vectors": {"source": "userProvided", "dimensions": 2},
        "fragments": {"source": "rest", "indexingFragments": {"a": {"value": "x"}}},
        "two": {"source": "composite", "searchEmbedder": {"source": "openAi"}, "indexingEmbedder": {"source": "openAi"}},
        "gone": null,
    }});
    let default = skip_injected_fields(DEFAULT_TEMPLATE);
    let node = sent(user, None);
    let embedders = &node["embedders"];
    for name in ["default", "implicit", "reset"] {
        assert_eq!(embedders[name]["documentTemplate"], default, "{name}");
    }
    assert_eq!(
        embedders["own"]["documentTemplate"],
        skip_injected_fields(loops)
    );
    assert_eq!(
        embedders["vectors"],
        json!({"source": "userProvided", "dimensions": 2})
    );
    assert_eq!(embedders["fragments"].get("documentTemplate"), None);
    assert_eq!(embedders["two"].get("documentTemplate"), None);
    assert_eq!(
        embedders["two"]["searchEmbedder"].get("documentTemplate"),
        None
    );
    assert_eq!(
        embedders["two"]["indexingEmbedder"]["documentTemplate"],
        default
    );
    assert_eq!(embedders["gone"], Value::Null);
}

proptest! {
    /// Whatever a node had before (here: what an earlier state of the user's settings put there), the overlay decides.
    #[test]
    fn the_overlay_does_not_depend_on_what_was_there(first in any_patch(), second in any_patch()) {
        let mut user = settings(first);
        let before = sent(Value::Object(user.as_object().clone()), None);
        user.apply_patch(&object(second));
        let after = sent(Value::Object(user.as_object().clone()), Some("id"));
        for key in object(before).keys() {
            prop_assert!(after.get(key).is_some(), "{key}");
        }
        // The overlay of a patched object is the overlay of that object: applying it to itself changes nothing.
        let mut node = settings(after.clone());
        node.apply_patch(&object(after.clone()));
        prop_assert_eq!(Value::Object(node.as_object().clone()), after);
    }
}
