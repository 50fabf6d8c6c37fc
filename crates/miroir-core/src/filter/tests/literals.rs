//! Which ids a literal equals.

use super::*;

#[test]
fn literals_equal_their_normalised_form_and_their_number() {
    for (literal, expected) in [
        ("abc", &["abc"][..]),
        ("'ABC'", &["abc"]),
        ("'  Abc '", &["abc"]),
        ("ＡＢＣ", &["abc"]),
        ("01", &["01", "1"]),
        ("'1.0'", &["1"]),
        ("1.0", &["1"]),
        ("1e2", &["100", "1e2"]),
        ("1E2", &["100", "1e2"]),
        ("'+5'", &["5"]),
        ("-5", &["-5"]),
        ("-0", &["-0", "0"]),
        ("1e-400", &["0", "1e-400"]),
        ("1e400", &["1e400"]),
        ("nan", &["nan"]),
        ("infinity", &["infinity"]),
        ("' 7 '", &["7"]),
        ("9007199254740991", &["9007199254740991"]),
        ("-9007199254740991", &["-9007199254740991"]),
        ("1.5", &[]),
        ("'no id'", &[]),
        ("é", &[]),
        ("''", &[]),
    ] {
        assert_eq!(ids(format!("id = {literal}")), found(expected), "{literal}");
    }
}

#[test]
fn literals_that_equal_more_than_can_be_listed() {
    for literal in ["9007199254740992", "-9007199254740993", "9.1e15", "1e300"] {
        assert_eq!(
            ids(format!("id = {literal}")),
            Err(Why::NumberInexact),
            "{literal}"
        );
    }
    let of_length = |length| ids(format!("id = {}", "x".repeat(length)));
    assert_eq!(of_length(467).map(|ids| ids.len()), Ok(1));
    assert_eq!(of_length(468), Err(Why::LiteralTruncated));
    assert_eq!(ids(r#"id = "\x31""#), Err(Why::NotUnderstood));
}

#[test]
fn letters_narrow_only_where_every_id_is_its_own_normalised_form() {
    let read = |filter: &str| read(json!(filter), false);
    for filter in ["id = abc", "id IN [1, A]", "id = 1e2"] {
        assert_eq!(read(filter), Candidates::Any(Why::IdsNotFolded), "{filter}");
    }
    for (filter, count) in [
        ("id IN [1, 02, '3_4']", 4),
        ("id = 1.0", 1),
        ("id = 'a b'", 0),
    ] {
        assert!(
            matches!(read(filter), Candidates::Ids(ids) if ids.len() == count),
            "{filter}"
        );
    }
}
