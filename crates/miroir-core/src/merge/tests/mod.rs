//! Tests of the merge, by part.

mod answer;
mod facets;
mod order;
mod rank;
mod request;
mod trusted;

use super::*;
use crate::wire::answer::SearchAnswer;

/// A node's answer with these raw hits.
fn answer_body(hits: &[String], total: u64, rest: &str) -> String {
    format!(
        "{{\"hits\":[{}],\"query\":\"q\",\"processingTimeMs\":1,\"limit\":20,\"offset\":0,\"estimatedTotalHits\":{total}{rest},\"requestUid\":\"node\"}}",
        hits.join(",")
    )
}

fn legs<'a>(bodies: &'a [String], asked: usize) -> Vec<Leg<'a>> {
    let leg = |body: &'a String| Leg {
        answer: SearchAnswer::parse(body.as_bytes()).unwrap(),
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

/// The hits of a merged answer, as trees.
fn hits_of(merged: &Merged) -> Vec<serde_json::Value> {
    let body: serde_json::Value = serde_json::from_slice(&merged.body).unwrap();
    body["hits"].as_array().unwrap().clone()
}
