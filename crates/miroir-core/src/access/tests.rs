//! Values, actions, patterns and tokens, against what a server does.

use serde_json::json;

use super::*;
use crate::wire::time::Timestamp;

const VALUE: &str = "47f8e7217e9020d017870ad3b0cc4dd11da0a2ca2eb5f4b81a5c9ee960ad9a40";
const SEARCH_UID: &str = "6062abda-a5aa-4414-ac91-ecd7944c0f8d";

fn now() -> Timestamp {
    "2025-06-01T00:00:00Z".parse().unwrap()
}

fn key(actions: &[Action], indexes: &[&str]) -> Key {
    Key {
        uid: SEARCH_UID.parse().unwrap(),
        name: None,
        description: None,
        actions: actions.to_vec(),
        indexes: indexes
            .iter()
            .map(|text| IndexPattern::parse(text).unwrap())
            .collect(),
        expires_at: None,
        created_at: now(),
        updated_at: now(),
    }
}

fn refusal(
    key: &Key,
    token: Option<serde_json::Value>,
    action: Action,
    index: Option<&str>,
) -> Option<String> {
    let token = token.map(|rules| serde_json::from_value(rules).unwrap());
    Access::of(key, token, action, index, now())
        .err()
        .map(|refusal| refusal.to_string())
}

/// Computed with Python's `hmac`.
#[test]
fn values_follow_from_the_master_key() {
    let value = key_value(b"masterKeyForTests", SEARCH_UID.parse().unwrap());
    let text = value.to_string();
    assert_eq!(text, VALUE);
    assert_eq!(KeyValue::parse(&text), Some(value));
    assert_eq!(KeyValue::parse(&text.to_uppercase()), Some(value));
    assert_eq!(KeyValue::parse(&text[1..]), None);
    assert_eq!(KeyValue::parse("é".repeat(32).as_str()), None);
    assert_eq!(format!("{value:?}"), "KeyValue(..)");
}

#[test]
fn wildcards_stand_for_their_family() {
    let granted = |given: Action| {
        Action::EVERY
            .iter()
            .filter(|wanted| given.grants(**wanted))
            .map(|wanted| wanted.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(granted(Action::All).len(), Action::EVERY.len() - 1);
    assert_eq!(
        granted(Action::DocumentsAll),
        ["documents.add", "documents.get", "documents.delete"]
    );
    assert_eq!(granted(Action::ChatsAll), ["chats.get", "chats.delete"]);
    assert_eq!(
        granted(Action::TasksAll),
        ["tasks.cancel", "tasks.delete", "tasks.get", "tasks.compact"]
    );
    let reads = granted(Action::AllGet);
    assert!(
        reads.contains(&"search") && reads.contains(&"export") && reads.contains(&"fields.post")
    );
    assert!(!reads.contains(&"keys.get") && !reads.contains(&"chatCompletions"));
}

#[test]
fn keys_for_some_indexes_have_no_global_actions() {
    assert_eq!(
        key(&[Action::Search, Action::Version], &["a"]).misplaced_action(),
        Some(Action::Version)
    );
    assert_eq!(key(&[Action::Version], &["*"]).misplaced_action(), None);
    assert_eq!(key(&[Action::Version], &[]).misplaced_action(), None);
    // `*` is legal there, but opens no global route.
    let all = key(&[Action::All], &["a"]);
    assert_eq!(all.misplaced_action(), None);
    assert!(refusal(&all, None, Action::Version, None).is_some());
    assert_eq!(refusal(&all, None, Action::TasksGet, None), None);
}

#[test]
fn refusals_name_what_may_be_told() {
    let narrow = key(&[Action::Search], &["b", "a*"]);
    assert_eq!(
        refusal(&narrow, None, Action::Search, Some("c")).unwrap(),
        r#"The API key cannot acces the index `c`, authorized indexes are ["a*", "b"]."#
    );
    assert_eq!(refusal(&narrow, None, Action::Search, Some("abc")), None);
    assert_eq!(
        refusal(&narrow, Some(json!(["c"])), Action::Search, Some("b")).unwrap(),
        r#"The provided tenant token cannot acces the index `b`, allowed indexes are ["c"]."#
    );
    assert_eq!(
        refusal(&narrow, Some(json!(["c"])), Action::Search, Some("c")).unwrap(),
        "The API key used to generate this tenant token cannot acces the index `c`."
    );
    assert_eq!(
        refusal(&narrow, None, Action::DocumentsAdd, Some("b")).unwrap(),
        "The provided API key is invalid."
    );
    let expired = Key {
        expires_at: Some(now()),
        ..narrow
    };
    assert!(refusal(&expired, None, Action::Search, Some("b")).is_some());
    assert!(refusal(&key(&[Action::All], &[]), None, Action::Search, None).is_some());
}

#[test]
fn the_narrowest_rule_of_a_token_decides() {
    let rules = json!({"*": {"filter": "everywhere = 1"}, "a*": null, "ab": {"filter": ["exact = 1"]}, "ac*": {}});
    let token = serde_json::from_value(rules).unwrap();
    let access = Access::of(
        &key(&[Action::Search], &["*"]),
        Some(token),
        Action::Search,
        None,
        now(),
    )
    .unwrap();
    assert_eq!(access.filter("z"), Some(&json!("everywhere = 1")));
    assert_eq!(access.filter("ax"), None);
    assert_eq!(access.filter("ab"), Some(&json!(["exact = 1"])));
    assert_eq!(access.filter("acd"), None);
    assert!(access.covers_all() && !access.may_create("z"));
}

#[test]
fn filters_of_client_and_token_both_hold() {
    let rule = json!("tenant = 1");
    let cases = [
        (None, json!("tenant = 1")),
        (Some(json!("a = 1")), json!(["a = 1", "tenant = 1"])),
        (
            Some(json!(["a = 1", ["b = 1", "c = 1"]])),
            json!(["a = 1", ["b = 1", "c = 1"], "tenant = 1"]),
        ),
    ];
    for (client, both) in cases {
        assert_eq!(both_filters(client, Some(&rule)), Some(both));
    }
    assert_eq!(
        both_filters(Some(json!("a = 1")), None),
        Some(json!("a = 1"))
    );
    assert_eq!(both_filters(None, None), None);
}
