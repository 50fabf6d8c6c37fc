//! Precedence, limits of every key, and reading back what was printed.

use std::path::Path;

use proptest::prelude::*;

use super::super::table::{self, Allowed, Key};
use super::super::{Config, MemoryMultiplier, Millis, Sources, load};
use super::{TWO_NODES, from_text, messages, two_nodes_and, with};

#[test]
fn later_layers_win() {
    let text = two_nodes_and("  scatter: {node_timeout_ms: 1000, write_linger_ms: 1}\n");
    let variable = [
        ("MIROIR_SCATTER__NODE_TIMEOUT_MS", "4000"),
        ("MIROIR_SERVICE_HOST", "x"),
        ("MIROIR_SHARDS", ""),
    ];
    let config = with(&text, &variable, &[]).expect("valid");
    assert_eq!(config.scatter.node_timeout_ms, Millis(4000));
    assert_eq!(config.scatter.write_linger_ms, Millis(1));
    let config = with(
        &text,
        &variable,
        &["scatter.node_timeout_ms=3000", "shards=32", "shards=16"],
    )
    .expect("valid");
    assert_eq!(config.scatter.node_timeout_ms, Millis(3000));
    assert_eq!(config.shards, 16);
    let config = with(
        &text,
        &[],
        &[
            "nodes=[{id: z, address: 'http://z'}]",
            "replication_factor=1",
        ],
    )
    .expect("valid");
    assert_eq!(config.nodes.len(), 1);
}

#[test]
fn rust_log_wins_over_the_level() {
    let variables = [
        ("RUST_LOG", "info,miroir_proxy=debug"),
        ("MIROIR_LOG__LEVEL", "warn"),
    ];
    let config = with(TWO_NODES, &variables, &[]).expect("valid");
    assert_eq!(config.log.level.as_str(), "info,miroir_proxy=debug");
}

/// A value of the key just inside and one just outside its limits.
fn limits(key: &Key) -> Vec<(u64, bool)> {
    match key.allowed {
        Allowed::Range(low, high) => {
            let below = low.checked_sub(1).map(|value| (value, false));
            [(low, true), (high, true), (high + 1, false)]
                .into_iter()
                .chain(below)
                .collect()
        }
        Allowed::AtLeast(low) => {
            let below = low.checked_sub(1).map(|value| (value, false));
            [(low, true)].into_iter().chain(below).collect()
        }
        Allowed::Any => Vec::new(),
    }
}

#[test]
fn the_limits_of_every_key_hold() {
    for key in table::keys() {
        for (value, fits) in limits(key) {
            let setting = format!("{}={value}", key.path);
            let message = with(TWO_NODES, &[], &[&setting])
                .err()
                .map(|problems| problems.to_string())
                .unwrap_or_default();
            let refused = message.contains(&format!("miroir.{}: got \"{value}\"", key.path));
            assert_eq!(refused, !fits, "{setting}: {message}");
        }
    }
}

#[test]
fn every_default_passes_when_it_is_written_in_every_layer() {
    let defaults = Config {
        nodes: from_text(TWO_NODES).expect("valid").nodes,
        ..Config::default()
    };
    assert_eq!(from_text(&defaults.to_yaml()).expect("valid"), defaults);
    for key in table::keys() {
        let text = (key.get)(&defaults);
        let setting = format!("{}={text}", key.path);
        assert_eq!(
            with(TWO_NODES, &[], &[&setting]).expect("valid"),
            defaults,
            "{setting}"
        );
    }
}

#[test]
fn a_section_without_keys_is_all_defaults() {
    assert_eq!(
        from_text(&two_nodes_and("  log:\n  server: {}\n")),
        from_text(TWO_NODES)
    );
    assert!(
        messages(from_text(&two_nodes_and("  shards:\n")))
            .contains("got nothing, expected an integer")
    );
}

#[test]
fn memory_scales_only_what_nobody_wrote() {
    let read = |_: &Path| Ok(TWO_NODES.to_owned());
    let mut sources = Sources {
        file: None,
        environment: [].into(),
        settings: Vec::new(),
        read_file: &read,
        memory_limit: Some(2 * (3584 << 20)),
    };
    assert_eq!(
        load(&sources).expect("valid").task_registry.cache_size,
        20_000
    );
    sources.memory_limit = Some(512 << 20);
    assert_eq!(
        load(&sources).expect("valid").task_registry.cache_size,
        10_000
    );
    sources.settings = vec!["server.memory_multiplier=1.5".to_owned()];
    let config = load(&sources).expect("valid");
    assert_eq!(config.task_registry.cache_size, 15_000);
    assert_eq!(
        config.server.memory_multiplier,
        MemoryMultiplier::Fixed(1.5)
    );
    sources
        .settings
        .push("task_registry.cache_size=10000".to_owned());
    assert_eq!(
        load(&sources).expect("valid").task_registry.cache_size,
        10_000
    );
}

#[test]
fn warnings_are_no_problems() {
    let config = with(
        TWO_NODES,
        &[
            ("MIROIR_MASTER_KEY", "short"),
            ("MIROIR_ADMIN_API_KEY", "short"),
        ],
        &["shards=8"],
    );
    assert_eq!(
        config.expect("valid").warnings(),
        [
            "miroir.master_key is shorter than 16 bytes",
            "miroir.admin.api_key is shorter than 16 bytes",
            "miroir.master_key equals miroir.admin.api_key: clients could administer",
            "miroir.shards is 8, fewer than 8 per node of the largest group (16): load will spread unevenly",
        ]
    );
}

proptest! {
    #[test]
    fn printed_and_read_back_is_the_same(
        shards in 1u16..=4096,
        groups in 1u16..=3,
        level in "(info|debug|warn,a_b=trace)",
        path in "/[ -~]{1,20}",
        multiplier in prop_oneof![Just("auto".to_owned()), (1.0f64..100.0).prop_map(|number| number.to_string())],
        ids in proptest::collection::btree_set("[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?", 6..12),
    ) {
        let nodes: Vec<String> = ids
            .iter()
            .enumerate()
            .map(|(index, id)| {
                format!("{{id: '{id}', address: 'http://n{index}:7700', replica_group: {}}}", index % usize::from(groups))
            })
            .collect();
        let first = with("", &[("MIROIR_TASK_STORE__PATH", path.as_str())], &[
            &format!("shards={shards}"),
            &format!("replica_groups={groups}"),
            &format!("log.level='{level}'"),
            &format!("server.memory_multiplier={multiplier}"),
            &format!("nodes=[{}]", nodes.join(", ")),
        ]).expect("valid");
        let second = from_text(&first.to_yaml()).expect("valid");
        prop_assert_eq!(&second, &first);
        prop_assert_eq!(second.to_yaml(), first.to_yaml());
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = from_text(&text);
        let _ = with(TWO_NODES, &[], &[&text]);
    }
}
