//! Answers of a Meilisearch 1.50.0 server, replayed: what it refused must be refused with the same words, what it took
//! must be taken.
//!
//! A line of `recorded.jsonl` is a request (`kind` says which route, `input` is its body or its query string) and what the
//! server said: `code` and `message`, or neither where it accepted.

use deserr::Deserr;
use serde::Deserialize;

use crate::error::{ApiError, TaskSelection};
use crate::wire::deserialize::{BodyFault, ParametersFault, from_json, from_query};
use crate::wire::documents::{
    AddDocuments, BrowseParameters, BrowseQuery, DeleteByFilter, GetDocument, ids_to_delete,
};
use crate::wire::index::{
    CreateIndex, ListIndexes, StatsParameters, SwapIndexes, UpdateIndex, ValidUid,
};
use crate::wire::search::{SearchParameters, SearchQuery};
use crate::wire::task::{TaskListParameters, TaskSelectionParameters};

#[derive(Deserialize)]
struct Exchange {
    kind: String,
    input: String,
    code: Option<String>,
    message: Option<String>,
}

fn body<T: Deserr<BodyFault>>(input: &str) -> Result<(), ApiError> {
    from_json::<T>(input.as_bytes()).map(drop)
}

fn query<T: Deserr<ParametersFault>>(input: &str) -> Result<(), ApiError> {
    from_query::<T>(input).map(drop)
}

fn check_search(search: SearchQuery) -> Result<(), ApiError> {
    search.refuse_network()?;
    search.check_vector_parts()?;
    search.refuse_personalization()
}

/// What this crate says to the request, up to where the engine or the catalog would be asked.
fn outcome(kind: &str, input: &str) -> Result<(), ApiError> {
    match kind {
        "search_post" => check_search(from_json(input.as_bytes())?),
        "search_get" => check_search(from_query::<SearchParameters>(input)?.try_into()?),
        "create_index" => body::<CreateIndex>(input),
        "update_index" => match from_json::<UpdateIndex>(input.as_bytes())?.uid {
            Some(uid) => ValidUid::check(&uid),
            None => Ok(()),
        },
        "swap" => {
            let swaps = from_json::<Vec<SwapIndexes>>(input.as_bytes())?;
            match swaps.iter().find(|swap| swap.indexes.len() != 2) {
                Some(swap) => {
                    let uids: Vec<&str> = swap.indexes.iter().map(|uid| uid.0.as_str()).collect();
                    Err(ApiError::swap_of_wrong_length(&uids))
                }
                None => Ok(()),
            }
        }
        "fetch" => from_json::<BrowseQuery>(input.as_bytes())?.refuse_network(),
        "browse" => query::<BrowseParameters>(input),
        "get_document" => query::<GetDocument>(input),
        "delete_by_filter" => body::<DeleteByFilter>(input),
        "delete_batch" => ids_to_delete(input.as_bytes()).map(drop),
        "add_documents" => query::<AddDocuments>(input),
        "tasks" => query::<TaskListParameters>(input),
        "cancel" => from_query::<TaskSelectionParameters>(input)?
            .select(TaskSelection::Cancel)
            .map(drop),
        "list_indexes" => query::<ListIndexes>(input),
        "stats" => query::<StatsParameters>(input),
        other => panic!("unknown kind {other}"),
    }
}

#[test]
fn same_words_as_the_server() {
    let recorded = include_str!("recorded.jsonl");
    let mut differences = Vec::new();
    for line in recorded.lines() {
        let exchange: Exchange = serde_json::from_str(line).unwrap();
        let ours = outcome(&exchange.kind, &exchange.input)
            .map_err(|error| (error.code.name().to_owned(), error.message));
        let theirs = match (exchange.code, exchange.message) {
            (Some(code), Some(message)) => Err((code, message)),
            _ => Ok(()),
        };
        if ours != theirs {
            differences.push(format!(
                "{} {}\n  ours   {ours:?}\n  theirs {theirs:?}",
                exchange.kind, exchange.input
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{}\n{}",
        differences.len(),
        differences.join("\n")
    );
}
