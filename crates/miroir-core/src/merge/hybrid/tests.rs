//! Blending two lists: order, duplicates, distinct values, and when words are good enough.

use bytes::Bytes;
use proptest::prelude::*;

use super::super::order::{self, Wanted};
use super::*;
use crate::wire::answer::SearchAnswer;

/// A hit by its words whose only rule is a fraction of 1000 steps, or by its vector.
fn hit(id: u32, value: f64, by_vector: bool) -> String {
    let details = if by_vector {
        format!(r#""vectorSort":{{"order":0,"similarity":{value:?}}}"#)
    } else {
        format!(r#""proximity":{{"order":0,"score":{value:?}}}"#)
    };
    format!(
        r#"{{"id":{id},"group":{},"_rankingScore":{value:?},"_rankingScoreDetails":{{{details},"id:asc":{{"order":1,"value":{id}.0}}}}}}"#,
        id % 5
    )
}

/// The documents of one half, dealt to legs, each leg in its order.
fn legs(hits: &[(u32, f64)], by_vector: bool, legs: usize) -> Vec<Leg> {
    let mut sorted = hits.to_vec();
    sorted.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    (0..legs)
        .map(|leg| {
            let own: Vec<String> = sorted
                .iter()
                .filter(|(id, _)| *id as usize % legs == leg)
                .map(|(id, value)| hit(*id, *value, by_vector))
                .collect();
            let body = format!(
                r#"{{"hits":[{}],"processingTimeMs":1,"estimatedTotalHits":{}}}"#,
                own.join(","),
                own.len()
            );
            Leg {
                answer: SearchAnswer::parse(Bytes::from(body)).unwrap(),
                asked: usize::MAX,
            }
        })
        .collect()
}

fn view() -> IndexView {
    IndexView {
        primary_key: Some("id".to_owned()),
        ..IndexView::default()
    }
}

fn order_of(legs: &[Leg], query: &SearchQuery, end: usize) -> Order {
    order::merge(legs, &Wanted::of(query, &view(), end)).unwrap()
}

/// Ids and halves of the blended list.
fn blended(
    words: &[(u32, f64)],
    vector: &[(u32, f64)],
    fusion: Fusion,
    query: &SearchQuery,
    end: usize,
    count: usize,
) -> Vec<(u32, bool)> {
    let (words, vector) = (legs(words, false, count), legs(vector, true, count));
    let (by_words, by_vector) = (order_of(&words, query, end), order_of(&vector, query, end));
    let keyword = Half {
        legs: &words,
        order: &by_words,
    };
    let semantic = Half {
        legs: &vector,
        order: &by_vector,
    };
    let picked = fuse(query, &view(), keyword, semantic, fusion, end).unwrap();
    let id = |leg: &Leg, at: usize| {
        let hit = leg.answer.slice(&leg.answer.hits[at].whole);
        let hit: serde_json::Value = serde_json::from_slice(hit).unwrap();
        u32::try_from(hit["id"].as_u64().unwrap()).unwrap()
    };
    picked
        .iter()
        .map(|picked| match picked.leg.checked_sub(words.len()) {
            Some(leg) => (id(&vector[leg], picked.hit), true),
            None => (id(&words[picked.leg], picked.hit), false),
        })
        .collect()
}

#[test]
fn the_better_weighed_value_goes_first_and_ties_go_to_the_vector() {
    let words = [(1, 1.0), (2, 0.5), (3, 0.1)];
    let vector = [(4, 0.5), (2, 0.4), (5, 0.1)];
    let query = SearchQuery::default();
    let half = Fusion::Convex(0.5);
    assert_eq!(
        blended(&words, &vector, half, &query, 10, 2),
        [(1, false), (4, true), (2, false), (5, true), (3, false)]
    );
    assert_eq!(
        blended(&words, &vector, Fusion::Convex(0.9), &query, 3, 1),
        [(4, true), (2, true), (1, false)]
    );
}

#[test]
fn a_distinct_value_is_shown_once() {
    let words = [(1, 1.0), (6, 0.9), (2, 0.2)];
    let vector = [(11, 0.95), (7, 0.5), (3, 0.4)];
    let query = SearchQuery {
        distinct: Some("group".to_owned()),
        ..SearchQuery::default()
    };
    assert_eq!(
        blended(&words, &vector, Fusion::Convex(0.5), &query, 10, 3),
        [(1, false), (7, true), (3, true)]
    );
}

#[test]
fn ranks_are_added_up() {
    let words = [(1, 1.0), (2, 0.9), (3, 0.8)];
    let vector = [(4, 0.9), (2, 0.8), (5, 0.7)];
    assert_eq!(
        blended(
            &words,
            &vector,
            Fusion::Ranks(60),
            &SearchQuery::default(),
            4,
            2
        ),
        [(2, true), (4, true), (1, false), (5, true)]
    );
}

#[test]
fn words_are_good_enough_when_all_wanted_hits_are() {
    let query = SearchQuery::default();
    let judge = |hits: &[(u32, f64)], end, ratio| {
        let legs = legs(hits, false, 2);
        let order = order_of(&legs, &query, end);
        let half = Half {
            legs: &legs,
            order: &order,
        };
        is_good_enough(half, end, ratio).unwrap()
    };
    let hits = [(1, 1.0), (2, 0.95), (3, 0.9), (4, 0.5)];
    assert!(judge(&hits, 3, 0.5));
    assert!(!judge(&hits, 4, 0.5), "one is not worth enough");
    assert!(!judge(&hits, 3, 0.6), "the words weigh too little");
    assert!(!judge(&hits, 5, 0.1), "there are too few");
    assert!(judge(&[], 0, 0.9), "nothing is wanted");
    // 0.9 times the single-precision 1 - 0.55 is a little less than it is in double precision.
    assert_eq!(
        judge(&[(1, 1.0)], 1, 0.55),
        f64::from(1.0_f32 - 0.55_f32) >= 0.45
    );
}

/// The server's algorithm, written down again over the lists of one server.
fn one_server(
    words: &[(u32, f64)],
    vector: &[(u32, f64)],
    ratio: f32,
    end: usize,
) -> Vec<(u32, bool)> {
    let list = |hits: &[(u32, f64)]| {
        let mut hits = hits.to_vec();
        hits.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        hits.truncate(end);
        std::collections::VecDeque::from(hits)
    };
    let (mut words, mut vector) = (list(words), list(vector));
    let mut shown: Vec<(u32, bool)> = Vec::new();
    while shown.len() < end {
        let weighed =
            |hit: Option<&(u32, f64)>, weight: f32| hit.map(|hit| hit.1 * f64::from(weight));
        let (left, right) = (
            weighed(vector.front(), ratio),
            weighed(words.front(), 1.0 - ratio),
        );
        let (next, by_vector) = match (left, right) {
            (None, None) => break,
            (Some(left), Some(right)) if (left - right) < -f64::EPSILON => {
                (words.pop_front(), false)
            }
            (Some(_), _) => (vector.pop_front(), true),
            (None, _) => (words.pop_front(), false),
        };
        let id = next.unwrap().0;
        if !shown.iter().any(|(other, _)| *other == id) {
            shown.push((id, by_vector));
        }
    }
    shown
}

fn half() -> impl Strategy<Value = Vec<(u32, f64)>> {
    // The steps of one matching word's position: a fraction that the details can have.
    prop::collection::btree_map(0_u32..40, 0_u32..=20, 0..30).prop_map(|hits| {
        hits.into_iter()
            .map(|(id, step)| (id, f64::from(step) / 20.0))
            .collect()
    })
}

proptest! {
    #[test]
    fn any_number_of_legs_blends_as_one_server(
        words in half(),
        vector in half(),
        percent in 1_u8..100,
        end in 0_usize..40,
        count in 1_usize..5,
    ) {
        let ratio = f32::from(percent) / 100.0;
        let found = blended(&words, &vector, Fusion::Convex(ratio), &SearchQuery::default(), end, count);
        prop_assert_eq!(found, one_server(&words, &vector, ratio, end));
    }
}
