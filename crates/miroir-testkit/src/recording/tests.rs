//! Masks hide only what has the right form, and the files of this repository can be read.

use std::collections::BTreeSet;

use super::exchange::json_files;
use super::mask::mask;
use super::{Recording, Scenario, Step};
use crate::json::Tree;

fn step(json: &str) -> Step {
    serde_json::from_str(json).unwrap()
}

#[test]
fn values_of_the_right_form_are_masked() {
    let step =
        step(r#"{"name":"a","method":"GET","path":"/","mask":["list.*.key"],"unordered":"list"}"#);
    let tree = Tree::parse(
        br#"{"createdAt":"2026-11-20T15:56:30.273223738Z","updatedAt":"2026-11-20 15:56","duration":"PT0.1S",
            "batchUid":3,"list":[{"key":"b","n":2},{"key":"a","n":1}]}"#,
    )
    .unwrap();
    assert_eq!(
        mask(tree, &step).to_string(),
        r#"{"createdAt":"<timestamp>","updatedAt":"2026-11-20 15:56","duration":"<duration>","batchUid":"<batch>","list":[{"key":"<masked>","n":1},{"key":"<masked>","n":2}]}"#
    );
}

#[test]
fn uuids_are_masked_where_they_are_said_to_be_made() {
    let tree = || {
        let text = br#"{"message":"`6bb5f7ac-5f4b-4d6b-9b3c-0d5a1f2e3c4d` \u00e9 not found","a":"6bb5f7ac"}"#;
        Tree::parse(text).unwrap()
    };
    let made = step(r#"{"name":"a","method":"GET","path":"/","uuids":true}"#);
    let masked = mask(tree(), &made).to_string();
    assert_eq!(
        masked,
        "{\"message\":\"`<uuid>` \u{e9} not found\",\"a\":\"6bb5f7ac\"}"
    );
    let given = step(r#"{"name":"a","method":"GET","path":"/"}"#);
    assert_eq!(mask(tree(), &given), tree());
}

#[test]
fn a_null_body_is_a_body() {
    assert_eq!(
        step(r#"{"name":"a","method":"PUT","path":"/","body":null}"#).body,
        Some(Tree::Null)
    );
    assert_eq!(step(r#"{"name":"a","method":"PUT","path":"/"}"#).body, None);
}

#[test]
fn every_scenario_is_recorded_as_it_stands() {
    let recordings = Recording::load_all().unwrap();
    for path in json_files(&super::folder().join("scenarios")).unwrap() {
        let scenario = Scenario::load(&path).unwrap();
        let names: BTreeSet<&str> = scenario
            .steps
            .iter()
            .map(|step| step.name.as_str())
            .collect();
        assert_eq!(
            names.len(),
            scenario.steps.len(),
            "{} repeats a step name",
            scenario.name
        );
        let recording = recordings
            .iter()
            .find(|recording| recording.scenario == scenario.name);
        let recorded: Vec<&Step> = recording
            .expect("recorded")
            .exchanges
            .iter()
            .map(|exchange| &exchange.request)
            .collect();
        let written: Vec<&Step> = scenario.steps.iter().collect();
        assert_eq!(
            recorded, written,
            "{} has changed since it was recorded",
            scenario.name
        );
    }
}
