//! Index requests: what is read, and what is refused how.

use super::*;
use crate::wire::deserialize::{from_json, from_query};

fn refused<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (&'static str, String) {
    let error = result.unwrap_err();
    (error.code.name(), error.message)
}

#[test]
fn uids() {
    let longest = "a".repeat(400);
    for uid in ["a", "A-_9", longest.as_str()] {
        assert_eq!(ValidUid::check(uid), Ok(()));
    }
    let too_long = "a".repeat(401);
    for uid in ["", "a b", "é", "a.b", too_long.as_str()] {
        assert_eq!(ValidUid::check(uid), Err(ApiError::invalid_index_uid(uid)));
    }
}

#[test]
fn bodies() {
    let create = from_json::<CreateIndex>(br#"{"uid": "movies", "primaryKey": null}"#).unwrap();
    assert_eq!(
        serde_json::to_string(&create).unwrap(),
        r#"{"uid":"movies"}"#
    );

    let cases = [
        ("{}", "missing_index_uid", "Missing field `uid`"),
        (
            r#"{"uid": 1}"#,
            "invalid_index_uid",
            "Invalid value type at `.uid`: expected a string, but found a positive integer: `1`",
        ),
        (
            r#"{"uid": "a b"}"#,
            "invalid_index_uid",
            "Invalid value at `.uid`: `a b` is not a valid index uid. Index uid can be an integer or a string containing only alphanumeric characters, hyphens (-) and underscores (_), and can not be more than 512 bytes.",
        ),
        (
            r#"{"uid": "a", "primaryKey": 1}"#,
            "invalid_index_primary_key",
            "Invalid value type at `.primaryKey`: expected a string, but found a positive integer: `1`",
        ),
        (
            r#"{"uid": "a", "createdAt": 1}"#,
            "bad_request",
            "Unknown field `createdAt`: expected one of `uid`, `primaryKey`",
        ),
    ];
    for (body, code, message) in cases {
        assert_eq!(
            refused(from_json::<CreateIndex>(body.as_bytes())),
            (code, message.to_owned())
        );
    }

    let cases = [
        (
            r#"{"createdAt": 1}"#,
            "immutable_index_created_at",
            "Immutable field `createdAt`: expected one of `primaryKey`, `uid`",
        ),
        (
            r#"{"updatedAt": 1}"#,
            "immutable_index_updated_at",
            "Immutable field `updatedAt`: expected one of `primaryKey`, `uid`",
        ),
        (
            r#"{"x": 1}"#,
            "bad_request",
            "Unknown field `x`: expected one of `primaryKey`, `uid`",
        ),
    ];
    for (body, code, message) in cases {
        assert_eq!(
            refused(from_json::<UpdateIndex>(body.as_bytes())),
            (code, message.to_owned())
        );
    }
}

#[test]
fn swaps() {
    let swaps = from_json::<Vec<SwapIndexes>>(br#"[{"indexes": ["a", "b"]}]"#).unwrap();
    assert_eq!(swaps[0].indexes[1], ValidUid("b".to_owned()));
    assert!(!swaps[0].rename);
    let cases = [
        (
            "{}",
            "bad_request",
            "Invalid value type: expected an array, but found an object: `{}`",
        ),
        (
            "[{}]",
            "missing_swap_indexes",
            "Missing field `indexes` inside `[0]`",
        ),
        (
            r#"[{"indexes": ["a b"]}]"#,
            "invalid_swap_indexes",
            "Invalid value at `[0].indexes[0]`: `a b` is not a valid index uid. Index uid can be an integer or a string containing only alphanumeric characters, hyphens (-) and underscores (_), and can not be more than 512 bytes.",
        ),
        (
            r#"[{"indexes": ["a", "b"], "rename": 1}]"#,
            "invalid_swap_rename",
            "Invalid value type at `[0].rename`: expected a boolean, but found a positive integer: `1`",
        ),
    ];
    for (body, code, message) in cases {
        let result = from_json::<Vec<SwapIndexes>>(body.as_bytes());
        assert_eq!(refused(result), (code, message.to_owned()));
    }
}

#[test]
fn parameters() {
    assert_eq!(from_query::<ListIndexes>("").unwrap().limit, Parameter(20));
    assert_eq!(
        refused(from_query::<ListIndexes>("limit=-1")),
        (
            "invalid_index_limit",
            "Invalid value in parameter `limit`: could not parse `-1` as a positive integer"
                .to_owned()
        )
    );
    let stats = from_query::<StatsParameters>("sizeFormat=human").unwrap();
    assert_eq!(stats.size_format, Some(SizeFormat::Human));
    assert_eq!(
        refused(from_query::<StatsParameters>("sizeFormat=big")),
        (
            "invalid_stats_size_format",
            "Unknown value `big` for parameter `sizeFormat`: expected one of `human`, `raw`"
                .to_owned()
        )
    );
}
