//! The client's answer, byte for byte.

use super::*;
use crate::wire::deserialize::from_json;

fn client(query: &str, view: &IndexView, bodies: &[String]) -> String {
    let query: SearchQuery = from_json(query.as_bytes()).unwrap();
    String::from_utf8(
        search(&query, view, &legs(bodies, 20), &FACTS)
            .unwrap()
            .body,
    )
    .unwrap()
}

/// As a real server writes it, with all that a node adds and an odd number that must survive.
fn first() -> String {
    let details = r#"{"words":{"order":0,"matchingWords":2,"maxMatchingWords":2,"score":1.0},"typo":{"order":1,"typoCount":1,"maxTypoCount":2,"score":0.6666666666666666},"price:asc":{"order":2,"value":3.0},"id:asc":{"order":3,"value":1.0}}"#;
    let hit = format!(
        r#"{{"id":1,"title":"Red shoe","price":3.50,"_miroir_shard":"⊰⊰⊱","big":12345678901234567890,"_formatted":{{"id":"1","title":"<em>Red</em> shoe","_miroir_shard":"⊰⊰⊱"}},"_matchesPosition":{{"_miroir_shard":[],"title":[{{"start":0,"length":3}}]}},"_rankingScore":0.6666666666666666,"_rankingScoreDetails":{details}}}"#
    );
    answer_body(
        &[hit],
        1,
        r#","facetDistribution":{"color":{"red":1}},"facetStats":{}"#,
    )
}

fn second() -> String {
    let details = r#"{"words":{"order":0,"matchingWords":2,"maxMatchingWords":2,"score":1.0},"typo":{"order":1,"typoCount":0,"maxTypoCount":3,"score":1.0},"price:asc":{"order":2,"value":null},"id:asc":{"order":3,"value":2.0}}"#;
    let hit = format!(
        r#"{{"_miroir_shard":"⊰⊰⊲","id":2,"a":"\u00e9","_miroir_updated_at":"⊰","_rankingScore":1.0,"_rankingScoreDetails":{details}}}"#
    );
    answer_body(
        &[hit],
        1,
        r#","facetDistribution":{"color":{"Red":1}},"facetStats":{}"#,
    )
}

const TAIL: &str = r#","query":"red","processingTimeMs":7,"limit":20,"offset":0,"estimatedTotalHits":2,"facetDistribution":{"color":{"Red":2}},"facetStats":{},"requestUid":"uid"}"#;

