//! A total order dealt over legs comes back; ids the engine confuses, distinct values, lists that run dry.

use proptest::prelude::*;

use super::*;
use crate::hash;
use crate::id::ShardCount;

/// A hit with a place in the order: one price, and the id as the tie rule.
fn hit(id: u32, price: u32, color: &str) -> String {
    format!(
        r#"{{"id":{id},"color":{color},"_rankingScoreDetails":{{"price:asc":{{"order":0,"value":{price}.0}},"id:asc":{{"order":1,"value":{id}.0}}}}}}"#
    )
}

fn ids(merged: &Merged) -> Vec<u64> {
    hits_of(merged)
        .iter()
        .map(|hit| hit["id"].as_u64().unwrap())
        .collect()
}

proptest! {
    #[test]
    fn an_order_dealt_over_legs_comes_back(
        documents in proptest::collection::btree_map(0..5000_u32, (0..20_u32, 0..6_usize, 0..10_u8), 0..80),
        offset in 0..30_usize,
        limit in 0..30_usize,
        distinct in any::<bool>(),
    ) {
        let mut sorted: Vec<_> = documents.iter().map(|(id, (price, leg, color))| (*price, *id, *leg, *color)).collect();
        sorted.sort_unstable();
        let color = |color: u8| match color { 0 => "null".to_owned(), 1 => "7.0".to_owned(), 2 => "7".to_owned(), n => format!("\"C{}\"", n % 4) };
        let group = |value: u8| match value { 0 => None, 1 | 2 => Some(1), n => Some(n % 4 + 2) };
        let end = offset + limit;
        let mut bodies = Vec::new();
        for leg in 0..6 {
            let mut groups = std::collections::BTreeSet::new();
            let mine: Vec<_> = sorted.iter().filter(|document| document.2 == leg)
                .filter(|document| !distinct || group(document.3).is_none_or(|group| groups.insert(group)))
                .collect();
            let hits: Vec<String> = mine.iter().take(end).map(|(price, id, _, value)| hit(*id, *price, &color(*value))).collect();
            bodies.push(answer_body(&hits, mine.len() as u64, ""));
        }
        let query = SearchQuery { offset, limit, sort: Some(vec!["price:asc".to_owned()]), distinct: distinct.then(|| "color".to_owned()), ..SearchQuery::default() };
        let merged = search(&query, &view(), &legs(&bodies, end), &FACTS).unwrap();
        let mut groups = std::collections::BTreeSet::new();
        let expected: Vec<u64> = sorted.iter()
            .filter(|document| !distinct || group(document.3).is_none_or(|group| groups.insert(group)))
            .map(|document| u64::from(document.1)).skip(offset).take(limit).collect();
        prop_assert_eq!(ids(&merged), expected);
        prop_assert_eq!(&merged.order.refill, &Vec::<usize>::new());
        if !distinct {
            prop_assert_eq!(merged.total, documents.len() as u64);
        }
    }

    /// However documents are dealt, and whatever is believed of the legs' shares: the page is that of the whole lists, what is
    /// shown before is a beginning of it, and few rounds are made.
    #[test]
    fn refilling_ends_in_the_whole_page(
        documents in proptest::collection::btree_map(0..500_u32, (0..5_u32, 0..4_usize, proptest::collection::vec(0..30_u8, 0..3)), 0..120),
        shares in proptest::collection::vec(0..20_usize, 4),
        limit in 1..40_usize,
        distinct in any::<bool>(),
    ) {
        let mut sorted: Vec<_> = documents.iter().map(|(id, (price, leg, colors))| (*price, *id, *leg, colors.clone())).collect();
        sorted.sort_unstable();
        let mut seen = std::collections::BTreeSet::new();
        let expected: Vec<u64> = sorted.iter()
            .filter(|document| !distinct || {
                let is_new = document.3.iter().all(|color| !seen.contains(color));
                if is_new { seen.extend(document.3.iter().copied()); }
                is_new
            })
            .take(limit).map(|document| u64::from(document.1)).collect();
        let query = SearchQuery { limit, sort: Some(vec!["price:asc".to_owned()]), distinct: distinct.then(|| "color".to_owned()), ..SearchQuery::default() };
        let of = shares.iter().sum();
        let shares: Vec<limits::Share> = shares.into_iter().map(|shards| limits::Share { shards, of }).collect();
        let most = 1000;
        let mut asked: Vec<usize> = shares.iter().map(|share| limits::first(limit, *share)).collect();
        for round in 1.. {
            let body = |leg: usize| {
                let mine = sorted.iter().filter(|document| document.2 == leg);
                let hits: Vec<String> = mine.clone().take(asked[leg]).map(|(price, id, _, colors)| hit(*id, *price, &format!("{colors:?}"))).collect();
                answer_body(&hits, mine.count() as u64, "")
            };
            let bodies: Vec<String> = (0..4).map(body).collect();
            let mut legs = legs(&bodies, 0);
            for (leg, asked) in legs.iter_mut().zip(&asked) { leg.asked = *asked; }
            let merged = search(&query, &view(), &legs, &FACTS).unwrap();
            let shown = ids(&merged);
            prop_assert_eq!(&shown[..], &expected[..shown.len()]);
            let order = &merged.order;
            if order.refill.is_empty() {
                prop_assert_eq!(shown, expected);
                break;
            }
            let refill = limits::refill(&legs, &shares, order, limit, most, round);
            for leg in &order.refill {
                prop_assert!(refill.iter().any(|(at, more)| at == leg && *more > asked[*leg]));
            }
            prop_assert!(round > 1 || refill.len() == order.refill.len());
            for (leg, more) in refill { asked[leg] = more; }
            prop_assert!(round < 20, "{:?}", asked);
        }
    }
}

