//! Where words go, and what a node is told.

use std::collections::BTreeMap;

use miroir_core::id::NodeId;
use miroir_core::lexicon::Rules;
use miroir_core::settings::UserSettings;
use miroir_store::Json;
use miroir_store::table::{LexiconCopy, LexiconPlace, LexiconRow, LexiconState};
use serde_json::value::RawValue;

use super::{DELIVERED_AT_ONCE, State, What};

const FIELD: &str = "_miroir_words";

fn state() -> State {
    let rules = Rules::of(&UserSettings::default());
    let row = LexiconRow {
        node_uid: "books".parse().unwrap(),
        index_uid: "books".parse().unwrap(),
        state: LexiconState::Current,
        rules: Json::of(&rules),
        scanned: 0,
    };
    State::new(row).unwrap()
}

/// Lays words out and keeps them, as if they had been stored; the places of the parts.
fn add(state: &mut State, words: &[String]) -> Vec<(u32, u32)> {
    let new = BTreeMap::from([(FIELD.to_owned(), words.to_vec())]);
    let (parts, hashes, end, positions) = state.lay_out(new, 1_000_000);
    state.known.extend(hashes);
    (state.end, state.positions) = (end, positions);
    parts
        .iter()
        .map(|part| (part.place.document, part.place.part))
        .collect()
}

fn words(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("w{number}")).collect()
}

fn node() -> NodeId {
    "node-0".parse().unwrap()
}

fn has(state: &mut State, document: u32, part: u32, documents: u32) {
    let next = LexiconPlace { document, part };
    let copy = LexiconCopy {
        node_id: node(),
        next,
        documents,
    };
    state.copies.insert(node(), copy);
}

#[test]
fn words_fill_one_document_after_the_other() {
    let mut state = state();
    assert_eq!(add(&mut state, &words(3)), [(0, 0)]);
    assert_eq!(add(&mut state, &["a".to_owned()]), [(0, 1)]);
    // 2048 words of eight positions fit into a document.
    assert_eq!(add(&mut state, &words(5000)), [(0, 2), (1, 0), (2, 0)]);
    assert_eq!((state.documents(), state.known.len()), (3, 5001));
    assert_eq!(add(&mut state, &[]), []);
}

#[test]
fn what_is_stored_is_taken_over_as_it_was_laid_out() {
    let (mut before, mut after) = (state(), state());
    let new = BTreeMap::from([(FIELD.to_owned(), words(3000))]);
    let (parts, ..) = before.lay_out(new, 1_000_000);
    for part in &parts {
        after.take_over(part).unwrap();
    }
    add(&mut before, &words(3000));
    assert_eq!(
        (before.end, before.positions, before.known.len()),
        (after.end, after.positions, after.known.len())
    );
}

#[test]
fn known_words_are_not_taken_again() {
    let mut state = state();
    add(&mut state, &["old".to_owned()]);
    let document = RawValue::from_string(r#"{"t": "old new New"}"#.to_owned()).unwrap();
    let found = state.unknown([&*document].into_iter());
    assert_eq!(
        found,
        BTreeMap::from([(FIELD.to_owned(), vec!["new".to_owned()])])
    );
}

#[test]
fn words_beyond_the_limit_are_left_out() {
    let mut state = state();
    let new = BTreeMap::from([(FIELD.to_owned(), words(9))]);
    let (_, hashes, ..) = state.lay_out(new, 5);
    assert_eq!((hashes.len(), state.is_full), (5, true));
}

#[test]
fn node_is_told_what_it_lacks() {
    let mut state = state();
    assert_eq!(state.lacking(&node()), None);
    add(&mut state, &words(5000));
    assert_eq!(state.lacking(&node()), Some(What::Send(0..3)));
    has(&mut state, 2, 0, 3);
    assert_eq!(state.lacking(&node()), Some(What::Send(2..3)));
    has(&mut state, 2, 1, 3);
    assert_eq!(state.lacking(&node()), None);
    has(&mut state, 2, 1, 7);
    assert_eq!(state.lacking(&node()), Some(What::Delete(3..7)));
    state.row.state = LexiconState::Scanning;
    assert_eq!(state.lacking(&node()), None);
    state.row.state = LexiconState::Removing;
    assert_eq!(state.lacking(&node()), Some(What::Delete(0..7)));
    has(&mut state, 0, 0, 0);
    assert_eq!(state.lacking(&node()), None);
}

#[test]
fn a_long_list_is_sent_in_pieces() {
    let mut state = state();
    add(&mut state, &words(100_000));
    assert_eq!(
        state.lacking(&node()),
        Some(What::Send(0..DELIVERED_AT_ONCE))
    );
}

#[test]
fn a_new_beginning_forgets_words_and_remembers_documents() {
    let mut state = state();
    add(&mut state, &words(10));
    has(&mut state, 0, 1, 1);
    let rules = Rules::of(&UserSettings::default());
    let renewed = state.renewed(rules.clone(), false);
    assert_eq!(
        (renewed.known.len(), renewed.documents(), renewed.generation),
        (0, 0, 1)
    );
    assert_eq!(renewed.copies[&node()].documents, 1);
    assert_eq!(state.renewed(rules, true).copies[&node()].documents, 0);
}
