//! Queries that are about words.

use serde_json::{Value, json};

use super::{Body, Definition, Query, Source, post, set, with_words};
use crate::oracle::corpus::SPEECHES;
use crate::oracle::profile::Profile;
use crate::oracle::vocabulary::misspell;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact("words1", "one word", |source| {
        post(Profile::Plain, words(source, 1))
    }),
    Definition::exact("words2", "two words", |source| {
        post(Profile::Plain, words(source, 2))
    }),
    Definition::exact("words3", "three words", |source| {
        post(Profile::Plain, words(source, 3))
    }),
    Definition::exact("typos", "words with one or two typos", |source| {
        post(Profile::Plain, typos(source))
    }),
    Definition::exact("prefixes", "a last word that is cut short", |source| {
        post(Profile::Plain, prefixes(source))
    }),
    Definition::exact(
        "phrases_negative",
        "phrases, negated words, negated phrases",
        |source| post(Profile::Plain, phrases_negative(source)),
    ),
    Definition::exact(
        "strategies",
        "`matchingStrategy` `all` and `last` with words that are missing",
        |source| strategies(source, &["all", "last"]),
    ),
    Definition::exact(
        "search_on",
        "`attributesToSearchOn`: searchable, nested, by pattern, unknown ones",
        search_on,
    ),
    Definition::exact(
        "locales",
        "several scripts, `locales` and `localizedAttributes`",
        locales,
    ),
    Definition::exact(
        "custom_rules",
        "custom ranking rules before, between and after the others",
        |source| post(Profile::Ruled, any(source)),
    ),
    Definition::exact(
        "random_settings",
        "everything about words under settings that the seed decides",
        |source| random_settings(source, Profile::Random),
    ),
    Definition::exact(
        "random_by_attribute",
        "the same with `proximityPrecision` `byAttribute`",
        |source| random_settings(source, Profile::RandomByAttribute),
    )
    .at_least(
        94.0,
        "a server takes two words for far from each other in all documents but those that it looked at when it first met both",
    ),
    Definition::exact(
        "strategy_frequency",
        "`matchingStrategy` `frequency`",
        |source| strategies(source, &["frequency"]),
    )
    .at_least(
        98.0,
        "which of several ways to a match a server goes on with depends on the documents that it met on them",
    ),
    Definition::exact(
        "frequency_scores",
        "ranking scores and their details under `matchingStrategy` `frequency`",
        |source| {
            let mut query = strategies(source, &["frequency"]);
            if let Some(Value::Object(body)) = &mut query.body {
                for name in ["showRankingScore", "showRankingScoreDetails"] {
                    set(body, name, true);
                }
            }
            query
        },
    )
    .at_least(
        94.0,
        "words written together could be one with typos, if a document has them so; nodes tell of all their documents, and not of those with as many words only",
    ),
    Definition::exact(
        "frequency_cut",
        "`matchingStrategy` `frequency` with a distinct attribute, with a threshold, and with both",
        |source| {
            let mut query = strategies(source, &["frequency"]);
            let kind = source.number(0..=2);
            let paged = source.chance(0.3);
            let (attribute, threshold) = (
                *source.pick(&["studio", "colour", "year"]),
                *source.pick(&[0.2, 0.41, 0.53, 0.72, 0.87]),
            );
            let facets = source.chance(0.4);
            if let Some(Value::Object(body)) = &mut query.body {
                if kind != 0 {
                    set(body, "distinct", attribute);
                }
                if kind != 1 {
                    set(body, "rankingScoreThreshold", threshold);
                }
                if facets {
                    set(body, "facets", vec!["colour", "year"]);
                }
                if let Some(limit) = body.remove("limit") {
                    set(body, if paged { "hitsPerPage" } else { "limit" }, limit);
                }
            }
            query.ignoring(match kind {
                0 => &[],
                _ => super::distinct::ESTIMATES,
            })
        },
    )
    .at_least(
        94.0,
        "which of several ways to a match a server goes on with depends on the documents that it met on them",
    ),
    Definition::exact("rich_words", "words of a large vocabulary", |source| {
        let source = &mut source.of(Profile::Rich);
        let count = source.number(1..=3);
        post(Profile::Rich, words(source, count))
    })
    .at_least(94.0, DICTIONARY),
    Definition::exact("rich_typos", "typos in a large vocabulary", |source| {
        post(Profile::Rich, typos(&mut source.of(Profile::Rich)))
    })
    .at_least(94.0, DICTIONARY),
    Definition::exact(
        "rich_prefixes",
        "short prefixes in a large vocabulary",
        |source| post(Profile::Rich, prefixes(&mut source.of(Profile::Rich))),
    )
    .at_least(94.0, DICTIONARY),
];

