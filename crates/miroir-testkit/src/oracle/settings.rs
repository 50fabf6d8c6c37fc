//! Settings that the seed decides.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use serde_json::{Map, Value, json};

use super::vocabulary::Vocabulary;

/// Each setting but the ranking rules, the filterable and the sortable attributes, drawn or left alone.
pub(super) fn draw(random: &mut StdRng, vocabulary: &Vocabulary) -> Map<String, Value> {
    let names = vocabulary.names(40);
    let mut settings = Map::new();
    for (name, probability) in [
        ("synonyms", 0.6),
        ("stopWords", 0.5),
        ("typoTolerance", 0.6),
        ("searchableAttributes", 0.5),
        ("displayedAttributes", 0.4),
        ("separatorTokens", 0.4),
        ("nonSeparatorTokens", 0.4),
        ("dictionary", 0.4),
        ("localizedAttributes", 0.3),
        ("proximityPrecision", 0.4),
        ("prefixSearch", 0.3),
        ("faceting", 0.4),
        ("pagination", 0.2),
    ] {
        let value = value(random, name, names);
        // Another index has the precision.
        if random.random_bool(probability) && name != "proximityPrecision" {
            settings.insert(name.to_owned(), value);
        }
    }
    settings
}

/// Ranking rules in another order, some left out, some of the user's own among them.
pub(super) fn ranking_rules(random: &mut StdRng, fresh: &[String]) -> Option<Vec<String>> {
    if random.random_bool(0.2) {
        return None;
    }
    let mut rules = fresh.to_vec();
    rules.retain(|_| random.random_bool(0.85));
    if random.random_bool(0.6) {
        rules.shuffle(random);
    }
    for own in [
        "votes:desc",
        "mixed:asc",
        "rating:desc",
        "tags:asc",
        "studio:desc",
    ] {
        if random.random_bool(0.25) {
            let place = random.random_range(0..=rules.len());
            rules.insert(place, own.to_owned());
        }
    }
    Some(rules)
}

fn value(random: &mut StdRng, setting: &str, names: &[String]) -> Value {
    let some = |random: &mut StdRng, most: usize| -> Vec<String> {
        let count = random.random_range(1..=most);
        names.sample(random, count).cloned().collect()
    };
    match setting {
        "synonyms" => {
            let mut synonyms = Map::new();
            for word in some(random, 4) {
                let mut others = some(random, 3);
                if random.random_bool(0.5) {
                    others.push(some(random, 2).join(" "));
                }
                synonyms.insert(word, json!(others));
            }
            Value::Object(synonyms)
        }
        "stopWords" => json!(some(random, 4)),
        "typoTolerance" => json!({
            "enabled": random.random_bool(0.8),
            "minWordSizeForTypos": { "oneTypo": random.random_range(3..=6), "twoTypos": random.random_range(6..=10) },
            "disableOnWords": some(random, 3),
            "disableOnAttributes": one_of(random, &["title", "studio"]),
        }),
        "searchableAttributes" => {
            let mut searchable = [
                "title",
                "overview",
                "studio",
                "tags",
                "dimensions",
                "speech",
                "serial",
            ]
            .to_vec();
            searchable.shuffle(random);
            searchable.truncate(random.random_range(2..=6));
            json!(searchable)
        }
        "displayedAttributes" => {
            let mut displayed = [
                "id",
                "title",
                "overview",
                "tags",
                "year",
                "dimensions.label",
                "mixed",
                "_geo",
            ]
            .to_vec();
            displayed.shuffle(random);
            displayed.truncate(random.random_range(1..=7));
            json!(displayed)
        }
        "separatorTokens" => json!(one_of(random, &["a", "br", "&"])),
        "nonSeparatorTokens" => json!(one_of(random, &[",", ".", "-"])),
        "dictionary" => {
            let words = some(random, 2);
            json!([words.join(" "), "l'avion"])
        }
        "localizedAttributes" => json!([
            { "attributePatterns": ["*"], "locales": one_of(random, &["eng", "fra", "jpn"]) },
        ]),
        "proximityPrecision" => json!("byAttribute"),
        "prefixSearch" => json!("disabled"),
        "faceting" => json!({
            "maxValuesPerFacet": random.random_range(3..=60),
            "sortFacetValuesBy": { "*": "alpha", "tags": "count" },
        }),
        _ => json!({ "maxTotalHits": random.random_range(5..=80) }),
    }
}

/// A list of one of the names.
fn one_of(random: &mut StdRng, names: &[&'static str]) -> Vec<&'static str> {
    names.sample(random, 1).copied().collect()
}
