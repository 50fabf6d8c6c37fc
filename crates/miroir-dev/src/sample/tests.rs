//! The corpus is the same for ever, and contains what a tour needs.

use serde_json::Value;

use super::{COUNT, documents, settings};

fn movies() -> Vec<Value> {
    let text = String::from_utf8(documents()).unwrap();
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// FNV-1a, which is enough to notice a change.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[test]
fn the_corpus_never_changes() {
    assert_eq!(documents(), documents());
    assert_eq!(
        fingerprint(&documents()),
        FINGERPRINT,
        "quoted documents change: update the tutorials too"
    );
}

#[test]
fn ids_count_and_optional_fields_vary() {
    let movies = movies();
    assert_eq!(movies.len() as u64, COUNT);
    assert!(
        movies
            .iter()
            .zip(1..)
            .all(|(movie, id): (_, u64)| movie["id"] == id)
    );
    let having = |name: &str| {
        movies
            .iter()
            .filter(|movie| movie.get(name).is_some())
            .count()
    };
    for (name, low, high) in [
        ("rating", 380, 470),
        ("country", 330, 430),
        ("_geo", 130, 220),
        ("genres", 500, 500),
    ] {
        assert!(
            (low..=high).contains(&having(name)),
            "{} movies have {name}",
            having(name)
        );
    }
    assert!(
        movies
            .iter()
            .any(|movie| movie.get("country") == Some(&Value::Null))
    );
}

#[test]
fn settings_name_only_fields_that_exist() {
    let settings: Value = serde_json::from_slice(&settings()).unwrap();
    let movies = movies();
    for list in [
        "searchableAttributes",
        "filterableAttributes",
        "sortableAttributes",
    ] {
        for name in settings[list].as_array().unwrap() {
            let name = name.as_str().unwrap();
            assert!(
                movies.iter().any(|movie| movie.get(name).is_some()),
                "{list} names {name}"
            );
        }
    }
}

const FINGERPRINT: u64 = 0x54C8_D8F3_E009_3DEB;
