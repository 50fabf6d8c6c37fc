//! Secrets: where they may come from, and that they are never shown.

use super::super::{Config, Secret};
use super::{TWO_NODES, from_text, messages, two_nodes_and, with};

fn shown(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::expose)
}

#[test]
fn a_secret_comes_from_the_file_the_variable_or_a_secret_file() {
    let text = two_nodes_and("  master_key: in-the-file\n  admin: {api_key: ''}\n");
    let config = from_text(&text).expect("valid");
    assert_eq!(shown(config.master_key.as_ref()), Some("in-the-file"));
    assert_eq!(config.admin.api_key, None);
    let config = with(
        &text,
        &[
            ("MIROIR_MASTER_KEY", "in-a-variable"),
            ("MIROIR_ADMIN_API_KEY", ""),
        ],
        &[],
    )
    .expect("valid");
    assert_eq!(shown(config.master_key.as_ref()), Some("in-a-variable"));
    let config = with(&text, &[("MIROIR_MASTER_KEY_FILE", "/run/secret")], &[]).expect("valid");
    assert_eq!(
        shown(config.master_key.as_ref()),
        Some("from-a-secret-file")
    );
    let config = with(
        &text,
        &[
            ("MIROIR_ADMIN__API_KEY", "generic"),
            ("MIROIR_ADMIN_API_KEY", ""),
        ],
        &[],
    )
    .expect("valid");
    assert_eq!(shown(config.admin.api_key.as_ref()), Some("generic"));
}

#[test]
fn two_sources_of_one_secret_are_refused() {
    let variables = [
        ("MIROIR_MASTER_KEY", "planted-1"),
        ("MIROIR_MASTER_KEY_FILE", "/run/secret"),
    ];
    assert_eq!(
        messages(with(TWO_NODES, &variables, &[])),
        "MIROIR_MASTER_KEY miroir.master_key: set by MIROIR_MASTER_KEY and MIROIR_MASTER_KEY_FILE, expected one of them"
    );
    let variables = [
        ("MIROIR_ADMIN_API_KEY", "planted-1"),
        ("MIROIR_ADMIN__API_KEY", "planted-2"),
    ];
    assert!(
        messages(with(TWO_NODES, &variables, &[]))
            .contains("MIROIR_ADMIN_API_KEY and MIROIR_ADMIN__API_KEY")
    );
    let message = messages(with(TWO_NODES, &[("MIROIR_MASTER_KEY_FILE", "/none")], &[]));
    assert!(
        message.starts_with("MIROIR_MASTER_KEY_FILE miroir.master_key: cannot read /none: "),
        "{message}"
    );
}

#[test]
fn no_secret_is_ever_printed() {
    let variables = [
        ("MIROIR_MASTER_KEY", "planted-master"),
        ("MIROIR_ADMIN_API_KEY", "planted-admin"),
    ];
    let config: Config =
        with(TWO_NODES, &variables, &["node_master_key=planted-node"]).expect("valid");
    let shown = format!(
        "{config:?}{config:#?}{}{}",
        config.to_yaml(),
        config.warnings().join("")
    );
    assert!(!shown.contains("planted"), "{shown}");
    assert!(config.to_yaml().contains("  master_key: \"***\"\n"));
    assert_eq!(
        config
            .master_key
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
        Some("***")
    );
    let bad = two_nodes_and("  master_key: [planted]\n  admin: {api_key: {planted: 1}}\n");
    let message = messages(with(&bad, &variables, &["shards"]));
    assert!(!message.contains("planted"), "{message}");
}

#[test]
fn a_printed_configuration_does_not_become_a_key() {
    let text = two_nodes_and("  master_key: '***'\n");
    assert_eq!(
        messages(from_text(&text)),
        "c.yaml:8:15 miroir.master_key: got a redacted secret, expected a text"
    );
}
