//! The merge against a model, and its parts one by one.

mod census;
mod facets;
mod order;

use serde_json::{Value, json};

use super::*;
use crate::merge::{Picked, TieRule};
use crate::wire::deserialize::from_value;

fn federation(value: Value) -> Federation {
    from_value(value).unwrap()
}

/// An answer of a node with these hits: id, rank out of `RANKS`, and the value to be distinct by.
fn leg(hits: &[(u32, u32, u32)]) -> Leg {
    let hits: Vec<Value> = hits
        .iter()
        .map(|(id, rank, group)| {
            let score = f64::from(*rank) / f64::from(RANKS);
            json!({
                "id": id,
                "group": group,
                "_rankingScore": score,
                "_rankingScoreDetails": {
                    "words": {"order": 0, "matchingWords": rank, "maxMatchingWords": RANKS, "score": score},
                    "id:asc": {"order": 1, "value": f64::from(*id)},
                },
            })
        })
        .collect();
    let body = json!({"hits": hits, "estimatedTotalHits": hits.len(), "query": "x"});
    Leg {
        answer: crate::wire::answer::SearchAnswer::parse(body.to_string().into()).unwrap(),
        asked: 1000,
    }
}

const RANKS: u32 = 8;

fn view() -> IndexView {
    IndexView {
        primary_key: Some("id".to_owned()),
        tie_rule: TieRule::Hidden,
        ..IndexView::default()
    }
}

fn words() -> SearchQuery {
    SearchQuery {
        q: Some("x".to_owned()),
        ..SearchQuery::default()
    }
}

fn in_place(count: usize) -> Vec<Picked> {
    (0..count).map(|hit| Picked { leg: 0, hit }).collect()
}
