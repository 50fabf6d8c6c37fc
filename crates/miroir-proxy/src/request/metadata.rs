//! What was asked, as a client may have it told with the answer.

use http::HeaderMap;
use miroir_core::id::IndexUid;
use miroir_core::wire::search::SearchQuery;
use serde::Serialize;
use uuid::Uuid;

use crate::catalog::Index;

/// The header by which clients ask for it, as on a server.
const HEADER: &str = "meili-include-metadata";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    query_uid: Uuid,
    index_uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_key: Option<&'a str>,
}

/// Whether a request asks for it.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let value = headers.get(HEADER).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
}

/// The JSON object of one query.
pub(crate) fn of(query: &SearchQuery, uid: &IndexUid, index: &Index) -> Vec<u8> {
    let metadata = Metadata {
        query: query.q.as_deref(),
        query_uid: Uuid::now_v7(),
        index_uid: uid.as_str(),
        primary_key: index.primary_key(),
    };
    serde_json::to_vec(&metadata).expect("strings always serialise")
}
