//! Document requests: what is read, and what is refused how.

use serde_json::json;

use super::*;
use crate::wire::deserialize::{from_json, from_query};

fn refused<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (&'static str, String) {
    let error = result.unwrap_err();
    (error.code.name(), error.message)
}

#[test]
fn parameters_of_additions() {
    let query = "primaryKey=id&csvDelimiter=%3B&customMetadata=a%20b&skipCreation=TRUE";
    let expected = AddDocuments {
        primary_key: Some("id".to_owned()),
        csv_delimiter: Some(b';'),
        custom_metadata: Some("a b".to_owned()),
        skip_creation: Some(true),
    };
    assert_eq!(from_query::<AddDocuments>(query), Ok(expected));
    assert_eq!(from_query::<AddDocuments>(""), Ok(AddDocuments::default()));

    let cases = [
        (
            "csvDelimiter=%C3%A9",
            "invalid_document_csv_delimiter",
            "csv delimiter must be an ascii character. Found: `é`",
        ),
        (
            "csvDelimiter=ab",
            "invalid_document_csv_delimiter",
            "Invalid value in parameter `csvDelimiter`: expected a string of one character, but found the following string of 2 characters: `ab`",
        ),
        (
            "csvDelimiter=",
            "invalid_document_csv_delimiter",
            "Invalid value in parameter `csvDelimiter`: expected a string of one character, but found an empty string",
        ),
        (
            "skipCreation=1",
            "invalid_skip_creation",
            "skipCreation must be either `true` or `false`. Found: `1`",
        ),
        (
            "primarykey=id",
            "bad_request",
            "Unknown parameter `primarykey`: did you mean `primaryKey`? expected one of `primaryKey`, `csvDelimiter`, `customMetadata`, `skipCreation`",
        ),
    ];
    for (query, code, message) in cases {
        assert_eq!(
            refused(from_query::<AddDocuments>(query)),
            (code, message.to_owned())
        );
    }
}

#[test]
fn browsing() {
    let parameters = "offset=1&limit=2&fields=a,b&retrieveVectors=true&ids=1,b&filter=a%20=%201&sort=a:asc,b:desc";
    let body = json!({
        "offset": 1, "limit": 2, "fields": ["a", "b"], "retrieveVectors": true,
        "ids": ["1", "b"], "filter": "a = 1", "sort": ["a:asc", "b:desc"],
    });
    let from_body: BrowseQuery = from_json(body.to_string().as_bytes()).unwrap();
    let from_parameters = BrowseQuery::from(from_query::<BrowseParameters>(parameters).unwrap());
    assert_eq!(from_parameters, from_body);
    assert_eq!(serde_json::to_value(&from_body).unwrap(), body);
    assert_eq!(
        from_json::<BrowseQuery>(b"{}").unwrap(),
        BrowseQuery::default()
    );
    assert_eq!(
        from_query::<BrowseParameters>("fields=*")
            .map(BrowseQuery::from)
            .unwrap()
            .fields,
        None
    );

    assert_eq!(
        refused(from_query::<BrowseParameters>("useNetwork=true")),
        (
            "invalid_document_use_network",
            "Invalid value type for parameter `useNetwork`: expected a string, but found a string: `true`".to_owned()
        )
    );
    assert_eq!(
        refused(from_json::<BrowseQuery>(br#"{"limit": -1}"#)),
        (
            "invalid_document_limit",
            "Invalid value type at `.limit`: expected a positive integer, but found a negative integer: `-1`".to_owned()
        )
    );
    let network = from_json::<BrowseQuery>(br#"{"useNetwork": true}"#).unwrap();
    assert_eq!(refused(network.refuse_network()).0, "feature_not_enabled");
}

#[test]
fn bodies_of_writes() {
    assert_eq!(
        refused(from_json::<DeleteByFilter>(b"{}")),
        (
            "missing_document_filter",
            "Missing field `filter`".to_owned()
        )
    );
    assert_eq!(
        refused(from_json::<EditDocuments>(b"{}")),
        (
            "missing_document_edition_function",
            "Missing field `function`".to_owned()
        )
    );
    let edit = from_json::<EditDocuments>(br#"{"function": "", "context": 1}"#).unwrap();
    assert_eq!(
        refused(edit.context_object()),
        (
            "invalid_document_edition_context",
            "The context must be an object".to_owned()
        )
    );
}

#[test]
fn ids_of_a_batch() {
    let ids = ids_to_delete(br#"[1, "1", {"a": 1}, null, 1.50]"#).unwrap();
    assert_eq!(ids, ["1", "1", "{\"a\":1}", "null", "1.5"]);
    assert_eq!(
        refused(ids_to_delete(b"{}")),
        (
            "bad_request",
            "Json deserialize error: invalid type: map, expected a sequence at line 1 column 0"
                .to_owned()
        )
    );
    assert_eq!(refused(ids_to_delete(b"")).0, "missing_payload");
    assert_eq!(refused(ids_to_delete(b"[")).0, "malformed_payload");
}
