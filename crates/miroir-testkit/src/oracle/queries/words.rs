//! Queries that are about words.

use serde_json::{Value, json};

use super::{Body, Source, set, with_words};
use crate::oracle::vocabulary::misspell;

/// `count` words of the corpus.
pub(super) fn words(source: &mut Source<'_>, count: usize) -> Body {
    let mut body = with_words(source, count);
    common(source, &mut body);
    body
}

/// One to three words of which at least one is misspelled; long ones may be misspelled twice.
pub(super) fn typos(source: &mut Source<'_>) -> Body {
    let count = source.number(1..=3);
    let mut words: Vec<String> = (0..count).map(|_| source.word()).collect();
    let wrong = source.number(0..=count - 1);
    for (position, word) in words.iter_mut().enumerate() {
        if (position == wrong || source.chance(0.3)) && word.len() >= 5 {
            *word = misspell(word, source.random);
            if word.len() >= 9 && source.chance(0.5) {
                *word = misspell(word, source.random);
            }
        }
    }
    let mut body = Body::from_iter([("q".to_owned(), json!(words.join(" ")))]);
    common(source, &mut body);
    body
}

/// One to three words, the last one cut short.
pub(super) fn prefixes(source: &mut Source<'_>) -> Body {
    let count = source.number(1..=3);
    let mut words: Vec<String> = (0..count).map(|_| source.word()).collect();
    if let Some(last) = words.last_mut() {
        let longest = (last.len() - 1).min(5);
        last.truncate(source.number(1..=longest));
    }
    let mut body = Body::from_iter([("q".to_owned(), json!(words.join(" ")))]);
    common(source, &mut body);
    body
}

/// Phrases taken from documents, negative words, negative phrases, and mixtures.
pub(super) fn phrases_negative(source: &mut Source<'_>) -> Body {
    let (word, other) = (source.word(), source.word());
    let phrase = phrase(source);
    let q = match source.number(0..=6) {
        0 => format!("\"{phrase}\""),
        1 => format!("\"{phrase}\" {word}"),
        2 => format!("{word} \"{phrase}\""),
        3 => format!("{word} -{other}"),
        4 => format!("{word} -\"{phrase}\""),
        5 => format!("-{word}"),
        _ => format!("\"{phrase}\" -{word} {other}"),
    };
    let mut body = Body::from_iter([("q".to_owned(), json!(q))]);
    common(source, &mut body);
    body
}

/// Two or three consecutive words of some document.
fn phrase(source: &mut Source<'_>) -> String {
    let corpus = source.corpus;
    let field = *source.pick(&["title", "overview"]);
    let text = source
        .pick(&corpus.documents)
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default();
    let words: Vec<&str> = text
        .split([' ', ',', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    let length = source.number(2..=3).min(words.len());
    let start = source.number(0..=words.len() - length);
    words[start..start + length].join(" ")
}

/// What a query about words may also say.
fn common(source: &mut Source<'_>, body: &mut Body) {
    if source.chance(0.5) {
        let limit = source.number(1..=40);
        set(body, "limit", limit);
    }
    if source.chance(0.25) {
        set(body, "matchingStrategy", "all");
    }
    if source.chance(0.15) {
        let attributes = source.some(&["title", "overview", "tags", "studio"], 1..=2);
        set(body, "attributesToSearchOn", attributes);
    }
}
