//! Keys found, refused and inferred as a server does.

use super::*;
use crate::error::Code;

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

fn found(document: &str, name: &str, repeats: Repeats) -> Result<String, (Code, String)> {
    find(raw(document), name, repeats)
        .map(Cow::into_owned)
        .map_err(|error| (error.code, error.message))
}

#[test]
fn values_are_canonical_or_refused() {
    let long = "a".repeat(MAX_ID_BYTES);
    let accepted = [
        ("1", "1"),
        (r#""1""#, "1"),
        (r#""01""#, "01"),
        ("0", "0"),
        ("-5", "-5"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        (r#""a-b_C9""#, "a-b_C9"),
        (r#""\u0061\u002d1""#, "a-1"),
        (&format!("\"{long}\""), &long),
    ];
    for (value, key) in accepted {
        assert_eq!(canonical(raw(value)).as_deref(), Some(key), "{value}");
    }
    let too_long = format!("\"{long}a\"");
    let refused = [
        "1.0",
        "1e2",
        "-0",
        "18446744073709551616",
        "-9223372036854775809",
        "null",
        "true",
        "[]",
        "{}",
        r#""""#,
        r#""a b""#,
        r#""é""#,
        r#""a.b""#,
        r#""\ud800""#,
        &too_long,
    ];
    for value in refused {
        assert_eq!(canonical(raw(value)), None, "{value}");
    }
}

#[test]
fn both_readers_of_ids_agree() {
    for text in [
        "1",
        "-1",
        "-0",
        "1.0",
        "\"a\"",
        "\"a b\"",
        "null",
        "18446744073709551616",
        "[1]",
    ] {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            canonical_value(&value).as_deref(),
            canonical(raw(text)).as_deref(),
            "{text}"
        );
    }
}

#[test]
fn texts_are_the_servers() {
    let table = [
        (
            r#"{"t": "noid"}"#,
            Code::MissingDocumentId,
            r#"Document doesn't have a `id` attribute: `{"t":"noid"}`."#,
        ),
        (
            r#"{"id": "bad id"}"#,
            Code::InvalidDocumentId,
            "Document identifier `\"bad id\"` is invalid. A document identifier can be of type integer or string, only composed of alphanumeric characters (a-z A-Z 0-9), hyphens (-) and underscores (_), and can not be more than 511 bytes.",
        ),
        (
            r#"{"id": [1,  2]}"#,
            Code::InvalidDocumentId,
            "Document identifier `[1,2]` is invalid. A document identifier can be of type integer or string, only composed of alphanumeric characters (a-z A-Z 0-9), hyphens (-) and underscores (_), and can not be more than 511 bytes.",
        ),
        (
            r#"{"id": 1, "id": 2}"#,
            Code::InvalidDocumentId,
            r#"Document have too many matching `id` attribute: `{"id":2}`."#,
        ),
    ];
    for (document, code, text) in table {
        assert_eq!(
            found(document, "id", Repeats::Kept),
            Err((code, text.to_owned()))
        );
    }
}

#[test]
fn repeated_members_follow_the_format() {
    assert_eq!(
        found(r#"{"id": 1, "id": 2}"#, "id", Repeats::LastWins).unwrap(),
        "2"
    );
    assert_eq!(
        found(r#"{"id": null, "id": 2}"#, "id", Repeats::LastWins).unwrap(),
        "2"
    );
    assert_eq!(
        found(r#"{"id": null, "id": 2}"#, "id", Repeats::Kept)
            .unwrap_err()
            .0,
        Code::InvalidDocumentId
    );
}

#[test]
fn dotted_names_match_paths_and_flattened_keys() {
    let kept = Repeats::Kept;
    for document in [
        r#"{"a":{"b":{"id":7}}}"#,
        r#"{"a.b":{"id":7}}"#,
        r#"{"a":{"b.id":7}}"#,
        r#"{"a.b.id":7}"#,
        r#"{"\u0061":{"b":{"x":1,"id":7}}}"#,
    ] {
        assert_eq!(found(document, "a.b.id", kept).unwrap(), "7", "{document}");
    }
    let twice = found(r#"{"a":{"id":7},"a.id":8}"#, "a.id", kept).unwrap_err();
    assert!(
        twice
            .1
            .starts_with("Document have too many matching `a.id` attribute"),
        "{twice:?}"
    );
    for document in [
        r#"{"a":7}"#,
        r#"{"a":[{"id":7}]}"#,
        r#"{"id":7}"#,
        r#"{"":{"a":{"id":7}}}"#,
    ] {
        assert_eq!(
            found(document, "a.id", kept).unwrap_err().0,
            Code::MissingDocumentId,
            "{document}"
        );
    }
}

#[test]
fn inference_looks_at_names_that_end_in_id() {
    let infer = |document: &str| infer(raw(document)).map_err(|error| (error.code, error.message));
    assert_eq!(infer(r#"{"title":1,"MovieID":2}"#).unwrap(), "MovieID");
    assert_eq!(infer(r#"{"id":1,"id":2}"#).unwrap(), "id");
    assert_eq!(
        infer(r#"{"title":1}"#).unwrap_err().0,
        Code::IndexPrimaryKeyNoCandidateFound
    );
    assert_eq!(
        infer(r#"{"uid":1,"x":2,"id":3}"#).unwrap_err(),
        (Code::IndexPrimaryKeyMultipleCandidatesFound, "The primary key inference failed as the engine found 2 fields ending with `id` in their names: 'id' and 'uid'. Please specify the primary key manually using the `primaryKey` query parameter.".to_owned())
    );
}
