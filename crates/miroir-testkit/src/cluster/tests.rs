//! Dotted keys become sections.

use serde_json::{Map, Value, json};

use super::config::set;

#[test]
fn dotted_keys_nest_and_the_last_value_wins() {
    let mut root = Map::new();
    set(&mut root, "shards", json!(8));
    set(&mut root, "health.interval_ms", json!(200));
    set(&mut root, "health.timeout_ms", json!(100));
    set(&mut root, "health.interval_ms", json!(300));
    assert_eq!(
        Value::Object(root),
        json!({"shards": 8, "health": {"interval_ms": 300, "timeout_ms": 100}})
    );
}
