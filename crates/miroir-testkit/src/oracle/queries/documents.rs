//! Reading documents. Without a sort nobody promises an order: such lists are compared as sets, and only as a whole.

use http::Method;
use serde_json::json;

use super::filters::expression;
use super::{Query, Source, encode};
use crate::oracle::profile::Profile;

/// Lists of attributes, as parameters that follow others.
const FIELDS: &[&str] = &[
    "",
    "&fields=id,title",
    "&fields=*",
    "&fields=dimensions.label,nothing",
];

/// One document by its id.
pub(super) fn one(source: &mut Source<'_>) -> Query {
    let fields = *source.pick(FIELDS);
    let parameters = fields.trim_start_matches('&');
    get(format!("/{}?{parameters}", id(source)), None)
}

/// Some documents by their ids, all that match a filter, a sorted page, or none.
pub(super) fn several(source: &mut Source<'_>) -> Query {
    let fields = *source.pick(FIELDS);
    match source.number(0..=3) {
        0 => {
            let ids: Vec<usize> = (0..source.number(0..=8)).map(|_| id(source)).collect();
            Query {
                method: Method::POST,
                body: Some(json!({ "ids": ids, "limit": 1000 })),
                ..get("/fetch".to_owned(), Some("results"))
            }
        }
        1 => {
            let filter = encode(&expression(source, 1));
            get(format!("?limit=100000&filter={filter}"), Some("results"))
        }
        2 => {
            let order = *source.pick(&["serial:asc", "serial:desc", "year:desc,serial:asc"]);
            let (offset, limit) = (source.number(0..=100), source.number(0..=40));
            get(
                format!("?sort={order}&offset={offset}&limit={limit}{fields}"),
                None,
            )
        }
        _ => get("?limit=0".to_owned(), None),
    }
}

/// A request for documents; `rest` follows the route of the whole list.
fn get(rest: String, unordered: Option<&'static str>) -> Query {
    let profile = Profile::Plain;
    Query {
        profile,
        method: Method::GET,
        path: format!("/indexes/{}/documents{rest}", profile.uid()),
        body: None,
        unordered,
    }
}

/// The id of a document, or, rarely, of none.
fn id(source: &mut Source<'_>) -> usize {
    let corpus = source.corpus;
    if source.chance(0.1) {
        return 0;
    }
    let document = source.pick(&corpus.documents);
    document["id"]
        .as_u64()
        .and_then(|id| usize::try_from(id).ok())
        .unwrap_or(0)
}
