//! The documents of most indexes.

use miroir_core::hash::shard_of;
use miroir_core::id::ShardCount;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use serde_json::{Map, Value, json};

use super::vocabulary::Vocabulary;

/// One document.
pub(super) type Document = Map<String, Value>;

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
    pub(super) documents: Vec<Document>,
}

/// How many different tags there are.
pub(super) const TAGS: usize = 24;
/// How many different colours there are.
pub(super) const COLOURS: usize = 9;
/// Colours that documents spell in several ways.
pub(super) const SPELLED: [[&str; 3]; 4] = [
    ["Red", "red", "RED "],
    ["green", "Green", "GREEN"],
    ["Blue", " blue", "BLUE"],
    ["Ocre", "ocre", "Öcre"],
];
/// Sentences of several languages and scripts.
pub(super) const SPEECHES: [&str; 8] = [
    "Le chat dort sur la table de la cuisine",
    "Les chevaux courent dans la grande prairie",
    "Der schnelle Fuchs springt über den faulen Hund",
    "Die Häuser stehen an der alten Straße",
    "関西国際空港限定トートバッグ",
    "東京都の図書館で本を読む",
    "Быстрая лиса прыгает через ленивую собаку",
    "l'avion décolle aujourd'hui à l'aube",
];

/// Shards that get documents when a corpus is skewed: half of them go to the first, the others to the rest of these, so
/// that most shards stay empty.
const SKEWED_SHARDS: u16 = 5;

impl Corpus {
    /// Draws a corpus. `skew`: the number of shards of an index whose shards are to be filled unevenly.
    pub(super) fn draw(
        random: &mut StdRng,
        vocabulary: Vocabulary,
        documents: usize,
        skew: Option<ShardCount>,
    ) -> Self {
        let ids = ids(random, documents, skew);
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
}

/// Distinct primary keys in random order.
fn ids(random: &mut StdRng, count: usize, skew: Option<ShardCount>) -> Vec<usize> {
    let Some(shards) = skew else {
        let mut ids: Vec<usize> = (1..=count * 3).collect();
        ids.shuffle(random);
        ids.truncate(count);
        return ids;
    };
    let mut wanted = [0_usize; SKEWED_SHARDS as usize];
    for _ in 0..count {
        let shard = if random.random_bool(0.5) {
            0
        } else {
            random.random_range(0..SKEWED_SHARDS.min(shards.get()))
        };
        wanted[usize::from(shard)] += 1;
    }
    let mut ids = Vec::with_capacity(count);
    // Every shard takes its share of the numbers, so this ends after about `count * shards / 2` of them.
    for id in 1_usize.. {
        if ids.len() == count {
            break;
        }
        let shard = shard_of(&id.to_string(), shards).index();
        if let Some(left) = wanted.get_mut(shard).filter(|left| **left > 0) {
            *left -= 1;
            ids.push(id);
        }
    }
    ids.shuffle(random);
    ids
}

/// The document with its primary key written as asked.
pub(super) fn with_ids(document: &Document, ids: Ids) -> Document {
    let mut document = document.clone();
    if ids == Ids::Texts {
        let text = text_id(&document["id"]);
        document.insert("id".to_owned(), Value::String(text));
    }
    document
}

/// A primary key as it is written in an index whose keys are strings.
pub(super) fn text_id(id: &Value) -> String {
    format!("doc-{id}")
}

/// A document: complete fields, optional ones, nulls, mixed types, arrays and a nested object; its members come in one
/// of several orders. A value of a field that is used as a facet is spelled in one way only, because the spelling shown
/// for several is a matter of load order; `badge` is the exception, for the class that measures it.
fn document(random: &mut StdRng, words: &Vocabulary, id: usize, serial: usize) -> Document {
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
    if random.random_bool(0.8) {
        let most = random.random_range(0..=3);
        let numbers: Vec<i32> = (0..most).map(|_| random.random_range(-30..90)).collect();
        set("numbers", json!(numbers));
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
    if let Some(spelling) = SPELLED.choose(random).and_then(|one| one.choose(random)) {
        set("badge", json!(spelling));
    }
    if random.random_bool(0.2) {
        set("speech", json!(SPEECHES.choose(random)));
    }
    if random.random_bool(0.2) {
        let mut members: Vec<(String, Value)> = fields.into_iter().collect();
        members.shuffle(random);
        return members.into_iter().collect();
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

pub(super) fn sentence(
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
