//! The quick ways through hits agree with slow ones, whatever is in the documents.

use proptest::prelude::*;
use serde_json::Value;

use super::super::rank::Key;
use super::*;
use crate::wire::raw::{members, tests::json};

/// Details of similar hits: the same rules, a few values.
fn details() -> impl Strategy<Value = String> {
    let sort = proptest::sample::select(vec!["1", "12", "1.5", "null", r#""}{""#, r#""a\"b""#]);
    (0..3_u8, 0..3_u8, sort, any::<bool>()).prop_map(|(words, typos, sort, swapped)| {
        let (first, second) = if swapped { (1, 0) } else { (0, 1) };
        format!(
            r#"{{"words":{{"order":{first},"matchingWords":{words},"maxMatchingWords":3,"score":0.5}},"typo":{{"order":{second},"typoCount":{typos},"maxTypoCount":2,"score":1.0}},"price:asc":{{"order":2,"value":{sort}}}}}"#
        )
    })
}

/// A hit of random fields, with odd spacing; a name may be Miroir's, the server's, or escaped.
fn hit() -> impl Strategy<Value = String> {
    let key = proptest::sample::select(vec![
        "a",
        "b",
        "c",
        "_miroir_shard",
        "_miroir_x",
        r"\u005fmiroir_y",
        "_geo",
        "_rankingScore",
        "_rankingScoreDetails",
    ]);
    let space = proptest::sample::select(vec!["", "", "", " ", "\n"]);
    let field = (key, json(), space)
        .prop_map(|(key, value, space)| format!("{space}\"{key}\"{space}:{value}{space}"));
    (proptest::collection::vec(field, 0..7), details()).prop_map(|(mut fields, details)| {
        fields.push(format!("\"_rankingScoreDetails\":{details}"));
        format!("{{{}}}", fields.join(","))
    })
}

proptest! {
    #[test]
    fn spans_are_those_of_the_strict_scanner(hits in proptest::collection::vec(hit(), 0..6)) {
        let body = answer_body(&hits, 1, "");
        let answer = SearchAnswer::parse(body.into()).unwrap();
        prop_assert_eq!(answer.hits.len(), hits.len());
        for (spans, hit) in answer.hits.iter().zip(&hits) {
            prop_assert_eq!(answer.slice(&spans.whole), hit.as_bytes());
            let mut details = None;
            let mut score = None;
            let mut marked = Vec::new();
            let mut all = Vec::new();
            for member in members(hit.as_bytes()) {
                let member = member.unwrap();
                match member.key.raw() {
                    b"_rankingScoreDetails" => details = Some(member.value),
                    b"_rankingScore" => score = Some(member.value),
                    _ => {}
                }
                all.push((member.key.raw(), member.value));
                if matches!(member.key.raw().first(), Some(b'_' | b'\\')) {
                    marked.push((member.key.raw(), member.value));
                }
            }
            prop_assert_eq!(spans.details.as_ref().map(|span| answer.slice(span)), details);
            prop_assert_eq!(spans.score.as_ref().map(|span| answer.slice(span)), score);
            let slices = |spans: &crate::wire::answer::MemberSpans| {
                let key = answer.slice(&spans.key);
                (&key[1..key.len() - 1], answer.slice(&spans.value))
            };
            let keys: Vec<_> = answer.keys(spans).map(|key| &key[1..key.len() - 1]).collect();
            prop_assert_eq!(keys, all.iter().map(|(key, _)| *key).collect::<Vec<_>>());
            prop_assert_eq!(answer.marked(spans).iter().map(slices).collect::<Vec<_>>(), marked);
            prop_assert_eq!(answer.members(&spans.whole).unwrap().iter().map(slices).collect::<Vec<_>>(), all);
        }
    }

    #[test]
    fn a_damaged_answer_never_panics(
        hits in proptest::collection::vec(hit(), 1..4),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), proptest::sample::select(b"{}[],:\"\\0 u_\xC3\0".to_vec())), 1..4),
        added in any::<bool>(),
    ) {
        let mut body = answer_body(&hits, 1, "").into_bytes();
        for (index, byte) in damage {
            let at = index.index(body.len());
            body[at] = byte;
        }
        let query = SearchQuery {
            show_ranking_score: true,
            show_ranking_score_details: added,
            attributes_to_retrieve: added.then(|| ["b".to_owned()].into_iter().collect()),
            ..SearchQuery::default()
        };
        if let Ok(answer) = SearchAnswer::parse(body.into()) {
            let legs = [Leg { answer: answer.clone(), asked: 20 }, Leg { answer, asked: 20 }];
            let _ = search(&query, &view(), &legs, &FACTS);
        }
    }

    #[test]
    fn a_key_that_was_used_before_reads_as_a_new_one(all in proptest::collection::vec(details(), 1..8)) {
        let mut used = Key::default();
        for details in &all {
            let mut fresh = Key::default();
            fresh.read(details.as_bytes()).unwrap();
            used.read(details.as_bytes()).unwrap();
            prop_assert_eq!(used.entries(), fresh.entries());
        }
    }

    #[test]
    fn a_hit_is_shown_without_what_is_hidden_and_nothing_else_changes(hit in hit(), added in any::<bool>()) {
        let body = answer_body(std::slice::from_ref(&hit), 1, "");
        let query = SearchQuery {
            // With a list that lacks the primary key, which is then cut out.
            attributes_to_retrieve: added.then(|| ["b".to_owned()].into_iter().collect()),
            ..SearchQuery::default()
        };
        let view = IndexView { primary_key: Some("a".to_owned()), tie_rule: TieRule::Off, ..view() };
        let merged = search(&query, &view, &legs(&[body], 20), &FACTS).unwrap();
        // Duplicate names stay: both sides are compared member by member.
        let shown = std::str::from_utf8(&merged.body).unwrap();
        serde_json::from_str::<Value>(shown).unwrap();
        let answer = SearchAnswer::parse(merged.body.clone().into()).unwrap();
        let shown: Vec<_> = members(answer.slice(&answer.hits[0].whole)).map(|member| {
            let member = member.unwrap();
            (member.key.raw(), member.value)
        }).collect();
        let all: Vec<_> = members(hit.as_bytes()).map(Result::unwrap).collect();
        let last = |name: &str| all.iter().rposition(|member| member.key.raw() == name.as_bytes());
        let cut = [last("_rankingScore"), last("_rankingScoreDetails")];
        let expected: Vec<_> = all.iter().enumerate().filter(|(at, member)| {
            let name = member.key.decode();
            let hidden = name.starts_with("_miroir_") || (added && name == "a");
            !hidden && !cut.contains(&Some(*at))
        }).map(|(_, member)| (member.key.raw(), member.value)).collect();
        prop_assert_eq!(shown, expected);
    }
}

#[test]
fn short_numbers_are_read_as_the_standard_library_reads_them() {
    for text in [
        "0",
        "7.0",
        "1.",
        "0.1",
        "123456789.12345",
        "999999999999999",
        "0.30000000000001",
        "-5",
        "-0.5",
        "1e3",
        "0.8095238095238095",
    ] {
        assert_eq!(
            super::super::rank::number(text.as_bytes()),
            text.parse::<f64>().unwrap(),
            "{text}"
        );
    }
}