#[test]
fn legs_are_asked_for_their_part_and_some_more() {
    let limits = |end, legs: &[usize]| -> Vec<usize> {
        let of = legs.iter().sum();
        let share = |shards: &usize| limits::Share {
            shards: *shards,
            of,
        };
        legs.iter()
            .map(|shards| limits::first(end, share(shards)))
            .collect()
    };
    assert_eq!(limits(20, &[64]), [20]);
    assert_eq!(limits(0, &[32, 32]), [0, 0]);
    assert_eq!(limits(1, &[8; 8]), [1; 8]);
    assert_eq!(limits(20, &[32, 32]), [16, 16]);
    assert_eq!(limits(20, &[16; 4]), [11; 4]);
    assert_eq!(limits(100, &[48, 16]), [85, 38]);
    assert!(limits(1000, &[8; 8]).iter().sum::<usize>() <= 1300);
    assert!(limits(100_000, &[8; 8]).iter().sum::<usize>() <= 103_000);
}

#[test]
fn one_search_in_a_hundred_needs_a_second_round() {
    for (end, legs) in [(20, 2), (20, 3), (20, 8), (200, 3), (1000, 16)] {
        let count = ShardCount::new(legs as u64).unwrap();
        let share = limits::Share {
            shards: 1,
            of: legs,
        };
        let asked = limits::first(end, share);
        let again = (0..2_000).filter(|search| {
            // The last one of the page needs no successor.
            let mut taken = vec![0; legs];
            for place in 1..end {
                taken[usize::from(hash::shard_of(&format!("{search} {place}"), count).0)] += 1;
            }
            taken.iter().any(|taken| *taken >= asked)
        });
        let again = again.count();
        assert!(again <= 30, "{again} of 2,000 for {end} of {legs}");
        assert!(asked < end);
    }
}

#[test]
fn ids_that_the_engine_confuses_go_by_canonical_id() {
    let hit = |id: &str| {
        format!(r#"{{"id":"{id}","_rankingScoreDetails":{{"id:asc":{{"order":0,"value":"ab"}}}}}}"#)
    };
    let other =
        r#"{"id":"b","_rankingScoreDetails":{"id:asc":{"order":0,"value":"b"}}}"#.to_owned();
    let bodies = [
        answer_body(&[hit("ab"), hit("AB"), other], 3, ""),
        answer_body(&[hit("aB")], 1, ""),
    ];
    let merged = search(&SearchQuery::default(), &view(), &legs(&bodies, 20), &FACTS).unwrap();
    let shown: Vec<String> = hits_of(&merged)
        .iter()
        .map(|hit| hit["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(shown, ["AB", "aB", "ab", "b"]);
    assert!(merged.order.ambiguous_ids);
}

#[test]
fn without_the_tie_rule_ties_keep_leg_and_place() {
    let hit = |id: u32| format!(r#"{{"id":{id},"_rankingScoreDetails":{{}}}}"#);
    let bodies = [
        answer_body(&[hit(9), hit(3)], 2, ""),
        answer_body(&[hit(1)], 1, ""),
    ];
    let view = IndexView {
        tie_rule: TieRule::Off,
        ..view()
    };
    let merged = search(&SearchQuery::default(), &view, &legs(&bodies, 20), &FACTS).unwrap();
    assert_eq!(ids(&merged), [9, 3, 1]);
    assert!(!merged.order.ambiguous_ids);
}

#[test]
fn hits_beyond_the_reachable_ones_are_not_shown_but_counted() {
    let hits: Vec<String> = (0..8).map(|id| hit(id, 1, "1")).collect();
    let bodies = [
        answer_body(&hits[..5], 50, ""),
        answer_body(&hits[5..], 30, ""),
    ];
    let view = IndexView {
        max_total_hits: 5,
        ..view()
    };
    let page = |page, hits_per_page| SearchQuery {
        page: Some(page),
        hits_per_page,
        ..SearchQuery::default()
    };
    let merged = search(&page(2, Some(3)), &view, &legs(&bodies, 5), &FACTS).unwrap();
    assert_eq!((ids(&merged), merged.total), (vec![3, 4], 80));
    assert_eq!(hits_of(&merged).len(), 2);
    let merged = search(&page(0, None), &view, &legs(&bodies, 5), &FACTS).unwrap();
    assert_eq!(
        String::from_utf8(merged.body).unwrap(),
        r#"{"hits":[],"query":"","processingTimeMs":7,"hitsPerPage":20,"page":0,"totalPages":4,"totalHits":80,"requestUid":"uid"}"#
    );
    let merged = search(&page(1, Some(0)), &view, &legs(&bodies, 5), &FACTS).unwrap();
    assert!(
        String::from_utf8(merged.body)
            .unwrap()
            .contains(r#""hitsPerPage":0,"page":1,"totalPages":0,"totalHits":80"#)
    );
}
