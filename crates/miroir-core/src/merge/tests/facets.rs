//! Facets merged against a naive model of one server, and the quirks of its lists.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::facet_search::FacetHit;
use super::super::facets::{distribution, printed_number, stats};
use super::super::recount::{self, Recount};
use super::*;

fn merged(bodies: &[String], view: &IndexView, candidates: u64) -> (String, String) {
    let legs = legs(bodies, 0);
    let answers = || legs.iter().map(|leg| &leg.answer);
    let (mut values, mut bounds) = (Vec::new(), Vec::new());
    assert!(distribution(answers(), &[], view, candidates, &[], &mut values).unwrap());
    stats(answers(), view, &mut bounds).unwrap();
    (
        String::from_utf8(values).unwrap(),
        String::from_utf8(bounds).unwrap(),
    )
}

fn with_facets(distribution: &str, stats: &str) -> String {
    answer_body(
        &[],
        0,
        &format!(r#","facetDistribution":{distribution},"facetStats":{stats}"#),
    )
}

proptest! {
    #[test]
    fn a_number_is_printed_as_its_text_or_it_is_none(text in "-?[0-9]{0,17}(\\.[0-9]{0,17})?") {
        let printed = text.parse().ok().filter(|number: &f64| number.to_string() == text);
        prop_assert_eq!(printed_number(&text).map(f64::to_bits), printed.map(f64::to_bits));
    }

    /// However few values nodes list: the counts that are shown are right, and unless a value may have been left out by all,
    /// they are those of the most frequent ones.
    #[test]
    fn values_that_nodes_left_out_are_counted_again(
        documents in proptest::collection::vec((0..3_usize, proptest::collection::btree_set(0..12_u8, 1..4)), 0..80),
        shown in 1..4_usize,
        most in 4..9_usize,
    ) {
        let text = |value: &u8| char::from(b'a' + value).to_string();
        let count = |leg: Option<usize>, having: Option<&str>| {
            let mut counts = BTreeMap::<String, u64>::new();
            let own = documents.iter().filter(|(own, _)| leg.is_none_or(|leg| leg == *own));
            for (_, values) in own {
                let is_counted = having.is_none_or(|list| values.iter().any(|value| list.contains(&format!("\"{}\"", text(value)))));
                for value in values.iter().filter(|_| is_counted) {
                    *counts.entry(text(value)).or_default() += 1;
                }
            }
            let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
            counts.sort_by(|left, right| (right.1, &right.0).cmp(&(left.1, &left.0)));
            counts
        };
        let body = |counts: &[(String, u64)]| {
            let list: Vec<String> = counts.iter().map(|(value, count)| format!("\"{value}\":{count}")).collect();
            with_facets(&format!("{{\"facet\":{{{}}}}}", list.join(",")), "{}")
        };
        let cut = |mut counts: Vec<(String, u64)>| { counts.truncate(most); counts };
        let lists: Vec<Vec<(String, u64)>> = (0..3).map(|leg| cut(count(Some(leg), None))).collect();
        let bodies: Vec<String> = lists.iter().map(|list| body(list)).collect();
        let legs = legs(&bodies, 0);
        let answers: Vec<&SearchAnswer> = legs.iter().map(|leg| &leg.answer).collect();
        let view = limited(shown, FacetOrder::Count);
        let left_out = recount::left_out(&answers, &view, most).unwrap();
        let asked = |leg: usize| left_out.first().and_then(|left_out| left_out.filter(leg)).unwrap_or_default();
        let asked_again: std::collections::BTreeSet<u8> = (0..12).filter(|value| (0..3).any(|leg| asked(leg).contains(&format!("\"{}\"", text(value))))).collect();
        prop_assume!(asked_again.len() < most); // more are not asked for
        let recounts: Vec<Recount> = left_out
            .into_iter()
            .map(|left_out| {
                let again = |leg: usize| Some(body(&count(Some(leg), Some(&left_out.filter(leg)?))));
                let answers = (0..3).filter_map(again).map(|body| SearchAnswer::parse(body.into()).unwrap()).collect();
                Recount { left_out, answers }
            })
            .collect();
        let mut merged = Vec::new();
        distribution(answers.iter().copied(), &recounts, &view, 10, &[], &mut merged).unwrap();
        let merged: BTreeMap<String, BTreeMap<String, u64>> = serde_json::from_slice(&merged).unwrap();
        let truth = count(None, None);
        for (value, count) in &merged["facet"] {
            prop_assert!(truth.contains(&(value.clone(), *count)), "{} {}", value, count);
        }
        let mut counts: Vec<u64> = merged["facet"].values().copied().collect();
        counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
        let unseen: u64 = lists.iter().filter(|list| list.len() == most).map(|list| list[most - 1].1).sum();
        if counts.last().is_some_and(|least| unseen <= *least) {
            let first: Vec<u64> = truth.iter().map(|(_, count)| *count).take(shown).collect();
            prop_assert_eq!(counts, first);
        }
    }
}

#[test]
fn values_that_a_facet_search_left_out_are_counted_again_by_their_form() {
    let hits = |list: &[(&str, u64)]| -> Vec<FacetHit> {
        let hit = |(value, count): &(&str, u64)| FacetHit {
            value: (*value).to_owned(),
            count: *count,
        };
        list.iter().map(hit).collect()
    };
    let lists = [hits(&[("Red", 5), ("x", 3)]), hits(&[("y", 4), ("z", 4)])];
    let left_out = recount::left_out_of_search("colour", &lists, 1, 2).unwrap();
    assert_eq!(left_out.filter(0), None, "no more values than a node lists");
    assert_eq!(left_out.filter(1).unwrap(), r#""colour" IN ["red", "x"]"#);
    let again = hits(&[("RED", 2), ("y", 4), ("x", 1)]);
    assert_eq!(left_out.only(1, again), hits(&[("RED", 2), ("x", 1)]));
    // Complete lists, and lists that leave no doubt.
    assert_eq!(recount::left_out_of_search("colour", &lists, 1, 3), None);
    let clear = [hits(&[("a", 9), ("b", 1)]), hits(&[("a", 9), ("c", 1)])];
    assert_eq!(recount::left_out_of_search("colour", &clear, 1, 2), None);
}

fn limited(most: usize, order: FacetOrder) -> IndexView {
    IndexView {
        max_values_per_facet: most,
        facet_order: BTreeMap::from([("*".to_owned(), order)]),
        ..view()
    }
}

proptest! {
    #[test]
    fn facets_are_those_of_one_server(
        documents in proptest::collection::vec((0..4_usize, prop_oneof![
            (0..15_u32).prop_map(|n| (None, Some(n))),
            "[abAB]{1,2}".prop_map(|text| (Some(text), None)),
        ]), 0..60),
        most in 1..20_usize,
        count in any::<bool>(),
        many in any::<bool>(),
    ) {
        let node = |leg: Option<usize>| {
            let (mut numbers, mut strings) = (BTreeMap::<u32, u64>::new(), BTreeMap::<String, u64>::new());
            for (_, (text, number)) in documents.iter().filter(|document| leg.is_none_or(|leg| leg == document.0)) {
                if let Some(number) = number { *numbers.entry(*number).or_default() += 1; }
                if let Some(text) = text { *strings.entry(text.to_lowercase()).or_default() += 1; }
            }
            (numbers, strings)
        };
        let body = |leg| {
            let (numbers, strings) = node(Some(leg));
            // Spelled by each node in its own way.
            let spelled = strings.iter().map(|(text, count)| (if leg % 2 == 0 { text.clone() } else { text.to_uppercase() }, count));
            let members: Vec<String> = numbers.iter().map(|(number, count)| (number.to_string(), count)).chain(spelled)
                .map(|(key, count)| format!("\"{key}\":{count}")).collect();
            let stats = match (numbers.keys().next(), numbers.keys().last()) {
                (Some(min), Some(max)) => format!(r#"{{"f":{{"min":{min}.0,"max":{max}.0}}}}"#),
                _ => "{}".to_owned(),
            };
            with_facets(&format!(r#"{{"f":{{{}}}}}"#, members.join(",")), &stats)
        };
        let bodies: Vec<String> = (0..4).map(body).collect();
        let order = if count { FacetOrder::Count } else { FacetOrder::Alpha };
        let (values, bounds) = merged(&bodies, &limited(most, order), if many { 3001 } else { 3000 });

        let (numbers, strings) = node(None);
        let stats = match (numbers.keys().next(), numbers.keys().last()) {
            (Some(min), Some(max)) => format!(r#"{{"f":{{"min":{min}.0,"max":{max}.0}}}}"#),
            _ => "{}".to_owned(),
        };
        prop_assert_eq!(bounds, stats);
        let mut numbers: Vec<(u32, u64)> = numbers.into_iter().collect();
        let mut strings: Vec<(String, u64)> = strings.into_iter().collect();
        let by_tree = count || many;
        if count {
            numbers.sort_by_key(|(number, count)| std::cmp::Reverse((*count, *number)));
            strings.sort_by_key(|(text, count)| std::cmp::Reverse((*count, text.clone())));
        } else if !many {
            numbers.sort_by_key(|(number, _)| number.to_string());
        }
        let mut list = Vec::new();
        for (number, count) in numbers {
            if list.len() == most { break }
            list.push((number.to_string(), count));
        }
        if by_tree {
            for (text, count) in strings {
                list.push((text, count));
                if list.len() == most { break }
            }
        } else {
            let left = most - list.len();
            list.extend(strings.into_iter().take(left));
        }
        let expected: Vec<String> = list.iter().map(|(key, count)| format!("\"{key}\":{count}")).collect();
        prop_assert_eq!(values.to_lowercase(), format!(r#"{{"f":{{{}}}}}"#, expected.join(",")));
    }
}

#[test]
fn names_are_united_and_sorted_and_miroirs_own_left_out() {
    let bodies = [
        with_facets(
            r#"{"tag":{},"_miroir_shard":{"x":1},"id":{"1":1},"price":{"3":1,"cheap":1}}"#,
            r#"{"id":{"min":1.0,"max":1.0},"price":{"min":3.0,"max":3.0}}"#,
        ),
        with_facets(
            r#"{"color":{"Red":2},"price":{"3":4,"Cheap":1}}"#,
            r#"{"price":{"min":-1.5,"max":3.0}}"#,
        ),
    ];
    let view = IndexView {
        overlay_filterable: vec!["id".to_owned()],
        ..view()
    };
    let (values, bounds) = merged(&bodies, &view, 9);
    assert_eq!(
        values,
        r#"{"color":{"Red":2},"price":{"3":5,"Cheap":2},"tag":{}}"#
    );
    assert_eq!(bounds, r#"{"price":{"min":-1.5,"max":3.0}}"#);
}

/// Seen on a real server: `maxValuesPerFacet` 2, by count, numbers 4 and 3, strings x, y and cheap.
#[test]
fn numbers_that_fill_a_list_by_count_let_all_strings_through() {
    let bodies = [
        with_facets(
            r#"{"price":{"4":1,"x":1,"cheap":1}}"#,
            r#"{"price":{"min":4.0,"max":4.0}}"#,
        ),
        with_facets(
            r#"{"price":{"3":1,"y":1,"x":1}}"#,
            r#"{"price":{"min":3.0,"max":3.0}}"#,
        ),
    ];
    assert_eq!(
        merged(&bodies, &limited(1, FacetOrder::Count), 7).0,
        r#"{"price":{"4":1,"x":2,"y":1,"cheap":1}}"#
    );
    assert_eq!(
        merged(&bodies, &limited(2, FacetOrder::Count), 7).0,
        r#"{"price":{"4":1,"3":1,"x":2,"y":1,"cheap":1}}"#
    );
    assert_eq!(
        merged(&bodies, &limited(3, FacetOrder::Count), 7).0,
        r#"{"price":{"4":1,"3":1,"x":2}}"#
    );
    assert_eq!(
        merged(&bodies, &limited(1, FacetOrder::Alpha), 7).0,
        r#"{"price":{"3":1}}"#
    );
}

#[test]
fn only_what_a_server_prints_for_a_number_is_one() {
    let stats = r#"{"f":{"min":1.0,"max":1e21}}"#;
    let bodies = [with_facets(
        r#"{"f":{"10":1,"9":1,"1000000000000000000000":1,"1e1":1,"010":1}}"#,
        stats,
    )];
    assert_eq!(
        merged(&bodies, &view(), 3001).0,
        r#"{"f":{"9":1,"10":1,"1000000000000000000000":1,"010":1,"1e1":1}}"#
    );
    let bodies = [with_facets(r#"{"f":{"9":1,"10":1}}"#, "{}")];
    assert_eq!(
        merged(&bodies, &view(), 3001).0,
        r#"{"f":{"10":1,"9":1}}"#,
        "strings without statistics"
    );
}
