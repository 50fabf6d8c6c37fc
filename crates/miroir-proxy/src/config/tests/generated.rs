//! Files that are written from the table of keys.

use std::path::Path;

use super::super::{Config, render};
use super::with;

/// `MIROIR_WRITE_GENERATED=1 cargo test -p miroir-proxy generated_files_are_fresh` writes them.
#[test]
fn generated_files_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let write = std::env::var_os("MIROIR_WRITE_GENERATED").is_some();
    for (name, text) in [
        ("miroir.default.yaml", render::default_file()),
        ("docs/configuration.md", render::reference_page()),
    ] {
        let path = root.join(name);
        if write {
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{name} is out of date, run `just generate`");
    }
}

#[test]
fn the_default_file_is_the_defaults() {
    let nodes = "nodes=[{id: a, address: 'http://a'}, {id: b, address: 'http://b'}]";
    let config = with(&render::default_file(), &[], &[nodes]).expect("valid");
    assert_eq!(
        config,
        Config {
            nodes: config.nodes.clone(),
            ..Config::default()
        }
    );
}
