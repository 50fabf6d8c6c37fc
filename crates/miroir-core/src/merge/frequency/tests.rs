//! Which words are counted and may be missing, and the order of documents that have equally many of them.

use std::collections::HashSet;

use serde_json::json;

use super::*;
use crate::merge::order::{Leg, Order, Picked};
use crate::settings::UserSettings;
use crate::wire::answer::SearchAnswer;

fn settings(json: serde_json::Value) -> UserSettings {
    serde_json::from_value(json).unwrap()
}

/// The queries of each level, missing words as `_`.
fn queries(query: &str, frequencies: &[u64]) -> Vec<Vec<String>> {
    let words = Words::of(query, &UserSettings::default()).unwrap();
    let shown = |kept: &Kept| {
        words
            .query(query, *kept)
            .replace(&format!("-{NOBODYS_WORD}"), "_")
    };
    levels(frequencies)
        .iter()
        .map(|level| level.iter().map(shown).collect())
        .collect()
}

#[test]
fn frequent_words_may_be_missing_and_keep_their_place() {
    let query = "red big  shoe";
    let words = Words::of(query, &UserSettings::default()).unwrap();
    assert_eq!(words.questions(query), ["red ", "big ", "shoe"]);
    // Without `red`, `big` must be missing too: it is more frequent, and stands behind it.
    assert_eq!(
        queries(query, &[3, 9, 1]),
        [vec![query], vec!["red _ shoe"], vec!["_ _ shoe"]]
    );
    // The other way round it stands before it, and may stay.
    assert_eq!(
        queries(query, &[9, 3, 1]),
        [
            vec![query],
            vec!["_ big shoe", "red _ shoe"],
            vec!["_ _ shoe"]
        ]
    );
    assert_eq!(
        queries(query, &[3, 1, 9]),
        [vec![query], vec!["red big _"], vec!["_ big _"]]
    );
    // Words that nobody has go before all others, and the rarest stay.
    assert_eq!(queries(query, &[0, 2, 2]), [[query], ["_ big shoe"]]);
    assert_eq!(queries(query, &[2, 2, 2]), [[query]]);
    assert_eq!(
        queries("a b c", &[5, 5, 1]),
        [vec!["a b c"], vec!["_ b c", "a _ c"], vec!["_ _ c"]]
    );
}

#[test]
fn a_trailing_space_stays_the_end_of_the_last_word() {
    let query = "red shoe ";
    let words = Words::of(query, &UserSettings::default()).unwrap();
    assert_eq!(words.questions(query), ["red ", "shoe "]);
    assert_eq!(queries(query, &[9, 1]), [[query], ["_ shoe "]]);
}

#[test]
fn too_many_sets_become_one_for_each_level() {
    let query = "a b c d e f g h i j";
    let frequencies = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    let levels = queries(query, &frequencies);
    assert_eq!(levels.len(), 10);
    assert_eq!(levels[3], ["_ _ _ d e f g h i j"]);
    // Rarest first there are no more than that.
    let rising = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    assert_eq!(queries(query, &rising)[3], ["a b c d e f g _ _ _"]);
}

#[test]
fn words_that_are_not_certain_are_left_to_the_nodes() {
    let none = UserSettings::default();
    for query in [
        "shoe",
        "\"red shoe\" big",
        "red -shoe",
        "red-shoe big",
        "iPhone case",
        "靴 赤",
        "a b c d e f g h i j k",
        "",
    ] {
        assert_eq!(Words::of(query, &none), None, "{query}");
    }
    assert!(Words::of("Über Straße 42", &none).is_some());
    assert_eq!(
        Words::of("red shoe", &settings(json!({ "stopWords": ["the"] }))),
        None
    );
    let sorted_first = settings(json!({ "rankingRules": ["sort", "words"] }));
    assert_eq!(Words::of("red shoe", &sorted_first), None);
    assert!(Words::of("red shoe", &settings(json!({ "stopWords": [] }))).is_some());
}

