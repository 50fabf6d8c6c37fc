//! When there are two phases, and how they come together.

use super::*;
use crate::merge::phases::{self, Documents};
use crate::wire::deserialize::from_json;

#[test]
fn two_phases_are_for_what_would_be_moved_in_vain() {
    let two = |query: &str, asked| {
        let query: SearchQuery = from_json(query.as_bytes()).unwrap();
        phases::are_two(&query, &view(), Window::of(&query, &view()), asked)
    };
    assert!(!two("{}", 80));
    assert!(two(r#"{"offset":700}"#, 1000));
    // A large page shows most of what is moved.
    assert!(!two(r#"{"limit":1000}"#, 1250));
    assert!(!two(
        r#"{"offset":700,"attributesToRetrieve":["id"]}"#,
        1000
    ));
    assert!(two(r#"{"offset":200,"attributesToHighlight":["*"]}"#, 200));
    assert!(two(r#"{"retrieveVectors":true}"#, 80));
    let nested = IndexView {
        primary_key: Some("a.id".to_owned()),
        ..view()
    };
    let deep = SearchQuery {
        offset: 700,
        ..SearchQuery::default()
    };
    assert!(!phases::are_two(
        &deep,
        &nested,
        Window::of(&deep, &nested),
        1000
    ));
}

#[test]
fn documents_come_from_the_second_phase_and_scores_from_the_first() {
    let rank = |id: &str, score: &str| {
        format!(
            r#"{{"id":{id},"_rankingScore":{score},"_rankingScoreDetails":{{"id:asc":{{"order":0,"value":{id}}}}}}}"#
        )
    };
    let ranks = [
        answer_body(&[rank("1", "0.5")], 1, ""),
        answer_body(&[rank("2", "0.25")], 1, ""),
    ];
    let legs = legs(&ranks, 20);
    let query = SearchQuery {
        show_ranking_score: true,
        ..SearchQuery::default()
    };
    let order = crate::merge::order::merge(&legs, &Wanted::of(&query, &view(), 20)).unwrap();
    let document = |id: &str| {
        format!(
            r#"{{"id":{id},"text":"of {id}","_miroir_shard":"x","_rankingScore":1.0,"_rankingScoreDetails":{{"id:asc":{{"order":0,"value":{id}}}}}}}"#
        )
    };
    let fetched = |ids: &[&str]| {
        let documents: Vec<String> = ids.iter().map(|id| document(id)).collect();
        vec![SearchAnswer::parse(answer_body(&documents, 9, "").into()).unwrap()]
    };
    let locate =
        |ids: &[&str]| Documents::locate(&legs, &order.picked, "id", fetched(ids)).unwrap();
    assert!(locate(&["2", "3"]).is_none());
    let documents = locate(&["3", "2", "1"]).unwrap();
    let page = Page {
        legs: &legs,
        hits: &order.picked,
        documents: Some(&documents),
        total: 2,
        counted: &[],
        recounts: &[],
        is_semantic: false,
    };
    let body = page::write(&query, &view(), &page, &FACTS).unwrap();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        r#"{"hits":[{"id":1,"text":"of 1","_rankingScore":0.5},{"id":2,"text":"of 2","_rankingScore":0.25}],"query":"","processingTimeMs":7,"limit":20,"offset":0,"estimatedTotalHits":2,"requestUid":"uid"}"#
    );
}