#[test]
fn what_was_added_is_cut_and_everything_else_stays_as_it_was() {
    let hits = r#"{"hits":[{"id":2,"a":"\u00e9"},{"id":1,"title":"Red shoe","price":3.50,"big":12345678901234567890,"_formatted":{"id":"1","title":"<em>Red</em> shoe"},"_matchesPosition":{"title":[{"start":0,"length":3}]}}]"#;
    assert_eq!(
        client(r#"{"q":"red"}"#, &view(), &[first(), second()]),
        format!("{hits}{TAIL}")
    );
}

#[test]
fn members_are_in_the_order_of_the_catalog_whatever_the_node_has() {
    let ordered = |fields: &[&str]| IndexView {
        fields: std::sync::Arc::new(fields.iter().copied().collect()),
        ..view()
    };
    let query = r#"{"q":"red","showRankingScore":true}"#;
    let second_hit = r#"{"a":"\u00e9","id":2,"_rankingScore":1.0}"#;
    let hits = format!(
        r#"{{"hits":[{second_hit},{{"title":"Red shoe","big":12345678901234567890,"price":3.50,"id":1,"_formatted":{{"title":"<em>Red</em> shoe","id":"1"}},"_matchesPosition":{{"title":[{{"start":0,"length":3}}]}},"_rankingScore":0.875}}]"#
    );
    let order = ["title", "a", "big", "price", "id"];
    assert_eq!(
        client(query, &ordered(&order), &[first(), second()]),
        format!("{hits}{TAIL}")
    );
    // Attributes that were only retrieved for Miroir are cut all the same.
    let query = r#"{"q":"red","attributesToRetrieve":["price","title"]}"#;
    let answer = client(query, &ordered(&order), &[first()]);
    assert!(
        answer.starts_with(r#"{"hits":[{"title":"Red shoe","big":12345678901234567890,"price":3.50,"_formatted":{"title":"<em>Red</em> shoe"}"#),
        "{answer}"
    );
}

#[test]
fn scores_are_shown_as_one_server_computes_them() {
    let query = r#"{"q":"red","attributesToRetrieve":["a"],"showRankingScore":true,"showRankingScoreDetails":true}"#;
    let hit = |id: u8, value: &str| {
        format!(
            r#"{{"id":{id},"_rankingScore":{value},"_rankingScoreDetails":{{"words":{{"order":0,"matchingWords":2,"maxMatchingWords":2,"score":1.0}},"typo":{{"order":1,"typoCount":1,"maxTypoCount":MOST,"score":SCORE}},"id:asc":{{"order":2,"value":{id}.0}}}}}}"#
        )
    };
    let bodies = [
        answer_body(
            &[hit(1, "0.8333333333333334")
                .replace("MOST", "2")
                .replace("SCORE", "0.6666666666666666")],
            1,
            "",
        ),
        answer_body(
            &[hit(2, "0.875")
                .replace("MOST", "3")
                .replace("SCORE", "0.75")],
            1,
            "",
        ),
    ];
    let shown = r#"{"_rankingScore":0.875,"_rankingScoreDetails":{"words":{"order":0,"matchingWords":2,"maxMatchingWords":2,"score":1.0},"typo":{"order":1,"typoCount":1,"maxTypoCount":3,"score":0.75}}}"#;
    assert!(
        client(query, &view(), &bodies).starts_with(&format!(r#"{{"hits":[{shown},{shown}],"#))
    );
}

#[test]
fn a_rule_over_a_field_that_is_not_displayed_is_hidden_as_the_server_hides_it() {
    let view = IndexView {
        displayed: Some(vec!["title".to_owned()]),
        ..view()
    };
    let shown = client(
        r#"{"q":"red","showRankingScoreDetails":true}"#,
        &view,
        &[first()],
    );
    assert!(
        shown.contains(r#""<hidden-rule-2>":{"order":2,"value":"<hidden>"}}"#),
        "{shown}"
    );
    assert!(!shown.contains("\"id"), "{shown}");
}

#[test]
fn vectors_are_shown_where_a_server_with_a_list_of_displayed_attributes_shows_them() {
    let shows = |displayed: Option<&[&str]>, fields: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let view = IndexView {
            displayed: displayed.map(names),
            fields: std::sync::Arc::new(fields.iter().copied().collect()),
            ..view()
        };
        let hit = r#"{"id":1,"title":"a","_vectors":{"own":[1]},"_formatted":{"title":"a","_vectors":{"own":["1"]}}}"#;
        let answer = client(
            r#"{"retrieveVectors":true,"attributesToHighlight":["title"]}"#,
            &view,
            &[answer_body(&[hit.to_owned()], 1, "")],
        );
        assert!(
            answer.contains(r#""_formatted":{"title":"a","_vectors":{"own":["1"]}}"#),
            "{answer}"
        );
        answer.contains(r#""_vectors":{"own":[1]}"#)
    };
    let (with, without): (&[&str], &[&str]) = (&["id", "title", "_vectors"], &["id", "title"]);
    assert!(shows(None, without) && shows(None, with));
    assert!(shows(Some(with), without) && !shows(Some(with), with));
    assert!(!shows(Some(without), without) && shows(Some(without), with));
}

#[test]
fn the_tie_rule_stays_when_the_client_sorts_by_it() {
    let hit = r#"{"id":1,"_rankingScoreDetails":{"id:asc":{"order":0,"value":1.0}}}"#.to_owned();
    let bodies = [answer_body(&[hit], 1, "")];
    let query = |sort: &str| format!(r#"{{"showRankingScoreDetails":true,"sort":[{sort}]}}"#);
    assert!(
        client(&query(r#""id:asc""#), &view(), &bodies)
            .contains(r#""_rankingScoreDetails":{"id:asc":{"order":0,"value":1.0}}"#)
    );
    assert!(client(&query(""), &view(), &bodies).contains(r#""_rankingScoreDetails":{}"#));
}

#[test]
fn attributes_retrieved_for_the_merge_are_cut_also_below_others() {
    let view = IndexView {
        distinct: Some("a.group".to_owned()),
        ..view()
    };
    let hit = r#"{"id":1,"a":{"group":7,"b":1},"_formatted":{"id":"1","a":{"group":"7","b":"1"}},"_rankingScoreDetails":{"id:asc":{"order":0,"value":1.0}}}"#;
    let bodies = [answer_body(&[hit.to_owned()], 1, "")];
    let shown = client(
        r#"{"attributesToRetrieve":["a.b"],"attributesToHighlight":["id"]}"#,
        &view,
        &bodies,
    );
    assert!(
        shown.starts_with(r#"{"hits":[{"a":{"b":1},"_formatted":{"id":"1","a":{"b":"1"}}}],"#),
        "{shown}"
    );
    let shown = client(r#"{"attributesToRetrieve":["a"]}"#, &view, &bodies);
    assert!(
        shown.starts_with(r#"{"hits":[{"a":{"group":7,"b":1},"#),
        "{shown}"
    );
    let shown = client(
        r#"{"attributesToRetrieve":["id"]}"#,
        &view,
        &[bodies[0]
            .replace(r#","b":1"#, "")
            .replace(r#","b":"1""#, "")],
    );
    assert!(
        shown.starts_with(r#"{"hits":[{"id":1,"_formatted":{"id":"1"}}],"#),
        "{shown}"
    );
}

#[test]
fn fields_with_the_names_of_the_server_need_not_be_objects() {
    let hit = r#"{"id":1,"_formatted":7,"_matchesPosition":[]}"#;
    let shown = client("{}", &view(), &[answer_body(&[hit.to_owned()], 1, "")]);
    assert!(
        shown.starts_with(&format!(r#"{{"hits":[{hit}],"#)),
        "{shown}"
    );
}

#[test]
fn broken_answers_are_errors() {
    for body in [
        "",
        "[]",
        "{}",
        r#"{"hits":[]}"#,
        r#"{"hits":[1],"estimatedTotalHits":1}"#,
        r#"{"hits":[],"estimatedTotalHits":1.5}"#,
        r#"{"hits":[],"estimatedTotalHits":1}x"#,
    ] {
        assert!(SearchAnswer::parse(body.into()).is_err(), "{body}");
    }
}
