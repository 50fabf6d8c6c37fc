//! Tests of the merge, by part.

mod answer;
mod facets;
mod geo;
mod marked;
mod order;
mod phases;
mod rank;
mod request;
mod sieve;
mod totals;
mod trusted;
mod values;

use super::*;
use crate::wire::answer::SearchAnswer;
use crate::wire::search::{SearchKind, SearchQuery};

/// A node's answer with these raw hits.
fn answer_body(hits: &[String], total: u64, rest: &str) -> String {
    format!(
        "{{\"hits\":[{}],\"query\":\"q\",\"processingTimeMs\":1,\"limit\":20,\"offset\":0,\"estimatedTotalHits\":{total}{rest},\"requestUid\":\"node\"}}",
        hits.join(",")
    )
}

fn legs(bodies: &[String], asked: usize) -> Vec<Leg> {
    let leg = |body: &String| Leg {
        answer: SearchAnswer::parse(body.clone().into()).unwrap(),
        asked,
    };
    bodies.iter().map(leg).collect()
}

fn view() -> IndexView {
    IndexView {
        primary_key: Some("id".to_owned()),
        ..IndexView::default()
    }
}

const FACTS: Facts<'static> = Facts {
    processing_time_ms: 7,
    request_uid: "uid",
    metadata: None,
};

/// The client's answer, and what happened on the way to it.
struct Merged {
    body: Vec<u8>,
    order: Order,
    total: u64,
}

/// What becomes of the answers to one round.
fn search(
    query: &SearchQuery,
    view: &IndexView,
    legs: &[Leg],
    facts: &Facts<'_>,
) -> Result<Merged, MergeError> {
    let window = Window::of(query, view);
    let order = crate::merge::order::merge(legs, &Wanted::of(query, view, window.end))?;
    let counted: Vec<_> = legs.iter().map(|leg| &leg.answer).collect();
    let page = Page {
        legs,
        hits: window.of_order(&order),
        total: crate::merge::totals::of_list(legs, &order),
        documents: None,
        counted: &counted,
        recounts: &[],
        is_semantic: query.kind() != SearchKind::Keyword,
    };
    let body = page::write(query, view, &page, facts)?;
    let total = page.total;
    Ok(Merged { body, order, total })
}

/// The hits of a merged answer, as trees.
fn hits_of(merged: &Merged) -> Vec<serde_json::Value> {
    let body: serde_json::Value = serde_json::from_slice(&merged.body).unwrap();
    body["hits"].as_array().unwrap().clone()
}
