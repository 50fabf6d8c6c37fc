//! The server's words on requests about keys.

use super::*;
use crate::wire::deserialize::from_json;

fn refused<T: Deserr<BodyFault> + std::fmt::Debug>(body: &str) -> (Code, String) {
    let error = from_json::<T>(body.as_bytes()).unwrap_err();
    (error.code, error.message)
}

#[test]
fn a_key_needs_actions_indexes_and_an_end() {
    let missing = [
        (
            r#"{"indexes":["*"],"expiresAt":null}"#,
            Code::MissingApiKeyActions,
            "Missing field `actions`",
        ),
        (
            r#"{"actions":["*"],"expiresAt":null}"#,
            Code::MissingApiKeyIndexes,
            "Missing field `indexes`",
        ),
        (
            r#"{"actions":["*"],"indexes":["*"]}"#,
            Code::MissingApiKeyExpiresAt,
            "Missing field `expiresAt`",
        ),
    ];
    for (body, code, text) in missing {
        assert_eq!(refused::<CreateKey>(body), (code, text.to_owned()));
    }
    let key: CreateKey = from_json(br#"{"actions":["search","*.get"],"indexes":["a*"],"expiresAt":null,"uid":"6062abda-a5aa-4414-ac91-ecd7944c0f8d"}"#).unwrap();
    assert_eq!(key.actions, [Action::Search, Action::AllGet]);
    assert_eq!(
        key.uid.unwrap().to_string(),
        "6062abda-a5aa-4414-ac91-ecd7944c0f8d"
    );
}

#[test]
fn ends_are_dates_in_the_future() {
    let now: Timestamp = "2025-06-01T00:00:00Z".parse().unwrap();
    let read = |text: &str| {
        let body = format!(r#"{{"actions":[],"indexes":[],"expiresAt":"{text}"}}"#);
        let key: CreateKey = from_json(body.as_bytes())?;
        key.expires_at.must_be_future(now)
    };
    for text in [
        "2030-01-01",
        "2030-01-01 00:00:00",
        "2030-01-01T00:00:00",
        "2030-01-01T01:00:00+01:00",
    ] {
        assert_eq!(
            read(text).unwrap().unwrap().shortest(),
            "2030-01-01T00:00:00Z",
            "{text}"
        );
    }
    for text in ["2020-01-01", "soon", "2030-01-01T00:00", ""] {
        let error = read(text).unwrap_err();
        assert_eq!(error.code, Code::InvalidApiKeyExpiresAt);
        assert_eq!(
            error.message,
            format!(
                "Invalid value at `.expiresAt`: `{text}` is not a valid date. It should follow the RFC 3339 format to represents a date or datetime in the future or specified as a null value. e.g. 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'.\n"
            )
        );
    }
}

#[test]
fn only_name_and_description_can_be_changed() {
    assert_eq!(
        refused::<PatchKey>(r#"{"actions":["*"]}"#),
        (
            Code::ImmutableApiKeyActions,
            "Immutable field `actions`: expected one of `description`, `name`".to_owned()
        )
    );
    let patch: PatchKey = from_json(br#"{"name":null}"#).unwrap();
    assert_eq!(
        (patch.name, patch.description),
        (Change::Clear, Change::Keep)
    );
}