/// A list of hits: id, share of the nearness, exactness.
fn list(hits: &[(u32, &str, &str)]) -> (Vec<Leg>, Order) {
    let hit = |(id, near, exact): &(u32, &str, &str)| {
        let exact = match *exact {
            "exact" => r#""matchType":"exactMatch""#.to_owned(),
            "starts" => r#""matchType":"matchesStart""#.to_owned(),
            words => format!(
                r#""matchType":"noExactMatch","matchingWords":{words},"maxMatchingWords":2"#
            ),
        };
        format!(
            r#"{{"id":{id},"_rankingScoreDetails":{{"typo":{{"order":0,"typoCount":0,"maxTypoCount":1}},"proximity":{{"order":1,"score":{near}}},"exactness":{{"order":2,{exact}}},"id:asc":{{"order":3,"value":{id}.0}}}}}}"#
        )
    };
    let bodies: Vec<String> = hits.iter().map(hit).collect();
    let body = format!(
        r#"{{"hits":[{}],"estimatedTotalHits":1,"processingTimeMs":0}}"#,
        bodies.join(",")
    );
    let answer = SearchAnswer::parse(body.into()).unwrap();
    let picked = (0..hits.len()).map(|hit| Picked { leg: 0, hit }).collect();
    let leg = Leg {
        answer,
        asked: usize::MAX,
    };
    (
        vec![leg],
        Order {
            picked,
            ..Order::default()
        },
    )
}

/// Merges lists of some sets of words out of three, the lists in `goes_on` being beginnings.
fn merged(
    lists: &[(Kept, Vec<Leg>, Order)],
    goes_on: &[usize],
    wanted: usize,
) -> (Vec<u32>, Vec<usize>) {
    let lists: Vec<List<'_>> = lists
        .iter()
        .enumerate()
        .map(|(at, (kept, legs, order))| {
            List::of(*kept, legs, order, goes_on.contains(&at)).unwrap()
        })
        .collect();
    let seen = HashSet::from(["100".to_owned()]);
    let merged = merge(&lists, &seen, "id", wanted).unwrap();
    (
        merged
            .hits
            .iter()
            .map(|hit| hit.id.parse().unwrap())
            .collect(),
        merged.refill,
    )
}

#[test]
fn lists_are_compared_by_what_nearness_costs_and_not_by_its_share() {
    let level = &levels(&[9, 5, 1])[1];
    // Without the first word two are neighbours, and can be far from each other; without the second nothing is.
    let (near, no_pairs) = (
        list(&[(5, "1.0", "2"), (2, "0.75", "2"), (4, "0.25", "2")]),
        list(&[(3, "1.0", "2")]),
    );
    let lists = [
        (level[0], near.0, near.1),
        (level[1], no_pairs.0, no_pairs.1),
    ];
    assert_eq!(merged(&lists, &[], 9), (vec![3, 5, 2, 4], vec![]));
}

#[test]
fn a_field_is_the_query_only_when_no_word_before_is_missing() {
    // The second word is missing: a field with the first and the third in their places is not the beginning of the query.
    let level = &levels(&[1, 9, 5])[1];
    let (_, holed) = (level, levels(&[1, 5, 1])[1][0]);
    let hits = [
        (7, "1.0", "starts"),
        (8, "1.0", "starts"),
        (3, "1.0", "2"),
        (1, "1.0", "1"),
    ];
    let (legs, order) = list(&hits);
    assert_eq!(merged(&[(holed, legs, order)], &[], 9).0, [3, 7, 8, 1]);
    // The last one is missing: it is.
    let tail = levels(&[1, 5, 9])[1][0];
    let (legs, order) = list(&hits);
    assert_eq!(merged(&[(tail, legs, order)], &[], 9).0, [7, 8, 3, 1]);
    // A document of the same rank without another word makes a server look for fields with all three.
    let level = &levels(&[1, 9, 9])[1];
    let (other, this) = (list(&[(5, "1.0", "2"), (100, "1.0", "2")]), list(&hits));
    let lists = [(level[0], other.0, other.1), (level[1], this.0, this.1)];
    assert_eq!(merged(&lists, &[], 9).0, [3, 5, 7, 8, 1]);
}

#[test]
fn a_list_that_may_go_on_is_asked_before_it_is_passed() {
    let level = &levels(&[9, 5, 1])[1];
    let lists = || {
        let (one, other) = (
            list(&[(1, "1.0", "2"), (4, "0.5", "2")]),
            list(&[(2, "1.0", "2"), (3, "1.0", "1")]),
        );
        [(level[0], one.0, one.1), (level[1], other.0, other.1)]
    };
    assert_eq!(merged(&lists(), &[0, 1], 3), (vec![1, 2, 3], vec![]));
    assert_eq!(merged(&lists(), &[0, 1], 4), (vec![1, 2, 3], vec![1]));
    assert_eq!(merged(&lists(), &[0], 9), (vec![1, 2, 3, 4], vec![0]));
    // Which of these comes first depends on what follows.
    let (legs, order) = list(&[(1, "1.0", "2"), (9, "0.5", "starts")]);
    assert_eq!(
        merged(&[(levels(&[1, 5, 1])[1][0], legs, order)], &[0], 2),
        (vec![1], vec![0])
    );
}

