//! What readers are told about the user's settings.

use serde_json::json;

use super::settings;
use crate::settings::filterable::match_pattern;
use crate::settings::{Attributes, FacetOrder, Features, Match, Usage, UserSettings};

#[test]
fn fresh_settings_have_the_servers_defaults() {
    let user = UserSettings::default();
    assert_eq!(user.displayed_attributes(), Attributes::All);
    assert_eq!(
        (user.max_total_hits(), user.max_values_per_facet()),
        (1000, 100)
    );
    assert_eq!(user.facet_order("a"), FacetOrder::Alpha);
    assert_eq!(
        (user.distinct_attribute(), user.ranking_rules()),
        (None, None)
    );
    assert_eq!(user.filterable_features("a"), None);
}

#[test]
fn set_values_are_read() {
    let user = settings(json!({
        "displayedAttributes": ["a", "b.c"],
        "searchableAttributes": ["x", "*"],
        "pagination": {"maxTotalHits": 5},
        "faceting": {"maxValuesPerFacet": 7, "sortFacetValuesBy": {"*": "count", "a": "alpha"}},
        "rankingRules": ["words", "price:desc"],
        "sortableAttributes": ["a"],
    }));
    let displayed = user.displayed_attributes();
    assert!(
        displayed.contains("a.deep")
            && displayed.contains("b.c")
            && !displayed.contains("b")
            && !displayed.contains("ab")
    );
    assert_eq!(user.searchable_attributes(), Attributes::All);
    assert_eq!((user.max_total_hits(), user.max_values_per_facet()), (5, 7));
    assert_eq!(
        (user.facet_order("a"), user.facet_order("b")),
        (FacetOrder::Alpha, FacetOrder::Count)
    );
    assert_eq!(user.ranked_attributes().collect::<Vec<_>>(), ["price"]);
    assert!(user.is_sortable("a.b") && !user.is_sortable("ab"));
}

#[test]
fn the_first_matching_rule_decides() {
    let user = settings(json!({"filterableAttributes": [
        {"attributePatterns": ["secret_*"], "features": {"filter": {"equality": false}}},
        {"attributePatterns": ["*_x", "price"], "features": {"facetSearch": true, "filter": {"comparison": true}}},
        "doc",
    ]}));
    let closed = Features {
        facet_search: false,
        equality: false,
        comparison: false,
    };
    let table = [
        ("secret_x", Some(closed)),
        (
            "a_x",
            Some(Features {
                facet_search: true,
                equality: true,
                comparison: true,
            }),
        ),
        ("price.net", None),
        ("doc.deep", Some(Features::ALL)),
        ("docs", None),
    ];
    for (attribute, features) in table {
        assert_eq!(user.filterable_features(attribute), features, "{attribute}");
    }
}

#[test]
fn patterns_match_as_on_a_server() {
    let table = [
        ("*", "a", Match::Yes),
        ("a*", "ab", Match::Yes),
        ("*b", "ab", Match::Yes),
        ("*b*", "abc", Match::Yes),
        ("a", "a", Match::Yes),
        ("a", "a.b", Match::No),
        ("a.b", "a", Match::Nested),
        ("a.b*", "a", Match::Nested),
        ("b*", "a", Match::No),
    ];
    for (pattern, attribute, expected) in table {
        assert_eq!(
            match_pattern(pattern, attribute),
            expected,
            "{pattern} {attribute}"
        );
    }
}

#[test]
fn what_only_the_overlay_opens_is_known() {
    let closed = settings(json!({"distinctAttribute": "sku"}));
    let open = settings(
        json!({"distinctAttribute": "sku", "filterableAttributes": ["sku", "id"], "sortableAttributes": ["id"]}),
    );
    let filter_off = settings(
        json!({"filterableAttributes": [{"attributePatterns": ["id"], "features": {"filter": {"equality": false}}}]}),
    );
    let table = [
        (&closed, "id", Usage::Filter, true),
        (&closed, "id", Usage::Sort, true),
        (&closed, "id.deep", Usage::Filter, true),
        (&closed, "sku", Usage::Filter, true),
        (&closed, "sku", Usage::Sort, false),
        (&closed, "title", Usage::Filter, false),
        (&closed, "_miroir_shard", Usage::Sort, true),
        (&open, "id", Usage::Filter, false),
        (&open, "id", Usage::Sort, false),
        (&open, "sku", Usage::Filter, false),
        (&open, "_miroir_shard", Usage::Filter, true),
        (&filter_off, "id", Usage::Filter, true),
    ];
    for (user, attribute, usage, expected) in table {
        assert_eq!(
            user.only_overlay_opens(attribute, usage, Some("id")),
            expected,
            "{attribute} {usage:?}"
        );
    }
    assert!(!closed.only_overlay_opens("id", Usage::Filter, None));
}
