//! The documents.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use serde_json::{Map, Value, json};

use super::vocabulary::Vocabulary;

/// How the primary key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    /// Integers.
    Numbers,
    /// Strings.
    Texts,
}

/// Documents and the words they are made of.
#[derive(Debug, Clone)]
pub(super) struct Corpus {
    pub(super) vocabulary: Vocabulary,
    /// In the order in which they are loaded. `id` is the primary key; its order is another one.
    pub(super) documents: Vec<Map<String, Value>>,
}

/// How many different tags there are.
pub(super) const TAGS: usize = 24;
/// How many different colours there are.
pub(super) const COLOURS: usize = 9;

impl Corpus {
    /// Draws a corpus.
    pub(super) fn draw(random: &mut StdRng, documents: usize) -> Self {
        let vocabulary = Vocabulary::draw(random, documents);
        let mut ids: Vec<usize> = (1..=documents * 3).collect();
        ids.shuffle(random);
        let mut serials: Vec<usize> = (1..=documents).collect();
        serials.shuffle(random);
        let documents = ids
            .into_iter()
            .zip(serials)
            .map(|(id, serial)| document(random, &vocabulary, id, serial))
            .collect();
        Self {
            vocabulary,
            documents,
        }
    }

    /// The documents as one JSON array body, with primary keys written as asked.
    pub(super) fn body(documents: &[Map<String, Value>], ids: Ids) -> Value {
        documents
            .iter()
            .map(|document| {
                let mut document = document.clone();
                if ids == Ids::Texts {
                    let text = text_id(&document["id"]);
                    document.insert("id".to_owned(), Value::String(text));
                }
                Value::Object(document)
            })
            .collect()
    }
}

/// A primary key as it is written in an index whose keys are strings.
pub(super) fn text_id(id: &Value) -> String {
    format!("doc-{id}")
}

/// A document: complete fields, optional ones, nulls, mixed types, arrays and a nested object. A value of a field that
/// is used as a facet is spelled in one way only, because the spelling shown for several is a matter of load order.
fn document(
    random: &mut StdRng,
    words: &Vocabulary,
    id: usize,
    serial: usize,
) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("id", json!(id));
    set("title", json!(sentence(random, words, 2..=5)));
    let sentences: Vec<String> = (0..random.random_range(1..=3))
        .map(|_| format!("{}.", sentence(random, words, 5..=11)))
        .collect();
    set("overview", json!(sentences.join(" ")));
    set("serial", json!(serial));
    set("year", json!(random.random_range(1960..=2024)));
    set("votes", json!(random.random_range(0..40) * 1_000_003_u64));
    set(
        "price",
        json!(f64::from(random.random_range(0..4000)) / 4.0),
    );
    set("studio", json!(words.names(30).choose(random)));
    set("released", json!(random.random_bool(0.7)));
    let tag_count = random.random_range(0..=4);
    let tags: Vec<&String> = words.names(TAGS).sample(random, tag_count).collect();
    set("tags", json!(tags));
    set(
        "dimensions",
        json!({
            "width": random.random_range(1..=60),
            "label": words.names(12).choose(random),
        }),
    );
    if random.random_bool(0.7) {
        set(
            "rating",
            json!(f64::from(random.random_range(0..100)) / 10.0),
        );
    }
    match random.random_range(0..4) {
        0 => {}
        1 => {
            set("colour", Value::Null);
        }
        _ => {
            set("colour", json!(words.names(COLOURS).choose(random)));
        }
    }
    if let Some(value) = mixed(random, words) {
        set("mixed", value);
    }
    match random.random_range(0..5) {
        0 => drop(set("notes", json!(""))),
        1 => drop(set("notes", json!([]))),
        2 => drop(set("notes", json!({}))),
        3 => drop(set("notes", json!(words.word(random)))),
        _ => {}
    }
    if random.random_bool(0.6) {
        let degrees =
            |random: &mut StdRng, most: i32| f64::from(random.random_range(-most..=most)) / 100.0;
        let (lat, lng) = (degrees(random, 8000), degrees(random, 17_000));
        set("_geo", json!({ "lat": lat, "lng": lng }));
    }
    fields
}

/// A value of any type, or none.
fn mixed(random: &mut StdRng, words: &Vocabulary) -> Option<Value> {
    Some(match random.random_range(0..7) {
        0 => return None,
        1 => Value::Null,
        2 | 3 => json!(random.random_range(-20..60)),
        4 => json!(words.names(15).choose(random)),
        5 => json!([random.random_range(0..60), words.names(15).choose(random)]),
        _ => json!(random.random_bool(0.5)),
    })
}

fn sentence(
    random: &mut StdRng,
    words: &Vocabulary,
    length: std::ops::RangeInclusive<usize>,
) -> String {
    let mut text = String::new();
    for position in 0..random.random_range(length) {
        if position > 0 {
            text.push_str(if random.random_bool(0.1) { ", " } else { " " });
        }
        text.push_str(words.word(random));
    }
    // The first letter is ASCII: every word of the vocabulary is.
    text[..1].make_ascii_uppercase();
    text
}
