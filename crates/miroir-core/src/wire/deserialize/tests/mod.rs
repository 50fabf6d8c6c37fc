//! The texts every type shares, on a small type of each kind.

mod recorded;

use deserr::Deserr;

use super::*;

#[derive(Debug, PartialEq, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
struct Body {
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchLimit as u16 }>)]
    limit: usize,
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchFacets as u16 }>)]
    facet_names: Option<Vec<String>>,
    #[deserr(default)]
    inner: Option<Inner>,
}

#[derive(Debug, PartialEq, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
struct Inner {
    #[deserr(error = JsonFault<{ Code::MissingIndexUid as u16 }>, missing_field_error = JsonFault::<{ Code::MissingIndexUid as u16 }>::missing_field)]
    uid: String,
}

#[derive(Debug, PartialEq, Deserr)]
#[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
struct Parameters {
    #[deserr(default, error = QueryFault<{ Code::InvalidTaskLimit as u16 }>)]
    limit: Parameter<u32>,
    #[deserr(default, error = QueryFault<{ Code::InvalidTaskReverse as u16 }>)]
    reverse: Option<Parameter<bool>>,
    #[deserr(default, error = QueryFault<{ Code::InvalidTaskUids as u16 }>)]
    uids: StarOrList<u32>,
    #[deserr(default, error = QueryFault<{ Code::InvalidTaskTypes as u16 }>)]
    types: List<String>,
}

#[test]
fn bodies() {
    let cases = [
        ("", "missing_payload", "A json payload is missing."),
        (
            " ",
            "malformed_payload",
            "The json payload provided is malformed. `EOF while parsing a value at line 1 column 1`.",
        ),
        (
            "{",
            "malformed_payload",
            "The json payload provided is malformed. `EOF while parsing an object at line 1 column 1`.",
        ),
        (
            "{'a': 1}",
            "malformed_payload",
            "The json payload provided is malformed. `key must be a string at line 1 column 2`.",
        ),
        (
            "[]",
            "bad_request",
            "Invalid value type: expected an object, but found an array: `[]`",
        ),
        (
            r#""text""#,
            "bad_request",
            "Invalid value type: expected an object, but found a string: `\"text\"`",
        ),
        (
            r#"{"limit": -1}"#,
            "invalid_search_limit",
            "Invalid value type at `.limit`: expected a positive integer, but found a negative integer: `-1`",
        ),
        (
            r#"{"limit": 1.5}"#,
            "invalid_search_limit",
            "Invalid value type at `.limit`: expected a positive integer, but found a number: `1.5`",
        ),
        (
            r#"{"limit": null}"#,
            "invalid_search_limit",
            "Invalid value type at `.limit`: expected a positive integer, but found null",
        ),
        (
            r#"{"facetNames": ["a", 1]}"#,
            "invalid_search_facets",
            "Invalid value type at `.facetNames[1]`: expected a string, but found a positive integer: `1`",
        ),
        (
            r#"{"limmit": 1}"#,
            "bad_request",
            "Unknown field `limmit`: did you mean `limit`? expected one of `limit`, `facetNames`, `inner`",
        ),
        (
            r#"{"inner": {}}"#,
            "missing_index_uid",
            "Missing field `uid` inside `.inner`",
        ),
        (
            r#"{"inner": {"x": 1}}"#,
            "bad_request",
            "Unknown field `x` inside `.inner`: expected one of `uid`",
        ),
        (
            r#"{"unknown": 1, "limit": "a"}"#,
            "bad_request",
            "Unknown field `unknown`: expected one of `limit`, `facetNames`, `inner`",
        ),
    ];
    for (body, code, message) in cases {
        let error = from_json::<Body>(body.as_bytes()).unwrap_err();
        assert_eq!(
            (error.code.name(), error.message.as_str()),
            (code, message),
            "{body}"
        );
    }
}

#[test]
fn repeated_members_keep_the_last() {
    let body = from_json::<Body>(br#"{"limit": "no", "limit": 3}"#).unwrap();
    assert_eq!(body.limit, 3);
}

#[test]
fn queries() {
    let cases = [
        (
            "limit=abc",
            "invalid_task_limit",
            "Invalid value in parameter `limit`: could not parse `abc` as a positive integer",
        ),
        (
            "limit=4294967296",
            "invalid_task_limit",
            "Invalid value in parameter `limit`: could not parse `4294967296` as a positive integer",
        ),
        (
            "reverse=1",
            "invalid_task_reverse",
            "Invalid value in parameter `reverse`: could not parse `1` as a boolean, expected either `true` or `false`",
        ),
        (
            "uids=1,x",
            "invalid_task_uids",
            "Invalid value in parameter `uids[1]`: could not parse `x` as a positive integer",
        ),
        (
            "uids=x",
            "invalid_task_uids",
            "Invalid value in parameter `uids`: could not parse `x` as a positive integer",
        ),
        (
            "limmit=1",
            "bad_request",
            "Unknown parameter `limmit`: did you mean `limit`? expected one of `limit`, `reverse`, `uids`, `types`",
        ),
        (
            "%6cimmit=1",
            "bad_request",
            "Unknown parameter `limmit`: did you mean `limit`? expected one of `limit`, `reverse`, `uids`, `types`",
        ),
    ];
    for (query, code, message) in cases {
        let error = from_query::<Parameters>(query).unwrap_err();
        assert_eq!(
            (error.code.name(), error.message.as_str()),
            (code, message),
            "{query}"
        );
    }
}

#[test]
fn query_values() {
    let parameters =
        from_query::<Parameters>("limit=x&limit=7&uids=1,*,2&types=a+b,%C3%A9,,c&").unwrap();
    assert_eq!(parameters.limit, Parameter(7));
    assert_eq!(parameters.reverse, None);
    assert_eq!(parameters.uids, StarOrList::Star);
    assert_eq!(parameters.types.0, ["a b", "é", "c"]);

    let empty = from_query::<Parameters>("uids=").unwrap();
    assert_eq!(empty.uids, StarOrList::List(vec![]));
    assert_eq!(
        from_query::<Parameters>("").unwrap().uids,
        StarOrList::Absent
    );
}