const DICTIONARY: &str =
    "prefixes and typos are looked up in the words that a node knows, and cut there";

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

/// Any query about words.
pub(super) fn any(source: &mut Source<'_>) -> Body {
    match source.number(0..=5) {
        0 => typos(source),
        1 => prefixes(source),
        2 => phrases_negative(source),
        count => words(source, count - 2),
    }
}

/// Two to four words under one of some strategies. One of them may be in no document.
fn strategies(source: &mut Source<'_>, strategies: &[&str]) -> Query {
    let count = source.number(2..=4);
    let mut body = with_words(source, count);
    if source.chance(0.2) {
        let unknown = format!("{} qqxyzzyq {}", source.word(), source.word());
        set(&mut body, "q", unknown);
    }
    let strategy = *source.pick(strategies);
    set(&mut body, "matchingStrategy", strategy);
    let limit = source.number(1..=40);
    set(&mut body, "limit", limit);
    if source.chance(0.2) {
        set(&mut body, "filter", "year > 1990");
    }
    post(Profile::Plain, body)
}

fn search_on(source: &mut Source<'_>) -> Query {
    let profile = *source.pick(&[Profile::Plain, Profile::Limited, Profile::Ruled]);
    let mut body = any(source);
    let attributes = source.some(
        &[
            "title",
            "overview",
            "tags",
            "studio",
            "dimensions",
            "dimensions.label",
            "*",
            "ti*",
            "nothing",
            "speech",
            "serial",
            "dimensions.*",
        ],
        0..=3,
    );
    set(&mut body, "attributesToSearchOn", attributes);
    post(profile, body)
}

fn locales(source: &mut Source<'_>) -> Query {
    let mut words: Vec<String> = Vec::new();
    for _ in 0..source.number(1..=2) {
        let speech = *source.pick(&SPEECHES);
        let letters: Vec<char> = speech.chars().collect();
        let word = match source.number(0..=2) {
            0 => speech.split(' ').next().unwrap_or(speech).to_owned(),
            1 => {
                let start = source.number(0..=letters.len() - 2);
                letters[start..(start + 6).min(letters.len())]
                    .iter()
                    .collect()
            }
            _ => source.word(),
        };
        words.push(word);
    }
    let mut body = Body::from_iter([("q".to_owned(), json!(words.join(" ")))]);
    if source.chance(0.6) {
        let locales = source.some(&["jpn", "ja", "fra", "deu", "eng", "rus"], 1..=2);
        set(&mut body, "locales", locales);
    }
    if source.chance(0.3) {
        set(&mut body, "attributesToHighlight", vec!["speech"]);
    }
    let profile = *source.pick(&[Profile::Plain, Profile::Localized]);
    post(profile, body)
}

/// Words, filters, sorts, facets, pages and formats on the index whose settings the seed decides.
fn random_settings(source: &mut Source<'_>, profile: Profile) -> Query {
    let mut body = match source.number(0..=4) {
        0 => super::format::highlight(source),
        1 => super::filters::filters(source),
        2 => super::sort::any(source),
        _ => any(source),
    };
    if source.chance(0.2) {
        set(&mut body, "facets", vec!["year", "studio"]);
    }
    if source.chance(0.2) {
        let page = source.number(1..=4);
        set(&mut body, "page", page);
    }
    post(profile, body)
}
