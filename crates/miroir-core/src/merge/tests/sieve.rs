//! Thresholds over lists that something else than scores orders.

use super::*;
use crate::merge::repair::Repair;
use crate::merge::threshold::{Sieved, sieve};

/// Hits of one leg by year, then by how many of two words they have.
const BY_YEAR: [(u32, u32); 5] = [(2024, 2), (2024, 1), (2023, 1), (2022, 2), (2022, 1)];

fn sieved(hits: &[(u32, u32)], by_year: bool, is_complete: bool, enough: usize) -> Sieved {
    let hits: Vec<String> = hits
        .iter()
        .enumerate()
        .map(|(id, (year, words))| {
            let (first, second) = if by_year { (0, 1) } else { (1, 0) };
            let score = f64::from(*words) / 2.0;
            format!(
                r#"{{"id":{id},"_rankingScore":{score},"_rankingScoreDetails":{{"year:desc":{{"order":{first},"value":{year}.0}},"words":{{"order":{second},"matchingWords":{words},"maxMatchingWords":2,"score":{score}}},"id:asc":{{"order":2,"value":{id}.0}}}}}}"#
            )
        })
        .collect();
    let total = hits.len() as u64;
    let legs = legs(&[answer_body(&hits, total, "")], usize::MAX);
    let (query, view) = (SearchQuery::default(), view());
    let wanted = Wanted::of(&query, &view, hits.len());
    let order = crate::merge::order::merge(&legs, &wanted).unwrap();
    let repair = Repair::of(&legs).unwrap();
    sieve(&legs, &order, is_complete, &repair, 0.9, enough).unwrap()
}

fn hits(places: &[usize]) -> Vec<Picked> {
    let picked = |hit: &usize| Picked { leg: 0, hit: *hit };
    places.iter().map(picked).collect()
}

#[test]
fn hits_behind_others_that_are_too_low_are_found() {
    let full = Sieved::Full {
        kept: hits(&[0, 3]),
        dropped: hits(&[1, 2]),
    };
    assert_eq!(sieved(&BY_YEAR, true, true, 2), full);
    assert_eq!(sieved(&BY_YEAR, true, false, 2), full);
    let all = Sieved::All {
        kept: hits(&[0, 3]),
    };
    assert_eq!(sieved(&BY_YEAR, true, true, 3), all);
}

#[test]
fn a_list_that_may_go_on_has_to_be_longer() {
    assert_eq!(sieved(&BY_YEAR, true, false, 3), Sieved::Unknown);
}

#[test]
fn nothing_follows_the_first_low_score_where_scores_come_first() {
    let by_words = [(2024, 2), (2022, 2), (2024, 1), (2023, 1)];
    let all = Sieved::All {
        kept: hits(&[0, 1]),
    };
    assert_eq!(sieved(&by_words, false, false, 3), all);
}
