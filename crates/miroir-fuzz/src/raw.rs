//! The target `raw`: damaged JSON means the same to the slicer and to `serde_json`, or is refused by both.

use std::fmt;

use miroir_core::wire::raw;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value};

use crate::Case;
use crate::mutate::damage;

pub(crate) struct RawCase {
    bytes: Vec<u8>,
    /// A key to cut out of an object.
    key: String,
}

const SEEDS: [&str; 9] = [
    r#"{"id":1,"title":"Caf\u00e9 \ud83d\ude80","tags":["a","b\\\"c"],"price":-1.5e-3,"_miroir_shard":"x"}"#,
    r#" { "a" : { "a" : [ 1 , 2.0 , 1e400 ] } , "a" : null , "b" : { } } "#,
    r#"[{"id":"x"},[],{},[[[[]]]],true,false,null,0,-0,1E+2,123456789012345678901234567890]"#,
    r#""only a \/ string \b\f\n\r\t""#,
    "{\"id\":1}\n{\"id\":2}\n\n{\"id\":3}",
    r#"{"":"","\u0061":1,"é漢":"é漢🚀"}"#,
    "[0.1,0e1,1e-1,10,1]",
    r#"{"long":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"aaaa"}"#,
    r#"{"hits":[{"id":1,"_rankingScore":0.5}],"estimatedTotalHits":1}"#,
];

const WORDS: [&str; 26] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "\\udc00",
    "null",
    "true",
    "-",
    ".",
    "e",
    "0",
    "9",
    "1e999",
    "\u{0}",
    "\u{1f}",
    "é",
    "🚀",
    " ",
    "\"a\":",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

impl Case for RawCase {
    fn draw(random: &mut StdRng) -> Self {
        let mut bytes = SEEDS.choose(random).expect("not empty").as_bytes().to_vec();
        if random.random_ratio(9, 10) {
            damage(&mut bytes, &WORDS, &SEEDS, random);
        }
        let key = *["a", "id", "", "_miroir_shard", "b"]
            .choose(random)
            .expect("not empty");
        Self {
            bytes,
            key: key.to_owned(),
        }
    }

    fn check(&self) -> Result<bool, String> {
        let bytes = &self.bytes;
        let parsed = serde_json::from_slice::<Value>(bytes).ok();
        same("validity", &raw::validate(bytes).is_ok(), &parsed.is_some())?;
        same(
            "the object",
            &object(bytes),
            &parsed.as_ref().and_then(Value::as_object).cloned(),
        )?;
        same(
            "the array",
            &array(bytes),
            &parsed.as_ref().and_then(Value::as_array).cloned(),
        )?;
        let stream: Option<Vec<Value>> = serde_json::Deserializer::from_slice(bytes)
            .into_iter()
            .collect::<Result<_, _>>()
            .ok();
        same("the stream", &values(bytes), &stream)?;
        match parsed {
            Some(Value::Object(object)) => self.check_changes(object).map(|()| true),
            Some(Value::String(text)) => {
                let read = raw::text(bytes.trim_ascii()).map(|text| text.decode().into_owned());
                same("the text", &read, &Some(text)).map(|()| true)
            }
            Some(_) => Ok(true),
            None => Ok(false),
        }
    }
}

impl RawCase {
    fn check_changes(&self, object: Map<String, Value>) -> Result<(), String> {
        let mut without = Vec::new();
        raw::cut(&self.bytes, |key| key == self.key, &mut without)
            .map_err(|error| format!("a valid object cannot be cut: {error}"))?;
        let mut expected = object;
        expected.shift_remove(&self.key);
        same(
            "the object without a member",
            &self::object(&without),
            &Some(expected.clone()),
        )?;
        let mut with = Vec::new();
        raw::splice(&without, &[(&self.key, b"[1]")], &mut with)
            .map_err(|error| format!("a valid object cannot be added to: {error}"))?;
        expected.insert(self.key.clone(), Value::from(vec![1]));
        same(
            "the object with a member",
            &self::object(&with),
            &Some(expected),
        )
    }
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut object = Map::new();
    for member in raw::members(bytes) {
        let member = member.ok()?;
        object.insert(member.key.decode().into_owned(), parse(member.value));
    }
    Some(object)
}

fn array(bytes: &[u8]) -> Option<Vec<Value>> {
    raw::elements(bytes)
        .map(|element| element.ok().map(parse))
        .collect()
}

fn values(bytes: &[u8]) -> Option<Vec<Value>> {
    raw::values(bytes)
        .map(|value| value.ok().map(parse))
        .collect()
}

/// A slice that is no JSON is a finding by itself.
fn parse(slice: &[u8]) -> Value {
    serde_json::from_slice(slice).expect("a slice that was let through is JSON")
}

fn same<T: PartialEq + fmt::Debug>(what: &str, ours: &T, expected: &T) -> Result<(), String> {
    if ours == expected {
        return Ok(());
    }
    Err(format!("{what}: {ours:?}, but it is {expected:?}"))
}

impl fmt::Display for RawCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} (key {:?})",
            String::from_utf8_lossy(&self.bytes),
            self.key
        )
    }
}
