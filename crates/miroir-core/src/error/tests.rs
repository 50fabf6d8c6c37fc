//! Codes and texts against facts about the server.

use std::collections::BTreeMap;

use super::*;

#[test]
fn server_codes_are_complete() {
    let server: Vec<Code> = Code::ALL
        .iter()
        .copied()
        .filter(|code| !code.is_miroirs_own())
        .collect();
    assert_eq!(server.len(), 288);

    let mut by_status: BTreeMap<u16, usize> = BTreeMap::new();
    for code in &server {
        *by_status.entry(code.status()).or_default() += 1;
    }
    let expected = [
        (400, 242),
        (401, 2),
        (403, 2),
        (404, 11),
        (409, 3),
        (412, 4),
        (413, 1),
        (415, 3),
        (422, 3),
        (451, 1),
        (500, 6),
        (501, 3),
        (502, 5),
        (503, 2),
    ];
    assert_eq!(by_status.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn names_are_the_identifiers_in_snake_case() {
    for code in Code::ALL {
        let mut expected = String::new();
        for character in format!("{code:?}").chars() {
            if (character.is_ascii_uppercase() || character.is_ascii_digit())
                && !expected.is_empty()
            {
                expected.push('_');
            }
            expected.push(character.to_ascii_lowercase());
        }
        if *code != Code::MiroirTenantUnauthorized {
            assert_eq!(code.name(), expected);
            assert_eq!(Code::from_name(code.name()), Some(*code));
        }
        assert_eq!(Code::from_number(*code as u16), *code);
    }
    assert_eq!(Code::from_name("no_such_code"), None);
}

#[test]
fn body_has_the_servers_shape() {
    let error = ApiError::index_not_found("movies");
    let body = r#"{"message":"Index `movies` not found.","code":"index_not_found","type":"invalid_request","link":"https://docs.meilisearch.com/errors#index_not_found"}"#;
    assert_eq!(String::from_utf8(error.to_json()).unwrap(), body);
    assert_eq!(serde_json::from_str::<ApiError>(body).unwrap(), error);

    let own = ApiError::new(Code::MiroirNoQuorum, "no quorum");
    assert_eq!(
        own.code.link(),
        "https://github.com/jedarden/miroir/blob/main/docs/errors.md#miroir_no_quorum"
    );
    let unknown = r#"{"message":"m","code":"from_the_future","type":"auth","link":""}"#;
    assert_eq!(
        serde_json::from_str::<ApiError>(unknown).unwrap(),
        ApiError::new(Code::Internal, "m")
    );
}

#[test]
fn retry_after() {
    assert_eq!(
        ApiError::too_many_search_requests(3).retry_after(),
        Some(10)
    );
    assert_eq!(
        ApiError::new(Code::MiroirNoQuorum, "").retry_after(),
        Some(1)
    );
    assert_eq!(
        ApiError::new(Code::MiroirRateLimited, "").retry_after(),
        Some(1)
    );
    assert_eq!(ApiError::invalid_api_key().retry_after(), None);
}

#[test]
fn texts() {
    let documents = Payload::DOCUMENT_CONTENT_TYPES;
    let cases = [
        (
            ApiError::missing_content_type(documents),
            415,
            "A Content-Type header is missing. Accepted values for the Content-Type header are: `application/json`, `application/x-ndjson`, `text/csv`",
        ),
        (
            ApiError::invalid_content_type("text/plain", Payload::JSON_CONTENT_TYPES),
            415,
            "The Content-Type `text/plain` is invalid. Accepted values for the Content-Type header are: `application/json`",
        ),
        (
            ApiError::missing_payload(Payload::Ndjson),
            400,
            "A ndjson payload is missing.",
        ),
        (
            ApiError::not_documents(Payload::Json),
            400,
            "The `json` payload provided is malformed. `Couldn't serialize document value: data are neither an object nor a list of objects`.",
        ),
        (
            ApiError::payload_too_large(100_000_000),
            413,
            "The provided payload reached the size limit. The maximum accepted payload size is 100 MB.",
        ),
        (
            ApiError::payload_too_large(10 * 1024 * 1024),
            413,
            "The provided payload reached the size limit. The maximum accepted payload size is 10 MiB.",
        ),
        (
            ApiError::indexes_not_found(&["a", "b"]),
            404,
            "Indexes `a`, `b` not found.",
        ),
        (
            ApiError::indexes_not_found(&["a"]),
            404,
            "Index `a` not found.",
        ),
        (
            ApiError::swap_of_wrong_length(&["m"]),
            400,
            "Two indexes must be given for each swap. The list `[\"m\"]` contains 1 indexes.",
        ),
        (
            ApiError::swap_duplicates(&["m"]),
            400,
            "Indexes must be declared only once during a swap. `m` was specified several times.",
        ),
        (
            ApiError::swap_duplicates(&["a", "b"]),
            400,
            "Indexes must be declared only once during a swap. `a`, `b` were specified several times.",
        ),
        (
            ApiError::primary_key_ambiguous(&["id", "uid", "zid"]),
            400,
            "The primary key inference failed as the engine found 3 fields ending with `id` in their names: 'id' and 'uid'. Please specify the primary key manually using the `primaryKey` query parameter.",
        ),
        (
            ApiError::missing_document_id("id", r#"{"t":"noid"}"#),
            400,
            "Document doesn't have a `id` attribute: `{\"t\":\"noid\"}`.",
        ),
        (
            ApiError::invalid_document_ids(0, "1.5"),
            400,
            "In `.ids[0]`: Document identifier `1.5` is invalid. A document identifier can be of type integer or string, only composed of alphanumeric characters (a-z A-Z 0-9), hyphens (-) and underscores (_), and can not be more than 511 bytes.",
        ),
        (
            ApiError::invalid_task_uid("abc"),
            400,
            "Task uid `abc` is invalid. It should only contain numeric characters.",
        ),
    ];
    for (error, status, message) in cases {
        assert_eq!(error.to_string(), message);
        assert_eq!(error.status(), status, "{message}");
    }
}

#[test]
fn long_reasons_lose_their_middle() {
    let reason = format!("{}{}{}", "a".repeat(50), "b".repeat(40), "c".repeat(85));
    let error = ApiError::malformed_documents(Payload::Json, reason);
    let expected = format!(
        "The `json` payload provided is malformed. `Couldn't serialize document value: {}...{}`.",
        "a".repeat(50),
        "c".repeat(85)
    );
    assert_eq!(error.message, expected);
    let multibyte = "é".repeat(200);
    assert!(
        ApiError::malformed_documents(Payload::Json, multibyte)
            .message
            .contains("...")
    );
}
