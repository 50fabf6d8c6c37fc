//! Tests of the configuration: messages, layers, secrets, generated files.

mod generated;
mod layers;
mod messages;
mod secrets;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{Config, Problems, Sources, load};

const TWO_NODES: &str = "
miroir:
  nodes:
    - id: a
      address: http://a:7700
    - id: b
      address: http://b:7700
";

/// Loads a file `c.yaml` with this text.
fn from_text(text: &str) -> Result<Config, Problems> {
    with(text, &[], &[])
}

fn with(text: &str, environment: &[(&str, &str)], settings: &[&str]) -> Result<Config, Problems> {
    let read = |path: &Path| match path.to_str() {
        Some("c.yaml") => Ok(text.to_owned()),
        Some("/run/secret") => Ok("from-a-secret-file\n".to_owned()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    load(&Sources {
        file: Some(PathBuf::from("c.yaml")),
        environment: environment
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
        settings: settings.iter().map(|text| (*text).to_owned()).collect(),
        read_file: &read,
        memory_limit: None,
    })
}

fn messages(outcome: Result<Config, Problems>) -> String {
    outcome
        .expect_err("the configuration has problems")
        .to_string()
}

/// A file that ends after two good nodes, with more below `miroir`.
fn two_nodes_and(more: &str) -> String {
    format!("{TWO_NODES}{more}")
}

#[test]
fn two_nodes_and_nothing_else_are_a_configuration() {
    let config = from_text(TWO_NODES).expect("valid");
    let defaults = Config {
        nodes: config.nodes.clone(),
        ..Config::default()
    };
    assert_eq!(config, defaults);
    assert_eq!(config.nodes[1].address, "http://b:7700");
}

#[test]
fn without_a_flag_a_missing_file_is_no_problem_of_its_own() {
    let read = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
    let sources = Sources {
        file: None,
        environment: BTreeMap::new(),
        settings: vec![
            "nodes=[{id: a, address: 'http://a'}]".to_owned(),
            "replication_factor=1".to_owned(),
        ],
        read_file: &read,
        memory_limit: None,
    };
    assert_eq!(load(&sources).expect("valid").nodes[0].address, "http://a");
    let named = Sources {
        file: Some(PathBuf::from("/none.yaml")),
        ..sources
    };
    assert!(
        load(&named)
            .expect_err("missing")
            .to_string()
            .starts_with("/none.yaml cannot be read: ")
    );
}
