//! The federated list.

use std::cmp::Ordering;
use std::collections::HashSet;

use proptest::prelude::*;

use super::super::standing::Standing;
use super::super::write::insert;
use super::*;
use crate::merge::rank::SortValue;
use crate::merge::values::Value as Compared;

/// A list: hits by descending rank, ties by id, as nodes give them; and its weight in quarters.
fn list() -> impl Strategy<Value = (Vec<(u32, u32, u32)>, u32)> {
    let hits = proptest::collection::btree_map(0..20_u32, (1..=RANKS, 0..6_u32), 0..12);
    (hits, 0..9_u32).prop_map(|(hits, weight)| {
        let mut hits: Vec<_> = hits
            .into_iter()
            .map(|(id, (rank, group))| (id, rank, group))
            .collect();
        hits.sort_by_key(|(id, rank, _)| (RANKS - rank, *id));
        (hits, weight)
    })
}

proptest! {
    /// Sorted lists: the merge is the sorted whole, each document once per index, each value once at all.
    #[test]
    fn the_merge_is_the_sorted_whole(
        lists in proptest::collection::vec((list(), 0..3_usize), 1..6),
        offset in 0..6_usize, limit in 0..12_usize, distinct in any::<bool>(),
    ) {
        let view = view();
        let query = words();
        let mut federation = federation(json!({"limit": limit, "offset": offset}));
        federation.distinct = distinct.then(|| "group".to_owned());
        // A list with a distinct attribute comes without repetitions.
        let lists: Vec<_> = lists.into_iter().map(|((mut hits, weight), index)| {
            let mut groups = HashSet::new();
            hits.retain(|hit| !distinct || groups.insert(hit.2));
            (hits, weight, index)
        }).collect();
        let legs: Vec<[Leg; 1]> = lists.iter().map(|(hits, ..)| [leg(hits)]).collect();
        let places: Vec<_> = lists.iter().map(|(hits, ..)| in_place(hits.len())).collect();
        let mut indexes: Vec<OfIndex<'_>> = Vec::new();
        for name in ["a", "b", "c"] {
            indexes.push(OfIndex { index: name, view: &view, lists: Vec::new() });
        }
        for (position, (_, weight, index)) in lists.iter().enumerate() {
            indexes[*index].lists.push(Listed {
                position, weight: f64::from(*weight) / 4.0, query: &query,
                legs: &legs[position], hits: &places[position],
            });
        }
        let merged = merge(&indexes, &federation).unwrap();

        let mut model: Vec<(u32, usize, usize, usize, u32, u32)> = Vec::new();
        for (position, (hits, weight, index)) in lists.iter().enumerate() {
            for (place, (id, rank, group)) in hits.iter().enumerate() {
                model.push((100 - rank * weight, position, place, *index, *id, *group));
            }
        }
        model.sort_unstable();
        let (mut shown, mut groups) = (HashSet::new(), HashSet::new());
        let expected: Vec<(usize, usize)> = model.into_iter()
            .filter(|hit| shown.insert((hit.3, hit.4)) && (!distinct || groups.insert(hit.5)))
            .map(|hit| (hit.1, hit.2)).skip(offset).take(limit).collect();
        let found: Vec<(usize, usize)> = merged.shown.iter()
            .map(|(place, _)| (indexes[place.index].lists[place.list].position, place.hit)).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_page_shows_scores_with_weights_and_positions_of_the_client() {
    let view = view();
    let query = words();
    let legs = [leg(&[(1, 8, 0), (2, 4, 0)])];
    let hits = in_place(2);
    let listed = Listed {
        position: 7,
        weight: 0.5,
        query: &query,
        legs: &legs,
        hits: &hits,
    };
    let indexes = [OfIndex {
        index: "books",
        view: &view,
        lists: vec![listed],
    }];
    let federation = federation(json!({"offset": 1}));
    let merged = merge(&indexes, &federation).unwrap();
    let facts = crate::merge::Facts {
        processing_time_ms: 3,
        request_uid: "u",
        metadata: None,
    };
    let answer = Answer {
        federation: &federation,
        indexes: &indexes,
        merged: &merged,
        total: 2,
        facets: &[],
    };
    let body = String::from_utf8(write(&answer, &facts).unwrap()).unwrap();
    assert_eq!(
        body,
        r#"{"hits":[{"id":2,"group":0,"_federation":{"indexUid":"books","queriesPosition":7,"weightedRankingScore":0.25}}],"processingTimeMs":3,"limit":20,"offset":1,"estimatedTotalHits":2,"requestUid":"u"}"#
    );
}

fn standing(values: Vec<Compared<'static>>, score: f64) -> Standing<'static> {
    Standing {
        values,
        score,
        by_vector: false,
    }
}

#[test]
fn what_cannot_be_compared_goes_by_what_is_left_and_then_by_the_whole() {
    let number = |number| Compared::Sort {
        ascending: true,
        value: SortValue::Number(number),
    };
    let far = |distance| Compared::Geo {
        ascending: true,
        distance: Some(distance),
    };
    let score = Compared::Score;
    let compare = |left: &[Compared<'static>], right: &[Compared<'static>]| {
        standing(left.to_vec(), 0.4).compare(&standing(right.to_vec(), 0.5))
    };
    assert_eq!(
        compare(&[score(0.9)], &[score(0.8), score(1.0)]),
        Ordering::Greater
    );
    assert_eq!(
        compare(&[score(0.9)], &[score(0.9), score(0.0)]),
        Ordering::Less
    );
    assert_eq!(compare(&[number(1.0)], &[number(2.0)]), Ordering::Greater);
    assert_eq!(
        compare(&[score(0.1), number(1.0)], &[number(2.0)]),
        Ordering::Greater
    );
    assert_eq!(compare(&[score(0.1)], &[number(2.0)]), Ordering::Less);
    // The server's order of distances, whatever the direction.
    assert_eq!(compare(&[far(10.0)], &[far(20.0)]), Ordering::Less);
    assert_eq!(
        compare(&[score(0.5)], &[score(0.5 + 1e-17)]),
        Ordering::Equal
    );
}

#[test]
fn the_federation_is_the_last_member_of_the_document() {
    let cases = [
        ("{}", r#"{"_federation":0}"#),
        (r#"{"a":1}"#, r#"{"a":1,"_federation":0}"#),
        (
            r#"{"a":1,"_formatted":{},"_rankingScore":1}"#,
            r#"{"a":1,"_federation":0,"_formatted":{},"_rankingScore":1}"#,
        ),
        (
            r#"{"_federation":"mine","_rankingScore":2,"b":1,"_rankingScore":1}"#,
            r#"{"_federation":0,"_rankingScore":2,"b":1,"_rankingScore":1}"#,
        ),
    ];
    for (hit, expected) in cases {
        let mut out = Vec::new();
        insert(hit.as_bytes(), b"0", &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