#[test]
fn scores_are_those_of_the_whole_query() {
    // Two of three words, next to each other: half way from near to far, and both exact.
    let hit = |id: u32, most: u32, score: f64| {
        format!(
            r#"{{"id":{id},"_rankingScore":{score},"_rankingScoreDetails":{{"words":{{"order":0,"matchingWords":2,"maxMatchingWords":2,"score":1.0}},"typo":{{"order":1,"typoCount":0,"maxTypoCount":{most},"score":1.0}},"proximity":{{"order":2,"score":0.75}},"exactness":{{"order":3,"matchType":"noExactMatch","matchingWords":2,"maxMatchingWords":2,"score":0.3333333333333333}}}}}}"#
        )
    };
    let list = |hit: String| {
        // Behind it comes a document that misses a word, and belongs to another list.
        let misses = hit
            .replace(
                r#""matchingWords":2,"maxMatchingWords":2,"score":1"#,
                r#""matchingWords":1,"maxMatchingWords":2,"score":1"#,
            )
            .replace(r#""maxTypoCount":"#, r#""maxTypoCount":9"#);
        let body =
            format!(r#"{{"hits":[{hit},{misses}],"estimatedTotalHits":2,"processingTimeMs":0}}"#);
        let answer = SearchAnswer::parse(body.into()).unwrap();
        let picked = (0..2).map(|hit| Picked { leg: 0, hit }).collect();
        let leg = Leg {
            answer,
            asked: usize::MAX,
        };
        (
            vec![leg],
            Order {
                picked,
                ..Order::default()
            },
        )
    };
    let level = &levels(&[1, 9, 9])[1];
    let neighbours = level[1];
    let (one, other) = (
        list(hit(1, 2, 93.0 / 108.0)),
        list(hit(2, 3, 129.0 / 144.0)),
    );
    let lists = [one, other];
    let lists: Vec<List<'_>> = lists
        .iter()
        .map(|(legs, order)| List::of(neighbours, legs, order, true).unwrap())
        .collect();
    let merged = merge(&lists, &HashSet::new(), "id", 9).unwrap();
    let leg = rescored(&lists, &merged, Place { level: 1, of: 3 }).unwrap();
    let shown: Vec<serde_json::Value> = leg
        .answer
        .hits
        .iter()
        .map(|hit| serde_json::from_slice(leg.answer.slice(&hit.whole)).unwrap())
        .collect();
    let details = json!({
        "words": {"order": 0, "matchingWords": 2, "maxMatchingWords": 3, "score": 2.0 / 3.0},
        "typo": {"order": 1, "typoCount": 0, "maxTypoCount": 3, "score": 1.0},
        "proximity": {"order": 2, "score": 0.75},
        "exactness": {
            "order": 3, "matchType": "noExactMatch", "matchingWords": 2, "maxMatchingWords": 2,
            "score": 1.0 / 3.0,
        },
    });
    let score = 273.0 / 432.0;
    for (hit, id) in shown.iter().zip([1, 2]) {
        let expected = json!({"id": id, "_rankingScore": score, "_rankingScoreDetails": details});
        assert_eq!(*hit, expected);
    }
}

#[test]
fn sets_of_words_that_a_document_may_have_besides_those_it_was_looked_for() {
    let sets = |query: &str, known| -> Vec<String> {
        let words = Words::of(query, &UserSettings::default()).unwrap();
        let shown = |kept: Kept| {
            words
                .query(query, kept)
                .replace(&format!("-{NOBODYS_WORD}"), "_")
        };
        let sets = words.sets_with_first_and_after(known);
        sets.into_iter().map(shown).collect()
    };
    assert_eq!(sets("a b c", 1), ["a _ c"]);
    assert_eq!(sets("a b c d", 2), ["a b _ d", "a _ c d", "a _ _ d"]);
    assert_eq!(sets("a b c d", 3), Vec::<String>::new());
}
